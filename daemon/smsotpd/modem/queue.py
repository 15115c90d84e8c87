# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that wait for a modem: codes first, and none longer than it is of use."""

import threading
from collections.abc import Callable
from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome
from smsotpd.modem.item import Item

MOST_WAITING: Final = 256

_OVER: Final = Deferred(ErrorClass.TEMPORARY, "the message was of no use any more")


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
            self._changed.notify_all()
            return True

    def put_back(self, item: Item) -> None:
        """Add an item that another modem has had: its turn comes first."""
        with self._changed:
            self._waiting.insert(0, item)
            self._changed.notify_all()

    def take(
        self, seconds: float, may_take: Callable[[Item], bool], begin: Callable[[Item], None]
    ) -> Item | None:
        """Return the next item that the caller may take, after waiting at most so long for one.

        Args:
            begin: is handed it before it is gone from here, so that it is never nowhere.
        """
        with self._changed:
            if not any(map(may_take, self._waiting)):
                self._changed.wait(seconds)
            dead = [item for item in self._waiting if item.is_over]
            live = [item for item in self._waiting if not item.is_over]
            # The sort is stable: first come, first served, codes before everything else.
            live.sort(key=lambda item: not item.is_urgent)
            found = next(filter(may_take, live), None)
            if found is not None:
                begin(found)
            self._waiting = [item for item in live if item is not found]
        for item in dead:
            if not item.is_carried:  # whoever carries it knows better
                item.settle(item.doubt or _OVER)
        return found

    def holds(self, item: Item) -> bool:
        """Tell whether an item waits here."""
        with self._changed:
            return item in self._waiting

    def wake(self) -> None:
        """Let whoever waits look again."""
        with self._changed:
            self._changed.notify_all()

    def refuse(self, outcome: Outcome, is_hopeless: Callable[[Item], bool]) -> None:
        """Settle what waits and will not be taken by anybody."""
        with self._changed:
            hopeless = [item for item in self._waiting if is_hopeless(item)]
            self._waiting = [item for item in self._waiting if item not in hopeless]
        for item in hopeless:
            item.settle(item.doubt or outcome)
