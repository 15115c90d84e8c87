# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Sending a message through GoWhatsApp: is the number on WhatsApp, then write to it."""

from collections.abc import Generator

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.providers.gowhatsapp.api import (
    PERSON,
    TIMED_OUT,
    call,
    failure_of,
    results_of,
)
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.reading import entry, message_id


def lead(values: Values, message: Message) -> Generator[Request, Response, Outcome]:
    """Send one message."""
    if not message.text:
        return Rejected(ErrorClass.CONTENT, "an empty text cannot be sent")
    number = message.recipient.address.removeprefix("+")
    absent = _if_absent((yield call(values, "/user/check", (("phone", number),))))
    if absent is not None:
        return absent
    sent = yield call(
        values,
        "/send/message",
        # Without the server's name, GoWhatsApp takes a long number for a group.
        body={"phone": number + PERSON, "message": message.text},
        method="POST",
        hands_over=True,
    )
    if sent.status == TIMED_OUT:
        return Unknown("the gateway did not hear from WhatsApp in time (HTTP 504)")
    failure = failure_of(sent)
    if failure is not None:
        return failure
    return Accepted(message_id(entry(results_of(sent), "message_id")))


def _if_absent(found: Response) -> Rejected | Deferred | Unknown | None:
    """Return why a number cannot be written to, None if WhatsApp knows it."""
    failure = failure_of(found)
    if isinstance(failure, Unknown):
        return Deferred(ErrorClass.TEMPORARY, failure.detail)  # nothing was handed over yet
    if failure is not None:
        return failure
    match entry(results_of(found), "is_on_whatsapp"):
        case True:
            return None
        case False:
            return Rejected(ErrorClass.RECIPIENT, "the number is not on WhatsApp")
        case _:
            return Deferred(ErrorClass.TEMPORARY, "the reply cannot be read")
