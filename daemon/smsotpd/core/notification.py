# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which events somebody wants to be told of, and in which words."""

import dataclasses
import typing
from dataclasses import dataclass

from smsotpd.core.event_names import kind_of
from smsotpd.core.event_words import EVENT_WORDS
from smsotpd.core.events import Event, Login, NotificationFailed, NotificationSent
from smsotpd.core.phrase import Catalogue, in_language, phrase
from smsotpd.core.recipient import Recipient
from smsotpd.core.text import fill, printable

SERVICE = "notification"

# What a text may name; each event fills in those that it has.
TAGS = frozenset(
    {"event", "what", "user", "phone", "service", "rhost", "tty", "time", "date", "host"}
    | {"gateway", "reason", "rule", "change", "outcome", "failures", "left"}
)

# A host name of the usual kind, an address, a reason; no user's name is longer (useradd(8): 32).
_LONGEST = 64
DEFAULT_TEXT = phrase("{host}: {what} {user} {service} {rhost} {gateway} {reason}{change} {time}")


# Not of notifications themselves: that would never end.
EVENT_KINDS = frozenset(
    kind_of(event_class)
    for event_class in typing.get_args(Event)
    if event_class not in {NotificationSent, NotificationFailed}
)


@dataclass(frozen=True, slots=True)
class Notification:
    """Tell somebody of some events.

    Attributes:
        events: kinds, as `user-locked`.
        to_user: whether the user of the event is told, at the enrolled addresses.
        to: addresses that are told in any case.
        gateway: name of the one gateway to use; empty for the route of each recipient.
        services: of which the event must be one; empty for every event, with a service or without.
        users: likewise.
        most_per_hour: against floods: wrong guesses must not cost the administrator's money.
    """

    name: str
    events: frozenset[str]
    to_user: bool = False
    to: tuple[Recipient, ...] = ()
    gateway: str = ""
    services: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    text: str = DEFAULT_TEXT
    most_per_hour: int = 20

    def wants(self, event: Event) -> bool:
        """Tell whether somebody wants to be told of an event; never of a notification's own."""
        facts = facts_of(event)
        return (
            kind_of(type(event)) in self.events
            and facts.get("service") != SERVICE
            and (not self.services or facts.get("service") in self.services)
            and (not self.users or facts.get("user") in self.users)
        )


def facts_of(event: Event) -> dict[str, str]:
    """Return the fields of an event as texts, those of its login included."""
    facts: dict[str, str] = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if isinstance(value, Login):
            facts |= {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
        elif value is not None:
            facts[field.name] = str(value)
    return facts


def text_of(
    catalogue: Catalogue,
    pattern: str,
    event: Event,
    host: str,
    phone: str,
    moment: tuple[str, str],
) -> str:
    """Return the text that tells of an event, in a language.

    Args:
        pattern: the text with its tags.
        phone: of the user, masked; empty if there is none.
        moment: date and time as they are to be read.
    """
    facts = facts_of(event)
    date, time = moment
    given = {tag: facts.get(tag, "") for tag in TAGS}
    given |= {"event": kind_of(type(event)), "host": host, "phone": phone}
    given |= {"date": date, "time": time}
    given["what"] = in_language(catalogue, EVENT_WORDS[type(event)])
    filled = fill(
        in_language(catalogue, pattern),
        {tag: printable(_shortened(text)) for tag, text in given.items()},
    )
    return " ".join(filled.split())


def _shortened(text: str) -> str:
    """Return the text, or its beginning: strangers choose names, and each message has its price."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
