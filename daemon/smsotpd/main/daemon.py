# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon while it runs: the bus, the signals, the watchdog, the housekeeping."""

import asyncio
import itertools
import os
import signal
from contextlib import suppress

from systemd import daemon as systemd

from smsotpd.core.errors import UnavailableError
from smsotpd.dbus.server import Server
from smsotpd.gateways.lane import AT_ONCE
from smsotpd.main.parts import Parts

_SECONDS_BETWEEN_SIGNS = 5.0
_SIGNS_BETWEEN_PRUNINGS = 12
_SECONDS_BETWEEN_INSPECTIONS = 300.0
_SECONDS_TO_DRAIN = 16.0  # a gateway that is being waited for has 15
# More than one gateway takes at once, so that one that hangs holds up no other's notifications.
_NOTIFICATIONS_AT_ONCE = 2 * AT_ONCE


async def run(parts: Parts) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the configuration anew.

    Raises:
        UnavailableError: the bus cannot be reached, or went away, or a defect ended the
            housekeeping: systemd starts us again.
    """
    parts.start()
    server = Server(parts.methods(), parts.journal, parts.owner_left)
    await server.start()
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _reload, parts)
    _say("READY=1")
    bus = asyncio.ensure_future(server.wait_until_disconnected())
    ends = (
        stop.wait(),
        _keep(parts),
        _look_after(parts),
        *(_tell(parts) for _ in range(_NOTIFICATIONS_AT_ONCE)),
    )
    tasks = [bus, *(asyncio.ensure_future(end) for end in ends)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if stop.is_set():
        _say("STOPPING=1")
        await server.drain(_SECONDS_TO_DRAIN)
        return
    if bus in done:
        raise UnavailableError("the system bus went away") from bus.exception()
    error = next(iter(done)).exception()
    raise UnavailableError(f"a defect ended the housekeeping: {type(error).__name__}") from error


def _reload(parts: Parts) -> None:
    _say("RELOADING=1")
    parts.reload()
    _say("READY=1")


def _say(state: str) -> None:
    """Tell systemd something (sd_notify(3))."""
    # It takes a descriptor. Where there is none, logins go on; more signs of life will come.
    with suppress(OSError):
        systemd.notify(state)


async def _keep(parts: Parts) -> None:
    """Tidy up and tell the watchdog that the loop turns, for ever."""
    interval = min(_SECONDS_BETWEEN_SIGNS, _watchdog_seconds() / 3)
    for sign in itertools.count():
        parts.expire()
        if sign % _SIGNS_BETWEEN_PRUNINGS == 0:
            parts.prune()
            parts.back_up()
        _say("WATCHDOG=1")
        await asyncio.sleep(interval)


async def _look_after(parts: Parts) -> None:
    """Ask the gateways how they are every few minutes, for ever."""
    while True:
        await asyncio.sleep(_SECONDS_BETWEEN_INSPECTIONS)
        await parts.inspect()


async def _tell(parts: Parts) -> None:
    """Send notifications one after the other as they come, for ever; nothing waits for them."""
    while True:
        await parts.news.wait()
        parts.news.clear()
        while await parts.notifications.send_next():
            pass


def _watchdog_seconds() -> float:
    """Return after how long without a sign systemd takes us for hung (sd_watchdog_enabled(3))."""
    return int(os.environ.get("WATCHDOG_USEC", "60000000")) / 1_000_000
