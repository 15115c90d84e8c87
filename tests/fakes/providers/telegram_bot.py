# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telegram's Bot API for one bot; the chat's id chooses the answer."""

from typing import Any, Final

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    json_reply,
)

TOKEN: Final = "123456:AAs3cret-of-the-gateway_0123456789"
CHAT: Final = "987654321"
MESSAGE: Final = 4711
_LONGEST_TEXT: Final = 4096
_REFUSALS: Final = {
    1_000_000_400: (400, "Bad Request: chat not found"),
    1_000_000_403: (403, "Forbidden: bot was blocked by the user"),
    1_000_004_031: (403, "Forbidden: user is deactivated"),
    1_000_004_032: (403, "Forbidden: bot can't initiate conversation with a user"),
    1_000_000_409: (409, "Conflict: terminated by other getUpdates request"),
    1_000_000_429: (429, "Too Many Requests: retry after 17"),
    1_000_000_500: (500, "Internal Server Error"),
}


def telegram_bot(token: str = TOKEN) -> StrictProvider:
    """Make the API."""

    def refused(asked: Asked) -> Reply | None:
        given = asked.received.path.split("/")[1].removeprefix("bot")
        number, colon, _ = given.partition(":")
        if not colon or not number.isdigit():
            return _error(404, "Not Found")
        return None if given == token else _error(401, "Unauthorized")

    def send(asked: Asked) -> Reply:
        refusal = refused(asked)
        if refusal:
            return refusal
        chat, text = asked.body["chat_id"], asked.body["text"]
        if len(text) > _LONGEST_TEXT:
            return _error(400, "Bad Request: message is too long")
        if chat in _REFUSALS:
            return _error(*_REFUSALS[chat])
        private = {"id": chat, "first_name": "Ada", "type": "private"}
        sent = {"message_id": MESSAGE, "date": 1763768300, "chat": private, "text": text}
        return json_reply({"ok": True, "result": sent})

    def me(asked: Asked) -> Reply:
        bot = {"id": 123456, "is_bot": True, "first_name": "Codes", "username": "codes_bot"}
        return refused(asked) or json_reply({"ok": True, "result": bot})

    message = {"chat_id": int, "text": ".+", "link_preview_options": {"is_disabled": bool}}
    return StrictProvider(
        Endpoint("POST", "/bot[^/]+/sendMessage", send, json=message),
        Endpoint("GET", "/bot[^/]+/getMe", me),
    )


def _error(status: int, description: str) -> Reply:
    told: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if status == 429:
        return json_reply({**told, "parameters": {"retry_after": 17}}, 429, Retry_After="17")
    return json_reply(told, status)


SIMULATOR: Final = Simulator(
    "telegram_bot",
    telegram_bot,
    url_setting="base_url",
    secrets={"token": TOKEN},
    message_id=str(MESSAGE),
    number=CHAT,
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"token": f"1{TOKEN}"}),
        Case("no such chat", ErrorClass.RECIPIENT, number="1000000400"),
        Case("blocked", ErrorClass.RECIPIENT, number="1000000403"),
        Case("deactivated", ErrorClass.RECIPIENT, number="1000004031"),
        Case("never started", ErrorClass.RECIPIENT, number="1000004032"),
        Case("a name", ErrorClass.RECIPIENT, number="@ada_lovelace"),
        Case("a number", ErrorClass.RECIPIENT, number="+491701234567"),
        Case("conflict", ErrorClass.TEMPORARY, number="1000000409"),
        Case("too fast", ErrorClass.RATE, number="1000000429"),
        Case("outage", ErrorClass.TEMPORARY, number="1000000500"),
        Case("too long", ErrorClass.CONTENT, text="x" * 4097),
    ),
)
