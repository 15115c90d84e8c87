# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Cutting a text into the user data of one or several messages (3GPP TS 23.040, 9.2.3.24).

No part ends inside a character: neither between an escape and its septet, nor between the two
units of a surrogate pair.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from smsotpd.core.gsm7 import is_gsm7
from smsotpd.modem.septets import pack, septets_of

_OCTETS = 140
_MOST_PARTS = 255


class Alphabet(Enum):
    """How the user data is coded; the value is its place in TP-DCS (3GPP TS 23.038, 4)."""

    GSM7 = 0x00
    UCS2 = 0x08


@dataclass(frozen=True, slots=True)
class UserData:
    """The user data of one message.

    Attributes:
        length: TP-UDL: septets or octets, whatever the alphabet counts, header included.
        octets: TP-UD, header included.
        has_header: TP-UDHI.
    """

    alphabet: Alphabet
    length: int
    octets: bytes = field(repr=False)
    has_header: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """The number that holds the parts of a text together; 16 bits need a longer header."""

    value: int
    is_wide: bool = False

    def header(self, total: int, number: int) -> bytes:
        """Return the user data header of a part (9.2.3.24.1 and 9.2.3.24.8)."""
        if self.is_wide:
            element = bytes((0x08, 4, *self.value.to_bytes(2, "big"), total, number))
        else:
            element = bytes((0x00, 3, self.value & 0xFF, total, number))
        return bytes((len(element),)) + element


def user_data(text: str, reference: Reference) -> tuple[UserData, ...]:
    """Return the user data of as many messages as the text needs.

    Raises:
        ValueError: it would be more than 255 messages.
    """
    alphabet = Alphabet.GSM7 if is_gsm7(text) else Alphabet.UCS2
    if alphabet is Alphabet.GSM7:
        units = [septets_of(char) for char in text]
        whole, per_part = _OCTETS * 8 // 7, (_OCTETS - len(reference.header(1, 1))) * 8 // 7
    else:
        units = [char.encode("utf-16-be", "replace") for char in text]
        whole, per_part = _OCTETS, (_OCTETS - len(reference.header(1, 1))) // 2 * 2
    if sum(map(len, units)) <= whole:
        return (_coded(alphabet, b"".join(units), b""),)
    parts = _cut(units, per_part)
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"the text needs more than {_MOST_PARTS} messages")
    return tuple(
        _coded(alphabet, part, reference.header(len(parts), number))
        for number, part in enumerate(parts, start=1)
    )


def _cut(units: Iterable[bytes], most: int) -> list[bytes]:
    parts = [b""]
    for unit in units:
        if len(parts[-1]) + len(unit) > most:
            parts.append(b"")
        parts[-1] += unit
    return parts


def _coded(alphabet: Alphabet, units: bytes, header: bytes) -> UserData:
    if alphabet is Alphabet.UCS2:
        octets = header + units
        return UserData(alphabet, len(octets), octets, bool(header))
    fill_bits = -8 * len(header) % 7
    header_septets = (8 * len(header) + fill_bits) // 7
    octets = header + pack(units, fill_bits)
    return UserData(alphabet, header_septets + len(units), octets, bool(header))
