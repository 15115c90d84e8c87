# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes and names that look random and are the same in each run."""

import base64
import hashlib


class CountingCodeSource:
    """Derive each code and name from a running number.

    Attributes:
        codes: all codes that were made, newest last.
        tokens: all names that were made, newest last.
    """

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.tokens: list[str] = []

    def code(self, digits: int) -> str:
        number = int.from_bytes(self._digest("code", len(self.codes)))
        self.codes.append(f"{number % 10**digits:0{digits}}")
        return self.codes[-1]

    def token(self, bits: int) -> str:
        letters = base64.b32encode(self._digest("token", len(self.tokens))).decode().lower()
        self.tokens.append(letters[: (bits + 4) // 5])
        return self.tokens[-1]

    def _digest(self, kind: str, number: int) -> bytes:
        return hashlib.sha256(f"{kind} {number}".encode()).digest()
