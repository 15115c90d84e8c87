# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How far a login at Telegram has come."""

from dataclasses import dataclass, field
from enum import Enum, auto


class Stage(Enum):
    """What the login waits for."""

    SCAN = auto()  # the phone has not scanned the QR code yet
    CODE = auto()  # Telegram has sent a code
    PASSWORD = auto()  # the account has two-step verification
    MISTYPED = auto()  # code or password were wrong; another try is allowed
    LINKED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """One step's result.

    Attributes:
        session: Telethon's, as text; in the end it is the account.
        link: what the QR code holds.
        code_hash: names the code that was sent.
        detail: why it failed; words of ours.
        hint: the owner's own hint at the password.
        facts: of the account, as a report has them.
    """

    stage: Stage
    session: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    code_hash: str = field(default="", repr=False)
    detail: str = ""
    hint: str = field(default="", repr=False)
    facts: tuple[tuple[str, str], ...] = ()
