# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What became of a message handed to a gateway."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    """Why a gateway did not take a message; each class has its own remedy."""

    AUTH = "auth"  # our credentials are wrong: configure the gateway again
    CREDIT = "credit"  # the account is empty: pay
    RECIPIENT = "recipient"  # this gateway does not reach the number: another may
    SENDER = "sender"  # the originator is not allowed: change the gateway's settings
    RATE = "rate"  # too fast: wait, or another gateway
    TEMPORARY = "temporary"  # outage, timeout before anything was handed over: another gateway
    CONTENT = "content"  # the text is refused: change the template
    REJECTED = "rejected"  # refused for a reason the provider does not name
    AMBIGUOUS = "ambiguous"  # nobody knows whether it was sent


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took the message (which is not yet delivery)."""

    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The gateway refused the message for good; `detail` holds no secret and no number."""

    error_class: ErrorClass
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The gateway did not take the message now; the same request may succeed later.

    Attributes:
        retry_after: seconds the provider asks to wait, if it does.
    """

    error_class: ErrorClass
    detail: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the message was taken (a timeout after it was handed over)."""

    detail: str = ""

    @property
    def error_class(self) -> ErrorClass:
        """Return the class that this outcome always has."""
        return ErrorClass.AMBIGUOUS


Outcome = Accepted | Rejected | Deferred | Unknown
