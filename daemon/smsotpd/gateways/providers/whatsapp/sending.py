# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Sending a message through wwebjs-api: look the number up, then write to what was found."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.providers.whatsapp.api import (
    call,
    failure_of,
    failure_of_state,
    is_not_connected,
    state_of,
)
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object

# One person, by number or by WhatsApp's hidden id; never a group (@g.us).
_PERSON: Final = re.compile(r"[0-9]{5,20}@(c\.us|lid)", re.ASCII)


def lead(values: Values, message: Message) -> Generator[Request, Response, Outcome]:
    """Send one message."""
    if not message.text:
        return Rejected(ErrorClass.CONTENT, "an empty text cannot be sent")
    number = message.recipient.address.removeprefix("+")
    chat = yield from _chat(values, number)
    if not isinstance(chat, str):
        return chat
    sent = yield call(
        values,
        "client/sendMessage",
        {"chatId": chat, "contentType": "string", "content": message.text, "options": {}},
        hands_over=True,
    )
    failure = failure_of(sent)
    if failure is not None:
        return (yield from _explained(values, sent, failure))
    name = code_text(entry(parse_json_object(sent.text), "message", "id", "_serialized"))
    return Accepted(message_id(name.rpartition("_")[2]))  # before it stands the number


def _explained(
    values: Values, response: Response, failure: Outcome
) -> Generator[Request, Response, Outcome]:
    """Ask for the session's state, where that is what the failure comes from."""
    if is_not_connected(response):
        status = yield call(values, "session/status")
        return failure_of_state(state_of(status))
    return failure


def _chat(values: Values, number: str) -> Generator[Request, Response, str | Outcome]:
    """Look a number up, and return the chat with its owner, or why there is none."""
    found = yield call(values, "client/getNumberId", {"number": number})
    failure = failure_of(found)
    reply = parse_json_object(found.text)
    if isinstance(failure, Unknown) or (failure is None and "result" not in (reply or {})):
        return Deferred(ErrorClass.TEMPORARY, "the reply cannot be read")  # nothing was sent yet
    if failure is not None:
        return (yield from _explained(values, found, failure))
    if entry(reply, "result") is None:
        return Rejected(ErrorClass.RECIPIENT, "the number is not on WhatsApp")
    chat = entry(reply, "result", "_serialized")
    return chat if isinstance(chat, str) and _PERSON.fullmatch(chat) else f"{number}@c.us"
