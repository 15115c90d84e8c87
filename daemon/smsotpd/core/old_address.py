# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telling the addresses that a user had of what becomes of them, and of another way in.

Whoever takes an account over changes its address first, or adds a way in that needs none. The
address that is there is the only place where the user can still learn of it, also if it was an
administrator, or somebody with an administrator's rights.
"""

from collections.abc import Callable

from smsotpd.core.event_names import kind_of
from smsotpd.core.events import BreakGlassMade, EnrolmentChanged, Event
from smsotpd.core.notification import Notification
from smsotpd.core.phrase import phrase
from smsotpd.core.recipient import Recipient

TEXT = phrase(
    "{host}: the addresses for login codes of {user} were changed on {date} at {time}. "
    "If that was not you, tell an administrator."
)
APP_ADDED = phrase(
    "{host}: {user} has a new authenticator app since {date}, {time}. "
    "If that was not you, tell an administrator."
)
APP_REMOVED = phrase(
    "{host}: {user} has no authenticator app any more since {date}, {time}. "
    "If that was not you, tell an administrator."
)
RECOVERY_MADE = phrase(
    "{host}: {user} has new recovery codes since {date}, {time}. "
    "If you did not ask for them, tell an administrator."
)
BREAK_GLASS_MADE = phrase(
    "{host}: a code that lets {user} in once was made on {date} at {time}. "
    "If you did not ask for it, tell an administrator."
)
Tell = Callable[[Notification, Event], None]


def tell_old_addresses(
    tell: Tell, event: EnrolmentChanged, before: tuple[Recipient, ...], after: tuple[Recipient, ...]
) -> None:
    """Tell the addresses that are gone of it; if none is, the preferred one of the new one."""
    if set(before) == set(after) or not before:
        return
    gone = tuple(recipient for recipient in before if recipient not in after)
    notification = Notification(
        # A name of the user's own: floods of other users' changes take nothing from this one.
        f"old-address/{event.user}",
        frozenset({kind_of(EnrolmentChanged)}),
        to=gone or before[:1],
        text=TEXT,
    )
    tell(notification, event)


def tell_of_way(
    tell: Tell,
    event: EnrolmentChanged | BreakGlassMade,
    recipients: tuple[Recipient, ...],
    text: str,
) -> None:
    """Tell a user's preferred address that a way in, besides codes that are sent, came or went."""
    kinds = frozenset({kind_of(type(event))})
    # A name of the user's own, as above.
    tell(Notification(f"way-in/{event.user}", kinds, to=recipients[:1], text=text), event)
