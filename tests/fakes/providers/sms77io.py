# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""seven's API: HTTP 200 for everything; a code for the whole and one for each recipient."""

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

_HEADERS = {"x-api-key": ".+", "accept": "application/json"}
_FORM = {
    "to": r"(\+|00)?[1-9]\d{6,14}",  # neither a list nor a name of contact or group
    "text": ".{1,1520}",
    "from?": r"[A-Za-z0-9 .]{1,11}|\+?\d{1,16}",
    "ttl?": r"[1-9]\d{0,4}",
}
_BARE = {"903"}  # told without JSON, as some answers are


def _answer(asked: Asked) -> Reply:
    if asked.received.headers["x-api-key"] != PASSWORD:
        return json_reply({"success": "900", "messages": []})
    code = code_in(asked.fields["to"])
    if code in _BARE:
        return Reply(code)
    if code and code != "202":
        return json_reply({"success": code, "messages": []})
    message = {
        "id": None if code else "77123456",
        "sender": asked.fields.get("from", "SMS"),
        "recipient": asked.fields["to"].lstrip("+"),
        "text": asked.fields["text"],
        "encoding": "gsm",
        "parts": 1,
        "price": 0.075,
        "success": not code,
        "error": code or None,
        "error_text": "some text" if code else None,
    }
    whole = {"success": "100", "total_price": 0.075, "balance": 12.3, "debug": "false"}
    return json_reply({**whole, "sms_type": "direct", "messages": [message]})


def _balance(asked: Asked) -> Reply:
    if asked.received.headers["x-api-key"] != PASSWORD:
        return Reply("900")
    return json_reply({"amount": 12.3, "currency": "EUR"})


def _provider() -> StrictProvider:
    return StrictProvider(
        Endpoint("POST", "/api/sms", _answer, form=_FORM, headers=_HEADERS),
        Endpoint("GET", "/api/balance", _balance, headers=_HEADERS),
    )


SIMULATOR = Simulator(
    "sms77io",
    _provider,
    url_setting="base_url",
    path="/api",
    settings={"sender": "MyHost"},
    secrets={"api_key": PASSWORD},
    message_id="77123456",
    failures=(
        Case("wrong key", ErrorClass.AUTH, secrets={"api_key": "wrong"}),
        Case("address not allowed", ErrorClass.AUTH, number=number_for(903)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(500)),
        Case(
            "the number is refused inside a success", ErrorClass.RECIPIENT, number=number_for(202)
        ),
        Case("sender", ErrorClass.SENDER, number=number_for(201)),
        Case("reload lock", ErrorClass.RATE, number=number_for(402)),
        Case("carrier fails", ErrorClass.TEMPORARY, number=number_for(600)),
        Case("text too long", ErrorClass.CONTENT, number=number_for(401)),
        Case("text beyond what it takes", ErrorClass.CONTENT, text="x" * 1521),
    ),
)
