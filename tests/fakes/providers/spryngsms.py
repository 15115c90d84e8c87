# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Spryng's REST API: true HTTP statuses, and 422 with what is wrong."""

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

_SMS = {
    "body": ".+",
    "encoding": "auto|plain|unicode",
    "originator": r"[A-Za-z0-9 ]{1,11}|\d{1,15}",
    "recipients": [r"[1-9]\d{6,14}"],  # no plus sign
    "route": "business|[0-9]+",
}
_HEADERS = {"authorization": "Bearer .+", "accept": "application/json"}
_INVALID = {
    "1": {"credits": ["User has insufficient credits; Currently: 0.0 Needed: 1.2"]},
    "2": {"recipients.0": ["some text"]},
    "3": {"originator": ["some text"]},
    "4": {"body": ["some text"]},
}


def _answer(asked: Asked) -> Reply:
    if asked.received.headers["authorization"] != f"Bearer {PASSWORD}":
        return json_reply({"message": "Unauthenticated."}, 401)
    code = code_in(asked.body["recipients"][0])
    if code in _INVALID:
        reply = {"message": "The given data was invalid.", "errors": _INVALID[code]}
        return json_reply(reply, 422)
    if code:
        return json_reply({"message": "some text"}, int(code))
    return json_reply({"id": "8c6da478-7f21", **asked.body, "credits": 1.2, "links": {"self": "x"}})


def _provider() -> StrictProvider:
    return StrictProvider(Endpoint("POST", "/v1/messages", _answer, json=_SMS, headers=_HEADERS))


SIMULATOR = Simulator(
    "spryngsms",
    _provider,
    url_setting="base_url",
    secrets={"apitoken": PASSWORD},
    message_id="8c6da478-7f21",
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"apitoken": "wrong"}),
        Case("no credit", ErrorClass.CREDIT, number=number_for(1)),
        Case("number", ErrorClass.RECIPIENT, number=number_for(2)),
        Case("sender", ErrorClass.SENDER, number=number_for(3)),
        Case("text", ErrorClass.CONTENT, number=number_for(4)),
        Case("too fast", ErrorClass.RATE, number=number_for(429)),
        Case("maintenance", ErrorClass.TEMPORARY, number=number_for(503)),
    ),
)
