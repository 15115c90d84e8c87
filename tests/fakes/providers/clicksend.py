# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""ClickSend's REST API of version 3: a success of the whole may hold a failed message."""

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

_SMS = {"to": r"\+[1-9]\d{6,14}", "body": ".+", "from?": r"[A-Za-z0-9]{1,11}|\+[1-9]\d{6,14}"}
_HEADERS = {"authorization": "Basic [A-Za-z0-9+/]+=*"}
_ID = "BF7AD270-0DE2-418B-B606-71D527D9C1AE"
_WHOLE = {
    "1": (401, "MISSING_CREDENTIALS"),
    "2": (403, "ACCOUNT_NOT_ACTIVATED"),
    "3": (429, "TOO_MANY_REQUESTS"),
    "4": (500, "INTERNAL_ERROR"),
    "5": (400, "MISSING_REQUIRED_FIELDS"),
}
_MESSAGE = {
    "11": "INSUFFICIENT_CREDIT",
    "12": "INVALID_RECIPIENT",
    "13": "COUNTRY_NOT_ENABLED",
    "14": "INVALID_SENDER_ID",
    "15": "THROTTLED",
    "16": "EMPTY_MESSAGE",
    "17": "SOMETHING_IS_WRONG",
}


def _reply(status: int, code: str, data: object) -> Reply:
    whole = {"http_code": status, "response_code": code, "response_msg": "some text", "data": data}
    return json_reply(whole, status)


def _is_known(asked: Asked) -> bool:
    pair = base64.b64encode(f"anton:{PASSWORD}".encode()).decode()
    return asked.received.headers["authorization"] == f"Basic {pair}"


def _answer(asked: Asked) -> Reply:
    if not _is_known(asked):
        return _reply(401, "INVALID_CREDENTIALS", None)
    (sms,) = asked.body["messages"]
    code = code_in(sms["to"])
    if code in _WHOLE:
        return _reply(*_WHOLE[code], None)
    status = _MESSAGE.get(code, "SUCCESS")
    sent = {**sms, "message_id": None if code else _ID, "status": status}
    data = {"total_price": 0.07, "total_count": 1, "queued_count": int(not code)}
    return _reply(200, "SUCCESS", {**data, "messages": [sent]})


def _account(asked: Asked) -> Reply:
    if not _is_known(asked):
        return _reply(401, "INVALID_CREDENTIALS", None)
    account = {"balance": "2.005718", "_currency": {"currency_name_short": "USD"}}
    return _reply(200, "SUCCESS", account)


def _provider() -> StrictProvider:
    shape = {"messages": [_SMS]}
    return StrictProvider(
        Endpoint("POST", "/v3/sms/send", _answer, json=shape, headers=_HEADERS),
        Endpoint("GET", "/v3/account", _account, headers=_HEADERS),
    )


SIMULATOR = Simulator(
    "clicksend",
    _provider,
    url_setting="base_url",
    settings={"user": "anton", "sender": "MyHost"},
    secrets={"apikey": PASSWORD},
    message_id=_ID,
    failures=(
        Case("wrong key", ErrorClass.AUTH, secrets={"apikey": "wrong"}),
        Case("wrong user", ErrorClass.AUTH, settings={"user": "other"}),
        Case("credentials are missing", ErrorClass.AUTH, number=number_for(1)),
        Case("not activated", ErrorClass.AUTH, number=number_for(2)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(11)),
        Case("number", ErrorClass.RECIPIENT, number=number_for(12)),
        Case("country not enabled", ErrorClass.RECIPIENT, number=number_for(13)),
        Case("sender", ErrorClass.SENDER, number=number_for(14)),
        Case("too fast", ErrorClass.RATE, number=number_for(3)),
        Case("throttled inside a success", ErrorClass.RATE, number=number_for(15)),
        Case("no text", ErrorClass.CONTENT, number=number_for(16)),
        Case("internal error", ErrorClass.TEMPORARY, number=number_for(4)),
        Case("internal error inside a success", ErrorClass.TEMPORARY, number=number_for(17)),
        Case("fields are missing", ErrorClass.REJECTED, number=number_for(5)),
    ),
)
