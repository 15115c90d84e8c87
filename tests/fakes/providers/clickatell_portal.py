# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clickatell's SMS Platform: 202 for what it took; errors in two layouts, also under 200."""

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

_QUERY = {
    "apiKey": ".+",
    "to": r"[1-9]\d{6,14}",  # no plus sign
    "content": ".+",
    "from?": r"\d+",  # empty would be an error of two-way integrations
}
_ID = "77fb29998253415fa5d66971d519d362"
_TRUE_STATUS = {400, 401, 402, 404, 503}


def _answer(asked: Asked) -> Reply:
    if asked.query["apiKey"] != PASSWORD:
        wrong = {"code": 1, "description": "Invalid or missing integration API key"}
        return json_reply({"messages": [], "error": wrong}, 401)
    code = code_in(asked.query["to"])
    if code and int(code) in _TRUE_STATUS:
        return Reply("", int(code))
    if code == "44" or "from" in asked.query:
        text = "Two-Way integration error"
        return json_reply({"messages": [], "errorCode": 44, "error": text}, 200)
    error = {"code": int(code), "description": "some text"} if code else None
    message = {"apiMessageId": None if code else _ID, "accepted": not code, "error": error}
    return json_reply({"messages": [message | {"to": asked.query["to"]}], "error": None}, 202)


def _provider() -> StrictProvider:
    return StrictProvider(Endpoint("GET", "/messages/http/send", _answer, query=_QUERY))


SIMULATOR = Simulator(
    "clickatell_portal",
    _provider,
    url_setting="base_url",
    secrets={"apikey": PASSWORD},
    message_id=_ID,
    failures=(
        Case("wrong key", ErrorClass.AUTH, secrets={"apikey": "wrong=="}),
        Case("address not allowed", ErrorClass.AUTH, number=number_for(7)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(20)),
        Case("no credit, by status", ErrorClass.CREDIT, number=number_for(402)),
        Case("number", ErrorClass.RECIPIENT, number=number_for(25)),
        Case("opted out", ErrorClass.RECIPIENT, number=number_for(26)),
        Case("two-way number", ErrorClass.SENDER, settings={"from": "447700900123"}),
        Case("text", ErrorClass.CONTENT, number=number_for(40)),
        Case("too fast", ErrorClass.RATE, number=number_for(43)),
        Case("internal error", ErrorClass.TEMPORARY, number=number_for(18)),
        Case("maintenance", ErrorClass.TEMPORARY, number=number_for(503)),
        Case("bad request", ErrorClass.REJECTED, number=number_for(400)),
    ),
)
