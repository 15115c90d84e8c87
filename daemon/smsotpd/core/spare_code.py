# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes on paper: recovery codes, the one that breaks the glass, and invitations.

A letter that names the code, then 75 random bits in letters and digits that are not mistaken for
each other: `BK7Q-2MXP-ANFE-5TYD`. None can be taken for a code that was sent or shown by an app.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from smsotpd.core.moment import Moment, has_passed, may_have_passed

RECOVERY_LETTERS = "ABCDEFGHJK"
BREAK_GLASS_LETTER = "Z"
INVITATION_LETTER = "Y"
FEW_LEFT = 3
GROUPED_LENGTH = 19

_RANDOM_BITS = 75
_RANDOM_LETTERS = 15
_GROUP = 4
_SEPARATORS = re.compile(r"[\s-]+")
_LETTERS = RECOVERY_LETTERS + BREAK_GLASS_LETTER + INVITATION_LETTER
_SHAPE = re.compile(rf"[{_LETTERS}][A-Z2-7]{{{_RANDOM_LETTERS}}}")
# The alphabet is base32 (RFC 4648, 6): it has none of these, so they are slips of the pen.
_SLIPS = str.maketrans("018", "OIB")


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One code that root made, to be used once and soon, in place of the sent one.

    Attributes:
        encoded: its hash.
        reason: why it was made, for the journal.
        by_uid: who made it.
        made: when.
        lifetime: seconds.
    """

    user: str
    encoded: str = field(repr=False)
    reason: str
    by_uid: int
    made: Moment
    lifetime: float


@dataclass(frozen=True, slots=True)
class Invitation:
    """What stands for the PIN of a user who is not enrolled, once, until the user is.

    Attributes:
        encoded: its hash.
        by_uid: who made it.
        made: when.
        lifetime: seconds.
    """

    user: str
    encoded: str = field(repr=False)
    by_uid: int
    made: Moment
    lifetime: float


def is_past(invitation: Invitation, now: Moment) -> bool:
    """Tell whether the time of an invitation is over; unlike a break-glass code it may be days.

    So a restart of the host does not end it; a wall clock that went back before its making does.
    """
    made, seconds = invitation.made, invitation.lifetime
    if made.boot_id == now.boot_id:
        return may_have_passed(made, seconds, now)
    return has_passed(made, seconds, now) or now.wall < made.wall


def is_over(code: BreakGlass, now: Moment) -> bool:
    """Tell whether the time of a break-glass code is over; a restart of the host ends it, too."""
    return may_have_passed(code.made, code.lifetime, now)


def new_spare_code(letter: str, token: Callable[[int], str]) -> str:
    """Return a code that begins with this letter, without hyphens.

    Args:
        token: draws as many random bits, in a-z and 2-7.
    """
    return letter + token(_RANDOM_BITS)[:_RANDOM_LETTERS].upper()


def parse_spare_code(answer: str) -> str:
    """Return the code that was typed, without separators and in capitals; empty if it is none."""
    text = _SEPARATORS.sub("", answer).upper().translate(_SLIPS)
    return text if _SHAPE.fullmatch(text) else ""


def grouped(code: str) -> str:
    """Return a code as it is shown: in groups of four."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))
