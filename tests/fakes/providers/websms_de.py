# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""websms's REST interface: business errors come with HTTP 200 and another status code."""

import base64

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    PASSWORD,
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    code_in,
    json_reply,
    number_for,
)

_CREDENTIALS = {
    "Basic " + base64.b64encode(f"anton:{PASSWORD}".encode()).decode(),
    "Bearer t0ken-of-the-account",
}


def _answer(asked: Asked) -> Reply:
    if asked.received.headers["authorization"] not in _CREDENTIALS:
        return json_reply({"statusCode": 4001, "statusMessage": "INVALID_CREDENTIALS"}, 401)
    code = code_in(asked.body["recipientAddressList"][0]) or "2000"
    reply = {"statusCode": int(code), "statusMessage": "x", "clientMessageId": None}
    if code in {"2000", "2001"}:
        return json_reply({**reply, "transferId": "0059d6b2003dd8cb", "smsCount": 1})
    return json_reply({**reply, "transferId": "", "smsCount": 0})


def _provider() -> StrictProvider:
    body = {
        "messageContent": ".+",
        "recipientAddressList": [r"[1-9]\d{0,14}"],  # as the provider's own toolkit checks it
        "senderAddress?": r"[A-Za-z0-9 ._&-]{1,15}",
        "senderAddressType?": "national|international|alphanumeric|shortcode",
        "validityPeriode?": int,
    }
    headers = {"authorization": "(Basic|Bearer) .+", "accept": "application/json"}
    path = "/rest/smsmessaging/text"
    return StrictProvider(Endpoint("POST", path, _answer, json=body, headers=headers))


def _cases(error_class: ErrorClass, *codes: int) -> tuple[Case, ...]:
    return tuple(Case(f"code {code}", error_class, number=number_for(code)) for code in codes)


SIMULATOR = Simulator(
    "websms_de",
    _provider,
    url_setting="base_url",
    settings={"user": "anton", "sender": "MyHost"},
    secrets={"password": PASSWORD},
    message_id="0059d6b2003dd8cb",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("wrong token", ErrorClass.AUTH, secrets={"access_token": "wrong"}),
        *_cases(ErrorClass.AUTH, 4001, 4014, 4021, 4022, 4035),
        *_cases(ErrorClass.CREDIT, 4013),
        *_cases(ErrorClass.RECIPIENT, 4002, 4029, 4031, 4042),
        *_cases(ErrorClass.SENDER, 4003),
        *_cases(ErrorClass.RATE, 4023, 4025),
        *_cases(ErrorClass.CONTENT, 4009, 4026, 4027),
        *_cases(ErrorClass.REJECTED, 4004, 4008, 4015, 4016, 4019, 4040, 4041, 4043, 4999),
        *_cases(ErrorClass.TEMPORARY, 5000, 5003),
    ),
)
