# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway's modems as configured, ready to carry messages: core's port `Sender`."""

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
from smsotpd.core.report import Report
from smsotpd.modem.item import Item
from smsotpd.modem.pool import Pool
from smsotpd.modem.status import report_of

_LOOK_AGAIN_SECONDS: Final = 0.1


class ModemSender:
    """Carry messages through a pool of modems; whoever waits does so outside their threads.

    The modems are given back when the sender is closed, or no longer held by anybody.
    """

    def __init__(self, name: str, pool: Pool) -> None:
        self._name = name
        self._pool = pool
        self._release = weakref.finalize(self, pool.stop)
        self._release.atexit = False
        pool.start()

    def close(self) -> None:
        """Give the modems back."""
        self._release()

    def join(self, seconds: float) -> None:
        """Wait until they are given back, for at most so long."""
        self._pool.join(seconds)

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
        refusal = self._pool.offer(item)
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(max(0.0, deadline)):
                if len(self._pool.workers) > 1:
                    await self._watch(item, done)
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
        while self._pool.is_starting and time.monotonic() < ends:  # noqa: ASYNC110  # a thread changes it
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return report_of(self._pool.workers, self._pool.waiting)

    def pair(self) -> Pairing:
        """Refuse: a modem has no account to link."""
        raise RefusedError("gateways of this type need no pairing")

    async def _watch(self, item: Item, done: "asyncio.Future[Outcome]") -> None:
        """Wait for the outcome, or until a second modem was given the code of a silent one."""
        while not self._pool.repeat_in_doubt(item):
            if (await asyncio.wait([done], timeout=_LOOK_AGAIN_SECONDS))[0]:
                return

    def _overdue(self, item: Item) -> Outcome:
        item.is_awaited = False
        if not item.is_handed_over and item.message.lifetime and self._pool.is_flowing:
            return Unknown("the message waits for the modem and will be sent while it is of use")
        if item.doubt:
            return item.doubt
        if item.give_up():
            why = "is still starting" if self._pool.is_starting else "did not come to it in time"
            return Deferred(ErrorClass.TEMPORARY, f"the modem {why}")
        return Unknown("the modem has the message and has not said yet what became of it")


def _set(done: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not done.done():
        done.set_result(outcome)
