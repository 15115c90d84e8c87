# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a pairing shows and asks."""

from dataclasses import dataclass, field
from enum import StrEnum


class PairingStepKind(StrEnum):
    """What the administrator is shown or asked; the words of the bus contract."""

    INFO = "info"
    CODE = "code"
    QR = "qr"
    ASK = "ask"
    ASK_SECRET = "ask-secret"  # noqa: S105  # a word of the contract
    WAIT = "wait"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PairingStep:
    """One thing to show, ask or wait for.

    Attributes:
        label: what it is about.
        content: of a code or QR code; the choices of a question, one a line; the seconds to wait;
            or a label and a text a line, of what was found in the end.
    """

    kind: PairingStepKind
    label: str
    content: str = field(default="", repr=False)


PairingSteps = tuple[PairingStep, ...]
