# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""cegedim.cloud Vortext: success names a message; all else is told by the HTTP status."""

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

_LOGIN = f"Basic {base64.b64encode(f'anton:{PASSWORD}'.encode()).decode()}"


def _answer(asked: Asked) -> Reply:
    if asked.received.headers.get("authorization") != _LOGIN:
        return json_reply({"error": "words"}, 401)
    code = int(code_in(asked.body["phoneNumber"]) or 0)
    if code:
        return json_reply({"error": "words"} if code != 200 else {"messageId": ""}, code)
    return json_reply({"messageId": "0f5c-77"})


def _provider() -> StrictProvider:
    body = {"message": ".+", "phoneNumber": r"\+[1-9]\d{6,14}"}
    headers = {"accept": "application/json"}
    return StrictProvider(Endpoint("POST", "/sms", _answer, json=body, headers=headers))


SIMULATOR = Simulator(
    "cegedim_vortext",
    _provider,
    url_setting="base_url",
    settings={"user": "anton"},
    secrets={"password": PASSWORD},
    message_id="0f5c-77",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("bad request", ErrorClass.REJECTED, number=number_for(400)),
        Case("no message", ErrorClass.REJECTED, number=number_for(200)),
        Case("too fast", ErrorClass.RATE, number=number_for(429)),
        Case("outage", ErrorClass.TEMPORARY, number=number_for(503)),
    ),
)
