# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A modem as configured, ready to carry messages: core's port `Sender`."""

import asyncio
import contextlib
import time
import weakref
from functools import partial
from typing import Final

from smsotpd.core.channel_names import SMS
from smsotpd.core.errors import RefusedError
from smsotpd.core.message import Message
from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Unknown
from smsotpd.core.ports import Pairing
from smsotpd.core.report import Condition, Report
from smsotpd.modem.queue import Item
from smsotpd.modem.worker import Worker

_LOOK_AGAIN_SECONDS: Final = 0.1
_WEAK_SIGNAL: Final = 5


class ModemSender:
    """Carry messages through one modem; whoever waits does so outside the modem's thread.

    The modem is given back when the sender is closed, or no longer held by anybody.
    """

    def __init__(self, name: str, worker: Worker) -> None:
        self._name = name
        self._worker = worker
        self._release = weakref.finalize(self, worker.stop)
        self._release.atexit = False
        worker.start()

    def close(self) -> None:
        """Give the modem back."""
        self._release()

    @property
    def name(self) -> str:
        """Return the gateway's name."""
        return self._name

    @property
    def channel(self) -> str:
        """Return the kind of address it sends to."""
        return SMS

    async def send(self, message: Message, deadline: float) -> Outcome:
        """Hand a message over within `deadline` seconds, or say what is known of it then."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome] = loop.create_future()

        def settle(outcome: Outcome) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the daemon has ended
                loop.call_soon_threadsafe(partial(_set, done, outcome))

        seconds = max(deadline, message.lifetime)
        item = Item(message, time.monotonic() + seconds, settle)
        refusal = self._worker.offer(item)
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(max(0.0, deadline)):
                return await done
        except TimeoutError:
            return self._overdue(item)
        except asyncio.CancelledError:
            item.is_awaited = False
            item.give_up()
            raise

    async def inspect(self, deadline: float) -> Report:
        """Tell how modem, SIM and network are, as the modem's thread saw them last."""
        ends = time.monotonic() + deadline
        while self._is_starting and time.monotonic() < ends:  # noqa: ASYNC110  # a thread changes it
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return self._report()

    def pair(self) -> Pairing:
        """Refuse: a modem has no account to link."""
        raise RefusedError("gateways of this type need no pairing")

    @property
    def _is_starting(self) -> bool:
        return not self._worker.state.is_ready and self._worker.state.refusal is None

    def _overdue(self, item: Item) -> Outcome:
        item.is_awaited = False
        if not item.is_handed_over and item.message.lifetime and self._worker.is_flowing:
            return Unknown("the message waits for the modem and will be sent while it is of use")
        if item.give_up():
            why = "is still starting" if self._is_starting else "did not come to it in time"
            return Deferred(ErrorClass.TEMPORARY, f"the modem {why}")
        return Unknown("the modem has the message and has not said yet what became of it")

    def _report(self) -> Report:
        state, facts, record = self._worker.state, self._worker.facts, self._worker.record
        waiting = (("Waiting", str(len(self._worker.queue))),)
        shown = (*facts.shown(), *waiting, *record.shown())
        if state.refusal is not None:
            return Report(Condition.DOWN, state.refusal.detail, shown)
        if not state.is_ready:
            return Report(Condition.DEGRADED, "the modem is still starting", shown)
        if not facts.is_registered:
            return Report(Condition.DEGRADED, f"no network ({facts.network})", shown)
        if facts.is_storage_full:
            return Report(
                Condition.DEGRADED,
                "the storage for messages is full; delete some, or set DELETE_MESSAGES",
                shown,
            )
        if facts.signal < _WEAK_SIGNAL:
            return Report(Condition.DEGRADED, "the signal is weak; mind the antenna", shown)
        return Report(Condition.READY, f"registered: {facts.network}", shown)


def _set(done: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not done.done():
        done.set_result(outcome)
