# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes that are kept for a bad day: recovery codes, and the one that breaks the glass.

A letter that names the code, then 75 random bits in letters and digits that are not mistaken for
each other: `BK7Q-2MXP-ANFE-5TYD`. None can be taken for a code that was sent or shown by an app.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from smsotpd.core.moment import Moment, may_have_passed

RECOVERY_LETTERS = "ABCDEFGHJK"
BREAK_GLASS_LETTER = "Z"
FEW_LEFT = 3
GROUPED_LENGTH = 19

_RANDOM_BITS = 75
_RANDOM_LETTERS = 15
_GROUP = 4
_SEPARATORS = re.compile(r"[\s-]+")
_SHAPE = re.compile(rf"[{RECOVERY_LETTERS}{BREAK_GLASS_LETTER}][A-Z2-7]{{{_RANDOM_LETTERS}}}")
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
