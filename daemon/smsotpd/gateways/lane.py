# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Threads for one gateway's blocking calls: few at once, few waiting, none holding up the exit."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

_T = TypeVar("_T")

AT_ONCE: Final = 8
# Whoever waits is bounded by its login's deadline already; this bounds memory in a crowd.
WAITING: Final = 256


class LaneFullError(Exception):
    """As many calls as may are waiting already."""


class Lane:
    """Run blocking calls; a call that nobody waits for any more still holds its place.

    Each call has a daemon thread of its own: a pool's threads would be joined at exit, and one
    that hangs in a name look-up would hold the daemon.
    """

    def __init__(self, name: str, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._name = name
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._most_waiting = waiting

    async def run(self, call: Callable[[], _T]) -> _T:
        """Run a call in a thread and return what it returns.

        Raises:
            LaneFullError: too many are waiting, or the system gives no more threads.
        """
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise LaneFullError
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        return await self._start(call)

    def _start(self, call: Callable[[], _T]) -> "asyncio.Future[_T]":
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def work() -> None:
            try:
                settle = partial(_succeed, done, call())
            except Exception as error:  # noqa: BLE001  # it belongs to whoever awaits the call
                settle = partial(_fail, done, error)
            with suppress(RuntimeError):  # the loop is closed: the daemon has ended
                loop.call_soon_threadsafe(self._end, settle)

        try:
            threading.Thread(target=work, name=f"gateway {self._name}", daemon=True).start()
        except RuntimeError as error:
            self._places.release()
            raise LaneFullError from error
        return done

    def _end(self, settle: Callable[[], None]) -> None:
        self._places.release()
        settle()


def _succeed(done: "asyncio.Future[_T]", result: _T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: "asyncio.Future[_T]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
