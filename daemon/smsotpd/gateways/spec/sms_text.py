# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How a text travels as an SMS: in which alphabet, how long it is, in how many segments.

The alphabets are those of 3GPP TS 23.038; a segment holds 140 octets, six of them a header as soon
as there are several (3GPP TS 23.040, 9.2.3.24.1).
"""

from typing import Final

from smsotpd.core.gsm7 import EXTENSION, is_gsm7

__all__ = ["is_gsm7", "segments", "septets", "ucs2_units"]

_ESCAPED: Final = 2
_GSM7_SINGLE: Final = 160
_GSM7_PART: Final = 153
_UCS2_SINGLE: Final = 70
_UCS2_PART: Final = 67


def septets(text: str) -> int:
    """Return how many septets a text of the GSM 7-bit alphabet takes.

    Raises:
        ValueError: the text needs UCS-2.
    """
    if not is_gsm7(text):
        raise ValueError("the text holds what the GSM 7-bit alphabet does not")
    return sum(_septets_of(char) for char in text)


def ucs2_units(text: str) -> int:
    """Return how many 16-bit units a text takes in UCS-2; what lies beyond it takes two."""
    return sum(_units_of(char) for char in text)


def segments(text: str) -> int:
    """Return how many SMS a text becomes; none is split inside a character."""
    if is_gsm7(text):
        return _segments([_septets_of(char) for char in text], _GSM7_SINGLE, _GSM7_PART)
    return _segments([_units_of(char) for char in text], _UCS2_SINGLE, _UCS2_PART)


def _septets_of(char: str) -> int:
    return _ESCAPED if char in EXTENSION else 1


def _units_of(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1  # noqa: PLR2004  # the last of UTF-16's single units


def _segments(widths: list[int], single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count
