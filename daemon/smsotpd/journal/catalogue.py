# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How each event is told: message id, priority, sentence, fields.

The message catalogue (packaging/usr/lib/systemd/catalog/smsotp.catalog) explains each id to the
administrator; a test compares the two.
"""

import dataclasses
import syslog
from collections.abc import Mapping
from dataclasses import dataclass

from smsotpd.core.event_names import message_id
from smsotpd.core.events import (
    BreakGlassExpired,
    BreakGlassMade,
    BreakGlassUsed,
    CodeFailed,
    CodeNotSent,
    CodeSent,
    CodeSkipped,
    ConfigurationLoaded,
    ConfigurationRefused,
    EnrolmentChanged,
    Event,
    GatewayChanged,
    GatewayDown,
    GatewayUp,
    InvitationExpired,
    InvitationMade,
    InvitationRevoked,
    InvitationUsed,
    Login,
    LoginCancelled,
    LoginDenied,
    LoginGranted,
    NotificationFailed,
    NotificationSent,
    RecoveryCodeUsed,
    RequestFailed,
    StoreFailed,
    UserLocked,
)
from smsotpd.core.text import printable

__all__ = ("ENTRIES", "Entry", "fields_of", "message_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """How one class of events is told; the sentence names fields in braces, in lower case."""

    priority: int
    sentence: str


ENTRIES: Mapping[type[Event], Entry] = {
    LoginGranted: Entry(syslog.LOG_INFO, "Login of {user} to {service} granted"),
    CodeSkipped: Entry(
        syslog.LOG_NOTICE, "No code asked of {user} for {service}: {rule}: {reason}"
    ),
    LoginDenied: Entry(syslog.LOG_NOTICE, "Login of {user} to {service} denied: {reason}"),
    LoginCancelled: Entry(syslog.LOG_INFO, "Login of {user} to {service} cancelled: {reason}"),
    CodeSent: Entry(syslog.LOG_INFO, "Code for {user} handed to gateway {gateway}"),
    CodeFailed: Entry(
        syslog.LOG_ERR,
        "Gateway {gateway} did not take a code for {user}: {outcome}, {error_class}: {detail}",
    ),
    CodeNotSent: Entry(syslog.LOG_WARNING, "No code sent for {user}: {reason}"),
    UserLocked: Entry(syslog.LOG_WARNING, "User {user} locked after {failures} failures"),
    EnrolmentChanged: Entry(syslog.LOG_NOTICE, "User {user}: {change}"),
    RecoveryCodeUsed: Entry(
        syslog.LOG_WARNING, "Recovery code {letter} of {user} used; {left} left"
    ),
    BreakGlassMade: Entry(
        syslog.LOG_WARNING, "Break-glass code for {user} made by uid {by_uid}: {reason}"
    ),
    BreakGlassUsed: Entry(
        syslog.LOG_WARNING, "Break-glass code of {user} used for {service}: {reason}"
    ),
    BreakGlassExpired: Entry(
        syslog.LOG_NOTICE, "Break-glass code of {user} expired unused: {reason}"
    ),
    InvitationMade: Entry(syslog.LOG_NOTICE, "User {user} invited to enrol by uid {by_uid}"),
    InvitationUsed: Entry(syslog.LOG_NOTICE, "Invitation of {user} used for {service}"),
    InvitationRevoked: Entry(syslog.LOG_NOTICE, "Invitation of {user} taken back by uid {by_uid}"),
    InvitationExpired: Entry(syslog.LOG_NOTICE, "Invitation of {user} expired unused"),
    GatewayChanged: Entry(syslog.LOG_NOTICE, "Gateway {gateway}: {change}"),
    GatewayDown: Entry(syslog.LOG_ERR, "Gateway {gateway} is down: {reason}"),
    GatewayUp: Entry(syslog.LOG_NOTICE, "Gateway {gateway} is back: {reason}"),
    NotificationSent: Entry(
        syslog.LOG_INFO, "Notification {notification} of {event} handed to gateway {gateway}"
    ),
    NotificationFailed: Entry(
        syslog.LOG_WARNING, "Notification {notification} of {event} not sent: {reason}"
    ),
    ConfigurationLoaded: Entry(syslog.LOG_INFO, "Configuration loaded from {files} file(s)"),
    ConfigurationRefused: Entry(
        syslog.LOG_ERR, "Configuration refused, the old one stays in force: {complaint}"
    ),
    StoreFailed: Entry(syslog.LOG_ERR, "The store cannot be written: {complaint}"),
    RequestFailed: Entry(syslog.LOG_ERR, "Request {member} failed: {error}"),
}

# Journal names of fields that are not simply SMSOTP_ and the event's own name in upper case.
_RENAMED = {"latency": "LATENCY_MS", "seconds": "DURATION_MS"}


def fields_of(event: Event) -> dict[str, str]:
    """Return the journal fields of an event: message, id, priority and `SMSOTP_` fields."""
    entry = ENTRIES[type(event)]
    values: dict[str, str] = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if isinstance(value, Login):
            values |= {
                part.name: printable(getattr(value, part.name))
                for part in dataclasses.fields(value)
            }
        elif isinstance(value, float):
            values[field.name] = str(round(value * 1000))
        elif value is not None:
            values[field.name] = printable(str(value))
    named = {
        f"SMSOTP_{_RENAMED.get(name, name.upper())}": text for name, text in values.items() if text
    }
    return {
        "MESSAGE": entry.sentence.format_map(values),
        "MESSAGE_ID": message_id(type(event)),
        "PRIORITY": str(entry.priority),
        **named,
    }
