# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The system bus dies, or stands still, in mid-login: the daemon ends, and the next one goes on."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import SECONDS, Daemon, wait_until
from tests.bus.private_bus import private_bus
from tests.fakes.http_provider import HttpProvider, hang
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
DRIVER = "org.freedesktop.DBus"


async def bus_pid(client: Client) -> int:
    (pid,) = await client.call(
        DRIVER,
        "GetConnectionUnixProcessID",
        "s",
        [DRIVER],
        path="/org/freedesktop/DBus",
        destination=DRIVER,
    )
    return int(pid)


@contextmanager
def next_bus(daemon: Daemon) -> Iterator[None]:
    """Start the daemon on another bus, as systemd does after it ended for want of the first."""
    assert daemon.process.wait(SECONDS) == os.EX_UNAVAILABLE
    assert daemon.process.stderr is not None
    said = daemon.process.stderr.read()
    assert "the system bus went away" in said
    assert "Traceback" not in said
    with (
        tempfile.TemporaryDirectory(prefix="private-bus-") as directory,
        private_bus(Path(directory)) as address,
    ):
        daemon.address = address
        daemon.restart()
        yield
        daemon.kill()


@pytest.mark.parametrize("answers", [[], [PIN], [PIN, "000000"], ["wrong"]])
async def test_a_bus_that_dies_takes_no_count_and_no_code_with_it(
    root: Client, daemon: Daemon, tried: Tried, answers: list[str]
) -> None:
    tried()
    name, _ = await root.begin("alice")
    for answer in answers:
        await root.respond(name, answer)
    os.kill(await bus_pid(root), signal.SIGKILL)
    with suppress(BusError, EOFError, OSError):
        assert await root.respond(name, PIN) != GRANTED
    wrong = sum(answer != PIN for answer in answers)
    with next_bus(daemon):
        async with Client(daemon.address) as client:
            (details,) = await client.call(ADMIN, "ShowUser", "s", ["alice"])
            assert details["failures"].value == wrong
            with pytest.raises(BusError):
                await client.respond(name, PIN)
            again, _ = await client.begin("alice")
            await client.respond(again, PIN)
            # The code that was out is good for the next login, and for that one alone.
            assert len(daemon.messages()) == 1
            assert await client.respond(again, daemon.code()) == GRANTED
            third, _ = await client.begin("alice")
            await client.respond(third, PIN)
            assert len(daemon.messages()) == 2
            assert await client.respond(third, daemon.code()) == GRANTED


async def test_a_bus_that_dies_while_a_gateway_is_waited_for_ends_the_daemon_in_time(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried()
    with HttpProvider(hang) as provider:
        settings = {"URL": provider.url, "option.to": "{phone}", "option.text": "{otp}"}
        await root.configure("hanging", "http", {**settings, "TIMEOUT": "14"})
        await root.call(ADMIN, "DisableGateway", "s", ["outbox"])
        name, _ = await root.begin("alice")
        answer = asyncio.create_task(root.respond(name, PIN))
        await asyncio.to_thread(wait_until, lambda: bool(provider.received))
        begun = time.monotonic()
        os.kill(await bus_pid(root), signal.SIGKILL)
        with suppress(BusError, EOFError, OSError):
            await answer
        with next_bus(daemon):
            assert time.monotonic() - begun < 13
            async with Client(daemon.address) as client:
                await client.call(ADMIN, "EnableGateway", "s", ["outbox"])
                await client.call(ADMIN, "DisableGateway", "s", ["hanging"])
                again, _ = await client.begin("alice", rhost="192.0.2.1")
                await client.respond(again, PIN)
                assert await client.respond(again, daemon.code()) == GRANTED


async def test_a_bus_that_stands_still_for_a_while_costs_nothing_but_the_while(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried()
    name, _ = await root.begin("alice")
    await root.respond(name, PIN)
    pid = await bus_pid(root)
    signs = daemon.notices.count("WATCHDOG=1")
    os.kill(pid, signal.SIGSTOP)
    try:
        daemon.wait_for_notice("WATCHDOG=1", signs + 5)  # it waits for nobody
    finally:
        os.kill(pid, signal.SIGCONT)
    assert await root.respond(name, daemon.code()) == GRANTED
