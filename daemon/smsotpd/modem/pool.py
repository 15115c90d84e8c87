# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The modems of one gateway: each message goes to one that is idle and well, and on if that fails.

A message that surely was not sent goes on at once. One of which nobody knows goes out once more, if
it holds a code, a login still waits for it, and another modem is there; never after its life.
"""

import threading
import time
from collections.abc import Sequence
from typing import Final

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.modem.carrier import Carrier
from smsotpd.modem.item import Item
from smsotpd.modem.pace import WINDOW_SECONDS
from smsotpd.modem.queue import Queue

_FULL: Final = Deferred(ErrorClass.RATE, "too many messages wait for this gateway's modems")
# No other SIM makes a wrong number right, or an unfit text fit.
_OF_THE_MESSAGE: Final = frozenset({ErrorClass.RECIPIENT, ErrorClass.CONTENT})


class Pool:
    """Let one or more workers do what waits."""

    def __init__(self, workers: Sequence[Carrier]) -> None:
        self.workers = tuple(workers)
        self._queue = Queue()
        # Two modems may be done with one item at once, and a login lose its patience with both.
        self._deciding = threading.Lock()

    @property
    def waiting(self) -> int:
        """Return how many messages wait."""
        return len(self._queue)

    def start(self) -> None:
        """Begin to open the modems."""
        for worker in self.workers:
            worker.start(self)

    def stop(self) -> None:
        """Give the modems back, each as soon as it is between two messages; returns at once."""
        for worker in self.workers:
            worker.stop()
        self._queue.wake()

    def join(self, seconds: float) -> None:
        """Wait until they are given back, for at most so long."""
        ends = time.monotonic() + seconds
        for worker in self.workers:
            worker.join(max(0.0, ends - time.monotonic()))

    @property
    def is_starting(self) -> bool:
        """Tell whether no modem can send, and one may be about to."""
        states = [worker.state for worker in self.workers]
        return not any(each.is_ready for each in states) and None in [
            each.refusal for each in states
        ]

    @property
    def is_flowing(self) -> bool:
        """Tell whether what waits will be sent in its turn, as far as anybody knows."""
        return any(worker.is_flowing for worker in self.workers)

    def offer(self, item: Item) -> Outcome | None:
        """Queue an item, or return why it is not taken; it may be settled before this returns."""
        refusal = self._refusal()
        if refusal is not None:
            return refusal
        if self._expected_wait() > item.dies_at - time.monotonic():
            return _FULL
        if not self._queue.put(item):
            return _FULL
        # The last modem may have been lost meanwhile.
        self._refuse_hopeless()
        return None

    def repeat_in_doubt(self, item: Item) -> bool:
        """Give an item to a second modem, if the first has had it for too long; tell if so."""
        if item.seconds_in_doubt < self.workers[0].doubt:
            return False
        with self._deciding:
            if not (self._may_repeat(item) and item.repeat()):
                return False
            self._queue.put_back(item)
            return True

    def take(self, worker: Carrier, seconds: float) -> Item | None:
        """Return what a worker is to send next, after waiting at most so long for it."""
        is_open_to_all = worker.has_spare_pace
        return self._queue.take(
            seconds,
            lambda item: (item.is_urgent or is_open_to_all) and self._may_take(worker, item),
            lambda item: item.begin(worker.number),
        )

    def finished(self, worker: Carrier, item: Item, outcome: Outcome) -> None:
        """Settle an item by what a worker says of it, or let another worker try."""
        with self._deciding:
            item.end(outcome)
            self._decide(worker, item, outcome)

    def _decide(self, worker: Carrier, item: Item, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            item.settle(_named(worker, outcome) if len(self.workers) > 1 else outcome)
        elif self._queue.holds(item) or item.is_carried:
            self._refuse_hopeless()  # another modem has the last word, if there is one
        elif self._goes_on(item, outcome):
            self._queue.put_back(item)
            self._refuse_hopeless()
        else:
            item.settle(item.doubt or outcome)

    def changed(self, worker: Carrier) -> None:
        """Refuse what nobody can send any more, and let the others look at what is left."""
        if worker.state.refusal is not None:
            self._refuse_hopeless()
        self._queue.wake()

    def _goes_on(self, item: Item, outcome: Deferred | Rejected | Unknown) -> bool:
        if isinstance(outcome, Unknown):
            return self._may_repeat(item) and item.repeat()
        if outcome.error_class in _OF_THE_MESSAGE or item.is_over:
            return False
        return self._has_taker(item)

    def _may_repeat(self, item: Item) -> bool:
        return (
            not item.is_repeated
            and item.is_urgent
            and item.is_awaited
            and not item.is_over
            and self._has_taker(item)
        )

    def _may_take(self, worker: Carrier, item: Item) -> bool:
        """Tell whether an item is a worker's: one that fails stands back for those that do not."""
        if worker.number in item.tried:
            return False
        return worker.is_well or not any(
            other.state.is_ready and other.is_well and other.number not in item.tried
            for other in self.workers
        )

    def _has_taker(self, item: Item) -> bool:
        return any(
            worker.state.refusal is None and worker.number not in item.tried
            for worker in self.workers
        )

    def _refuse_hopeless(self) -> None:
        refusal = self._refusal()
        if refusal is None:
            refusal = Deferred(ErrorClass.TEMPORARY, "no other modem of the gateway can send")
        self._queue.refuse(refusal, lambda item: not item.is_carried and not self._has_taker(item))

    def _refusal(self) -> Deferred | Rejected | None:
        """Return what messages meet where no modem can send: what passes, before what does not."""
        refusals = [worker.state.refusal for worker in self.workers if worker.state.refusal]
        if len(refusals) < len(self.workers):
            return None
        return next((each for each in refusals if isinstance(each, Deferred)), refusals[0])

    def _expected_wait(self) -> float:
        """Return for how many seconds the pace alone holds up a new message."""
        able = [worker for worker in self.workers if worker.state.refusal is None]
        pace = sum(worker.per_minute for worker in able) or 1
        beyond = len(self._queue) + sum(worker.recent for worker in able) - pace
        return max(0, beyond) * WINDOW_SECONDS / pace


def _named(worker: Carrier, outcome: Accepted) -> Accepted:
    """Return an outcome whose message id says which modem it was."""
    return Accepted(f"{worker.number}/{outcome.message_id}")
