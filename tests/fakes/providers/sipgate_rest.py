# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sipgate's REST API: the HTTP status is the verdict, success has no body."""

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
    number_for,
)

_LOGIN = f"Basic {base64.b64encode(f'token-1:{PASSWORD}'.encode()).decode()}"


def _answer(asked: Asked) -> Reply:
    if asked.received.headers.get("authorization") != _LOGIN:
        return Reply("", 401)
    if asked.body["smsId"] != "s0":
        return Reply("", 403)
    return Reply("", int(code_in(asked.body["recipient"]) or 204))


def _provider() -> StrictProvider:
    body = {"smsId": r"s\d+", "recipient": r"\+[1-9]\d{6,14}", "message": ".+"}
    return StrictProvider(Endpoint("POST", "/v2/sessions/sms", _answer, json=body))


SIMULATOR = Simulator(
    "sipgate_rest",
    _provider,
    url_setting="base_url",
    settings={"token_id": "token-1"},
    secrets={"access_token": PASSWORD},
    message_id="",
    empty_success=True,
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"access_token": "wrong"}),
        Case("extension not ours", ErrorClass.AUTH, settings={"web_sms_extension": "s9"}),
        Case("no credit", ErrorClass.CREDIT, number=number_for(402)),
        Case("bad request", ErrorClass.REJECTED, number=number_for(400)),
        Case("too fast", ErrorClass.RATE, number=number_for(429)),
        Case("outage", ErrorClass.TEMPORARY, number=number_for(500)),
    ),
)
