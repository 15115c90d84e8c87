# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How a gateway's account and connection are, as far as the provider tells."""

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """Whether a gateway could carry a message now."""

    READY = "ready"
    DEGRADED = "degraded"  # it may, but somebody should look: little credit, reconnecting
    DOWN = "down"  # logged out, refused, unreachable
    UNKNOWN = "unknown"  # the provider offers no way to ask


@dataclass(frozen=True, slots=True)
class Report:
    """What an inspection found.

    Attributes:
        summary: one sentence; no secret and no full number in it.
        facts: label and text, as (`Balance`, `12.30 EUR`).
    """

    condition: Condition
    summary: str
    facts: tuple[tuple[str, str], ...] = ()
