# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Septets: text to 7-bit values, and 7-bit values to octets (3GPP TS 23.038)."""

from collections.abc import Sequence

from smsotpd.core.gsm7 import BASIC, ESCAPE, EXTENSION


def septets_of(char: str) -> bytes:
    """Return the one or two septets of a character of the GSM 7-bit alphabet.

    Raises:
        ValueError: the alphabet does not hold it.
    """
    if char in BASIC:
        return bytes((BASIC[char],))
    if char in EXTENSION:
        return bytes((ESCAPE, EXTENSION[char]))
    raise ValueError("the GSM 7-bit alphabet does not hold this character")


def pack(septets: Sequence[int], fill_bits: int = 0) -> bytes:
    """Pack septets into octets, low bits first (6.1.2.1.1).

    Args:
        fill_bits: empty bits before the first septet, so that it begins on a septet boundary
            behind a header (3GPP TS 23.040, 9.2.3.24).
    """
    bits = sum(septet << 7 * place for place, septet in enumerate(septets)) << fill_bits
    return bits.to_bytes((fill_bits + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Return `count` septets out of octets; the reverse of `pack`.

    Raises:
        ValueError: the octets hold fewer.
    """
    if fill_bits + 7 * count > 8 * len(octets):
        raise ValueError("too few octets for so many septets")
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes(bits >> 7 * place & 0x7F for place in range(count))
