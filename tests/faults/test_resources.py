# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""No more memory, threads or descriptors for the daemon: logins are refused in words, none is let
in by it, and as soon as there is room again all goes on."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PHONE, PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
MEBIBYTE = 1 << 20
# As shipped, which the other tests are too many for.
HASH_KIB = 47_104
# Seconds. The daemon of the tests tells that it lives five times a second, each time by a socket.
SIGNS_ARE_DUE = 1.0
UNSENT = "The code could not be sent"
REFUSALS = {"org.smsotp1.Error.Busy", "org.smsotp1.Error.Unavailable"}


@pytest_asyncio.fixture
async def carol(root: Client, daemon: Daemon) -> Client:
    """Root's connection, with carol enrolled, whose PIN costs what the shipped one does."""
    file = daemon.configuration / "smsotpd.toml"
    file.write_text(file.read_text().replace("memory_kib = 8", f"memory_kib = {HASH_KIB}"))
    daemon.kill()
    daemon.restart()
    await root.enrol("carol", PHONE, PIN)
    return root


def in_status(daemon: Daemon, name: str) -> int:
    """Return what the kernel says of the daemon's memory, in bytes (proc(5))."""
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024


def data(daemon: Daemon) -> int:
    """Return how much memory the daemon has asked for that is its own."""
    return in_status(daemon, "VmData")


@contextmanager
def limited(daemon: Daemon, what: int, most: int) -> Iterator[None]:
    """Give the daemon no more of something meanwhile."""
    before = resource.prlimit(daemon.process.pid, what)
    resource.prlimit(daemon.process.pid, what, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(daemon.process.pid, what, before)


async def log_in(client: Client, daemon: Daemon, user: str, rhost: str = "") -> object:
    name, _ = await client.begin(user, rhost=rhost)
    steps = await client.respond(name, PIN)
    return steps if steps[-1][0] == "outcome" else await client.respond(name, daemon.code())


async def failures(client: Client, user: str) -> int:
    (details,) = await client.call(ADMIN, "ShowUser", "s", [user])
    return int(details["failures"].value)


async def test_without_memory_for_a_hash_a_right_pin_is_not_called_wrong(
    carol: Client, daemon: Daemon, tried: Tried
) -> None:
    assert await log_in(carol, daemon, "carol") == GRANTED
    with limited(daemon, resource.RLIMIT_DATA, data(daemon) + 8 * MEBIBYTE):
        for _ in range(3):
            tried()
            name, _ = await carol.begin("carol")
            with pytest.raises(BusError) as caught:
                await carol.respond(name, PIN)
            assert caught.value.name in REFUSALS
            assert "internal error" not in caught.value.text
    assert daemon.process.poll() is None
    assert await log_in(carol, daemon, "carol") == GRANTED


async def test_without_memory_an_unknown_user_meets_the_same_words(
    carol: Client, daemon: Daemon, tried: Tried
) -> None:
    assert await log_in(carol, daemon, "carol") == GRANTED
    with limited(daemon, resource.RLIMIT_DATA, data(daemon) + 8 * MEBIBYTE):
        told = set()
        for user in ("carol", "nobody-here"):
            tried()
            name, _ = await carol.begin(user)
            with pytest.raises(BusError) as caught:
                await carol.respond(name, PIN)
            told.add((caught.value.name, caught.value.text))
    assert len(told) == 1


async def test_without_a_thread_to_be_had_logins_are_refused_in_words(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    daemon.kill()
    daemon.restart()  # no thread was needed yet
    with limited(daemon, resource.RLIMIT_DATA, data(daemon) + 4 * MEBIBYTE):
        for _ in range(3):
            tried()
            name, _ = await root.begin("alice")
            # The PIN can be checked; the code is handed over in a thread of the gateway's.
            steps = await root.respond(name, PIN)
            assert UNSENT in str(steps)
            assert daemon.messages() == []
    assert daemon.process.poll() is None
    assert await log_in(root, daemon, "alice") == GRANTED


async def test_without_a_descriptor_logins_end_and_the_next_works(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    assert await log_in(root, daemon, "alice") == GRANTED
    with limited(daemon, resource.RLIMIT_NOFILE, daemon.descriptors()):
        for number in range(3):
            tried()
            name, _ = await root.begin("alice", rhost=f"192.0.2.{number}")
            steps = await root.respond(name, PIN)
            assert UNSENT in str(steps)
        await asyncio.sleep(SIGNS_ARE_DUE)
    assert daemon.process.poll() is None
    assert await log_in(root, daemon, "alice", "192.0.2.9") == GRANTED
    signs = daemon.notices.count("WATCHDOG=1")
    daemon.wait_for_notice("WATCHDOG=1", signs + 1)


async def test_a_crowd_of_hashes_takes_turns_and_not_memory(
    carol: Client, daemon: Daemon, tried: Tried
) -> None:
    # The unit has MemoryMax=512M. Hashes take turns in two threads, whoever waits for them.
    begun = [await carol.begin("carol", rhost=f"192.0.2.{number}") for number in range(50)]
    tried(len(begun))
    with limited(daemon, resource.RLIMIT_DATA, data(daemon) + 400 * MEBIBYTE):
        ends = await asyncio.gather(
            *(carol.respond(name, "wrong") for name, _ in begun), return_exceptions=True
        )
    assert all(isinstance(end, list) and end != GRANTED for end in ends), ends
    peak = in_status(daemon, "VmHWM")
    assert peak < 300 * MEBIBYTE, peak
