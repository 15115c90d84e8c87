# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1)."""

from collections.abc import Mapping
from typing import Final

ESCAPE: Final = 0x1B

# In the order of the table; the escape stands in its place and is no character of its own.
_TABLE: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

BASIC: Final[Mapping[str, int]] = {
    char: value for value, char in enumerate(_TABLE) if value != ESCAPE
}
# 6.2.1.1: each of these is an escape and a second septet.
EXTENSION: Final[Mapping[str, int]] = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}


def is_gsm7(text: str) -> bool:
    """Tell whether the alphabet with its extension table holds the text."""
    return all(char in BASIC or char in EXTENSION for char in text)
