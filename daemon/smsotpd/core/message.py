# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A message on its way: to whom, what, and until when it is of use."""

from dataclasses import dataclass, field, replace
from typing import Final, Self

from smsotpd.core.recipient import Recipient

# 0 would stand for no end.
_LEAST_LIFE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """One text for one recipient; its printed form shows neither.

    Attributes:
        lifetime: seconds after which the text is useless (a code's life), 0 if it has no end.
        code: the code in the text, for providers that take nothing but it; empty if it has none.
    """

    recipient: Recipient
    text: str = field(repr=False)
    lifetime: float = 0.0
    code: str = field(default="", repr=False)

    def aged(self, seconds: float) -> Self:
        """Return the same message so much later: what is left of its life, if that has an end."""
        if not self.lifetime:
            return self
        return replace(self, lifetime=max(_LEAST_LIFE, self.lifetime - seconds))
