# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Puzzel's SMS gateway: it answers 200 with a status code for each message."""

from smsotpd.core.outcome import ErrorClass
from smsotpd.gateways.spec.sms_text import is_gsm7
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

_PROBLEM = 401  # asks for the newer platform's answer to wrong credentials


def _answer(asked: Asked) -> Reply:
    message = asked.body["message"][0]
    code = code_in(message["recipient"]) or "1"
    told = "x"
    if code == str(_PROBLEM):
        return json_reply({"type": "about:blank", "title": "Unauthorized", "status": 401}, 401)
    if code == "50":
        code, told = "5", "Invalid recipient"
    if not is_gsm7(message["content"]) and not message.get("settings", {}).get(
        "autoDetectEncoding"
    ):
        code = "5"
    if asked.body["serviceId"] != 1000:
        code = "4"
    if (asked.body["username"], asked.body["password"]) != ("anton", PASSWORD):
        code = "2"
    status = {"statusCode": int(code), "statusMessage": told, "clientReference": None}
    sent = {"recipient": message["recipient"], "messageId": None, "sequenceIndex": 1}
    if code == "1":
        sent["messageId"] = "760081j1ll00"
    return json_reply({"messageStatus": [{**status, **sent}]})


def _provider() -> StrictProvider:
    settings = {
        "autoDetectEncoding?": bool,
        "validity?": int,
        "originatorSettings?": {
            "originatorType": "INTERNATIONAL|ALPHANUMERIC|NETWORK",
            "originator": r"\+?[A-Za-z0-9 ._&-]{1,15}",
        },
    }
    message = {"recipient": r"\+[1-9]\d{6,14}", "content": ".{1,918}", "settings?": settings}
    body = {"serviceId": int, "username": ".+", "password": ".+", "message": [message]}
    headers = {"accept": "application/json"}
    path = "/gw/rs/sendMessages"
    return StrictProvider(Endpoint("POST", path, _answer, json=body, headers=headers))


SIMULATOR = Simulator(
    "puzzel",
    _provider,
    url_setting="url",
    settings={"user": "anton", "service_id": "1000", "originator": "MyHost"},
    secrets={"password": PASSWORD},
    text="Code 013579 – schnell",  # the dash is not in the GSM alphabet
    message_id="760081j1ll00",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("wrong password, told by status", ErrorClass.AUTH, number=number_for(_PROBLEM)),
        Case("another's service", ErrorClass.AUTH, settings={"service_id": "1001"}),
        Case("illegal action", ErrorClass.REJECTED, number=number_for(3)),
        Case("syntax", ErrorClass.CONTENT, number=number_for(5)),
        Case("bad number", ErrorClass.RECIPIENT, number=number_for(50)),
        Case("internal error", ErrorClass.TEMPORARY, number=number_for(6)),
        Case("too many to this number", ErrorClass.RATE, number=number_for(24)),
        Case("sent before", ErrorClass.REJECTED, number=number_for(25)),
    ),
)
