# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One message on its way through the modems of a pool, from one thread to another."""

import threading
import time
from collections.abc import Callable

from smsotpd.core.message import Message
from smsotpd.core.outcome import Outcome, Unknown


class Item:
    """One message, which may pass through several modems until one has sent it.

    It can be given up until it is handed over, and not after; which of the two came first is
    decided here.

    Args:
        dies_at: by the monotonic clock.
        settle: is called once with what became of it, from whatever thread.

    Attributes:
        is_urgent: whether it holds a code.
        is_awaited: whether a login still waits for its outcome.
        tried: numbers of the modems that had it.
        doubt: what a modem said that may have sent it, if one did.
    """

    def __init__(self, message: Message, dies_at: float, settle: Callable[[Outcome], None]) -> None:
        self.message = message
        self.dies_at = dies_at
        self.is_urgent = bool(message.code)
        self.is_awaited = True
        self.tried: frozenset[int] = frozenset()
        self.doubt: Unknown | None = None
        self._settle = settle
        self._lock = threading.Lock()
        self._is_over = False
        self._is_settled = False
        self._carriers = 0
        self._is_repeated = False
        self._handed_over_at: list[float] = []

    @property
    def is_over(self) -> bool:
        """Tell whether nobody needs it any more; its repetition only a login needs that waits."""
        is_vain = self._is_repeated and not self.is_awaited
        return self._is_over or is_vain or time.monotonic() >= self.dies_at

    @property
    def is_handed_over(self) -> bool:
        """Tell whether the network may have it."""
        return bool(self._handed_over_at)

    @property
    def is_carried(self) -> bool:
        """Tell whether a modem is at work on it."""
        return self._carriers > 0

    @property
    def is_repeated(self) -> bool:
        """Tell whether it goes out again though nobody knows what became of it."""
        return self._is_repeated

    @property
    def seconds_in_doubt(self) -> float:
        """Return for how long a modem has had it without saying what became of it."""
        at = self._handed_over_at
        return time.monotonic() - at[0] if at else 0.0

    def repeat(self) -> bool:
        """Claim its one repetition; tell whether nobody has before."""
        with self._lock:
            was_repeated, self._is_repeated = self._is_repeated, True
            return not was_repeated

    def begin(self, number: int) -> None:
        """Note that a modem takes it."""
        with self._lock:
            self.tried |= {number}
            self._carriers += 1

    def end(self, outcome: Outcome) -> None:
        """Note what a modem says in the end."""
        with self._lock:
            self._carriers -= 1
            if isinstance(outcome, Unknown):
                self.doubt = outcome

    def hand_over(self) -> bool:
        """Tell whether it may be handed over now; from then on it cannot be given up."""
        with self._lock:
            if self.is_over:
                return False
            self._handed_over_at.append(time.monotonic())
            return True

    def take_back(self) -> None:
        """Note that the network refused it, so that it may be given up again."""
        with self._lock:
            if self._handed_over_at:
                self._handed_over_at.pop()

    def give_up(self) -> bool:
        """Give it up; tell whether that came in time, so that it is surely not sent."""
        with self._lock:
            if self._handed_over_at or self.doubt:
                return False
            self._is_over = True
            return True

    def settle(self, outcome: Outcome) -> None:
        """Say what became of it; the first word is the last."""
        with self._lock:
            if self._is_settled:
                return
            self._is_settled = self._is_over = True
        self._settle(outcome)
