# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What users may change of their own enrolment, and what each change asks them to prove."""

from dataclasses import dataclass, field
from enum import StrEnum

from smsotpd.core.channel import CHANNELS, parse_recipient
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.policy import AllowedUntil, Settings, Unenrolled
from smsotpd.core.recipient import Recipient
from smsotpd.core.transaction import Transaction

SERVICE = "self"


class Kind(StrEnum):
    """What is changed."""

    ENROL = "enrol"
    INVITATION = "invitation"  # enrol by one
    NUMBER = "number"
    PIN = "pin"
    ORDER = "order"
    RECOVERY = "recovery"
    ADD_APP = "authenticator-add"
    REMOVE_APP = "authenticator-remove"


# These open or close a way in, so a PIN that somebody saw being typed must not be enough.
NEED_CODE = frozenset({Kind.NUMBER, Kind.RECOVERY, Kind.ADD_APP, Kind.REMOVE_APP})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user wants changed.

    Attributes:
        channel: that is to come first; empty unless the order is changed.
        recipient: the new address, for an enrolment or a change of the number.
    """

    kind: Kind
    channel: str = ""
    recipient: Recipient | None = None


@dataclass(slots=True, eq=False)
class SelfChange(Transaction):
    """One change in progress.

    Attributes:
        before: the enrolment as it was when the change began; None if there was none.
        offered: name of the authenticator whose first code is awaited.
    """

    wish: Wish = field(default=Wish(Kind.PIN))  # frozen, and given by all callers
    before: Enrolment | None = None
    offered: str = ""


def parse_wish(kind: str, channel: str, address: str) -> Wish:
    """Read a wish.

    Raises:
        BadArgumentError: kind, channel or address is none, or one is too many.
    """
    if kind not in set(Kind):
        raise BadArgumentError("change", f"must be one of {', '.join(Kind)}")
    match wish := Kind(kind):
        case Kind.ENROL | Kind.INVITATION | Kind.NUMBER:
            return Wish(wish, recipient=parse_recipient(channel, address))
        case Kind.ORDER:
            if channel not in CHANNELS:
                raise BadArgumentError("channel", f"must be one of {', '.join(CHANNELS)}")
            return Wish(wish, channel)
        case _:
            return Wish(wish)


def lets_users_enrol(settings: Settings, today: str) -> bool:
    """Tell whether any policy wants users to enrol themselves."""
    for policy in (settings.default_policy, *settings.services.values()):
        match policy.unenrolled:
            case Unenrolled.ENROL:
                return True
            case AllowedUntil(day) if today <= day:
                return True
            case _:
                continue
    return False
