# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The accounts of this machine, through NSS: files, LDAP, or whatever nsswitch.conf names."""

import asyncio
import grp
import os
import pwd
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_SECONDS = 2.0
# Look-ups at once; of a directory that hangs, each holds its place until it gives up.
_AT_ONCE = 8

_Found = TypeVar("_Found")


class NssAccounts:
    """Look accounts up; the port `Accounts`."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def groups(self, user: str) -> frozenset[str] | None:
        """Return the names of a user's groups; None if nobody knows the user in time.

        A directory server may hang, so the look-up has a thread of its own and a deadline; a login
        then takes the routes that are for everybody, and is exempt from nothing.
        """
        return await self._in_time(lambda: _groups(user))

    async def name(self, uid: int) -> str | None:
        """Return the name of a uid's account, empty if it has none; None if nobody says in time."""
        return await self._in_time(lambda: _name(uid))

    async def _in_time(self, look: Callable[[], _Found]) -> _Found | None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._places.acquire()
                return await self._look_up(look)
        except TimeoutError:
            return None

    def _look_up(self, look: Callable[[], _Found]) -> "asyncio.Future[_Found | None]":
        """Start a look-up in a daemon thread: a pool's would be joined, and hold up the exit.

        Nor may it take one of the event loop's, in which secrets are read.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Found | None] = loop.create_future()

        def end(found: _Found | None) -> None:
            self._places.release()
            if not done.done():
                done.set_result(found)

        def work() -> None:
            found: _Found | None = None
            try:
                found = look()
            finally:
                with suppress(RuntimeError):  # the loop is closed: the daemon has ended
                    loop.call_soon_threadsafe(end, found)

        try:
            threading.Thread(target=work, name="accounts", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            end(None)
        return done


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _groups(user: str) -> frozenset[str] | None:
    try:
        account = pwd.getpwnam(user)
    except (KeyError, ValueError):
        return None
    names = set()
    for number in os.getgrouplist(user, account.pw_gid):
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue  # a number without a name, as after a group was removed
    return frozenset(names)
