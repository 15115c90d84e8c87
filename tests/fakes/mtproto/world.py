# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One account's world at Telegram, as a test arranges it; needs no Telethon."""

import os
from dataclasses import dataclass, field
from typing import Final

API_ID: Final = 12345
API_HASH: Final = "0123456789abcdef0123456789abcdef"
CODE: Final = "54321"


class RpcError(Exception):
    """The answer to a call is an error."""

    def __init__(self, code: int, word: str) -> None:
        super().__init__(word)
        self.code = code
        self.word = word


class HangUpError(Exception):
    """The connection ends instead of an answer."""


class SilenceError(Exception):
    """No answer comes at all."""


@dataclass
class Person:
    """A user; what is empty, nobody can find the user by."""

    user_id: int
    phone: str = ""
    username: str = ""
    is_contact: bool = False
    is_bot: bool = False
    access_hash: int = field(default_factory=lambda: int.from_bytes(os.urandom(7)))


@dataclass
class World:
    """What Telegram knows, and what it was asked.

    Attributes:
        account: who is logged in, or logs in.
        home_dc: the data centre that serves the account.
        password: of two-step verification; empty for none.
        failing: what the calls of these names get instead of an answer.
        logged_in: keys of devices that are.
        tokens: of QR codes, by the key that asked for them; the phone has seen the `scanned` ones.
    """

    account: Person = field(default_factory=lambda: Person(777, "4915100000777", "otpsender"))
    people: list[Person] = field(default_factory=list)
    channels: set[str] = field(default_factory=set)
    home_dc: int = 2
    password: str = ""
    hint: str = ""
    failing: dict[str, Exception] = field(default_factory=dict)
    sent: list[tuple[int, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    logged_in: set[bytes] = field(default_factory=set)
    tokens: dict[bytes, bytes] = field(default_factory=dict)
    scanned: set[bytes] = field(default_factory=set)
    dc_ports: dict[int, int] = field(default_factory=dict)

    def scan_code(self) -> None:
        """Do what the phone does with the QR code that was shown last."""
        self.scanned.add(next(reversed(self.tokens)))

    def expire_codes(self) -> None:
        """Let the QR codes that were shown so far be too old."""
        self.tokens.clear()
