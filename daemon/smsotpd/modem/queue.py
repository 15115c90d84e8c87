# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that wait for a modem: codes first, and none longer than it is of use."""

import threading
import time
from collections.abc import Callable
from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import Deferred, ErrorClass, Outcome

MOST_WAITING: Final = 256

_OVER: Final = Deferred(ErrorClass.TEMPORARY, "the message was of no use any more")


class Item:
    """One message on its way through the modem.

    It can be given up until it is handed over, and not after; which of the two came first is
    decided here.

    Args:
        dies_at: by the monotonic clock.
        settle: is called once with what became of it, from whatever thread.

    Attributes:
        is_urgent: whether it holds a code.
        is_awaited: whether a login still waits for its outcome.
    """

    def __init__(self, message: Message, dies_at: float, settle: Callable[[Outcome], None]) -> None:
        self.message = message
        self.dies_at = dies_at
        self.is_urgent = bool(message.code)
        self.is_awaited = True
        self._settle = settle
        self._lock = threading.Lock()
        self._is_over = False
        self._is_handed_over = False

    @property
    def is_over(self) -> bool:
        """Tell whether nobody needs it any more."""
        return self._is_over or time.monotonic() >= self.dies_at

    @property
    def is_handed_over(self) -> bool:
        """Tell whether the network may have it."""
        return self._is_handed_over

    def hand_over(self) -> bool:
        """Tell whether it may be handed over now; from then on it cannot be given up."""
        with self._lock:
            if self.is_over:
                return False
            self._is_handed_over = True
            return True

    def take_back(self) -> None:
        """Note that the network refused it, so that it may be given up again."""
        with self._lock:
            self._is_handed_over = False

    def give_up(self) -> bool:
        """Give it up; tell whether that came in time, so that it is surely not sent."""
        with self._lock:
            if self._is_handed_over:
                return False
            self._is_over = True
            return True

    def settle(self, outcome: Outcome) -> None:
        """Say what became of it."""
        self._settle(outcome)


class Queue:
    """Items in the order to send them; bounded."""

    def __init__(self) -> None:
        self._waiting: list[Item] = []
        self._changed = threading.Condition()

    def __len__(self) -> int:
        with self._changed:
            return sum(not item.is_over for item in self._waiting)

    def put(self, item: Item) -> bool:
        """Add an item, unless too many wait."""
        with self._changed:
            self._waiting = [other for other in self._waiting if not other.is_over]
            if len(self._waiting) >= MOST_WAITING:
                return False
            self._waiting.append(item)
            self._changed.notify()
            return True

    def take(self, seconds: float) -> Item | None:
        """Return the next item, after waiting at most so long for one."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            dead = [item for item in self._waiting if item.is_over]
            live = [item for item in self._waiting if not item.is_over]
            # The sort is stable: first come, first served, codes before everything else.
            live.sort(key=lambda item: not item.is_urgent)
            found, self._waiting = (live[0] if live else None), live[1:]
        for item in dead:
            item.settle(_OVER)
        return found

    def wake(self) -> None:
        """Let whoever waits look again."""
        with self._changed:
            self._changed.notify_all()

    def refuse_all(self, outcome: Outcome) -> None:
        """Settle everything that waits."""
        with self._changed:
            waiting, self._waiting = self._waiting, []
        for item in waiting:
            if item.give_up():
                item.settle(outcome)
