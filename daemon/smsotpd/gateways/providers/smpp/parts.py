# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A text as the short messages of submit_sm (SMPP 3.4, 5.2.12, 5.2.19 and 5.2.22).

The GSM alphabet goes one septet an octet, as SMSCs expect it of data_coding 0; several messages are
held together by a user data header (3GPP TS 23.040, 9.2.3.24.1). None ends inside a character.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from smsotpd.core.gsm7 import BASIC, ESCAPE, EXTENSION, is_gsm7

_MOST_PARTS: Final = 255
_UDHI: Final = 0x40


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How a short message is coded, and how many octets of text one holds: alone, and as a part."""

    data_coding: int
    alone: int
    part: int


_GSM7: Final = Alphabet(data_coding=0, alone=160, part=153)
_UCS2: Final = Alphabet(data_coding=8, alone=140, part=134)


@dataclass(frozen=True, slots=True)
class Part:
    """One short message."""

    short_message: bytes = field(repr=False)
    data_coding: int
    esm_class: int


def cut(text: str, reference: int) -> tuple[Part, ...]:
    """Return the short messages that carry a text.

    Args:
        reference: 0 to 255; holds the parts of one text together.

    Raises:
        ValueError: there would be none, or more than 255.
    """
    alphabet = _GSM7 if is_gsm7(text) else _UCS2
    units = [_octets(char, alphabet) for char in text]
    whole = b"".join(units)
    if not whole:
        raise ValueError("the text is empty")
    if len(whole) <= alphabet.alone:
        return (Part(whole, alphabet.data_coding, 0),)
    pieces = _cut(units, alphabet.part)
    if len(pieces) > _MOST_PARTS:
        raise ValueError(f"the text needs more than {_MOST_PARTS} messages")
    return tuple(
        Part(bytes((5, 0, 3, reference, len(pieces), place)) + piece, alphabet.data_coding, _UDHI)
        for place, piece in enumerate(pieces, start=1)
    )


def _octets(char: str, alphabet: Alphabet) -> bytes:
    if alphabet is _UCS2:
        return char.encode("utf-16-be", "replace")
    if char in BASIC:
        return bytes((BASIC[char],))
    return bytes((ESCAPE, EXTENSION[char]))


def _cut(units: Iterable[bytes], most: int) -> list[bytes]:
    pieces = [b""]
    for unit in units:
        if len(pieces[-1]) + len(unit) > most:
            pieces.append(b"")
        pieces[-1] += unit
    return pieces
