# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The disk below the daemon fills up, fails or rots: nobody is let in by it, nothing is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import CONFIGURATION, PHONE, PIN
from tests.bus.daemon import SECONDS, Daemon, wait_until
from tests.bus.private_bus import ROOT
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
UNAVAILABLE = "org.smsotp1.Error.Unavailable"


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own for the state, small enough to fill."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    mount("-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(state))
    try:
        yield state
    finally:
        subprocess.run(["umount", "--lazy", str(state)], check=True)


@pytest.fixture
def daemon(bus_address: str, disk: Path, tmp_path: Path) -> Iterator[Daemon]:
    """Run the daemon with its state on that disk."""
    assert disk.is_mount()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/smsotpd.toml").write_text(CONFIGURATION)
    running = Daemon(bus_address, tmp_path)
    # The messages have a disk of their own: what fails here is the store.
    running.outbox = tmp_path / "box/outbox"
    running.outbox.parent.mkdir(mode=0o700)
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no room on a disk meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    yield
    ballast.unlink()


async def log_in(root: Client, daemon: Daemon) -> object:
    name, _ = await root.begin("alice")
    steps = await root.respond(name, PIN)
    if steps[-1][0] == "outcome":
        return steps
    return await root.respond(name, daemon.code())


async def test_a_full_disk_lets_nobody_in_until_there_is_room(
    root: Client, daemon: Daemon, disk: Path, tried: Tried
) -> None:
    assert await log_in(root, daemon) == GRANTED
    with full(disk):
        for _ in range(5):
            tried()
            with suppress(BusError):
                assert await log_in(root, daemon) != GRANTED
    assert await log_in(root, daemon) == GRANTED


async def test_a_code_that_fits_no_more_on_the_disk_is_not_granted(
    root: Client, daemon: Daemon, disk: Path, tried: Tried
) -> None:
    tried()
    name, _ = await root.begin("alice")
    await root.respond(name, PIN)
    code = daemon.code()
    with full(disk):
        with pytest.raises(BusError) as caught:
            await root.respond(name, code)
        assert caught.value.name == UNAVAILABLE
        assert code not in caught.value.text
    again, _ = await root.begin("alice")
    await root.respond(again, PIN)
    assert await root.respond(again, code) == GRANTED


async def test_an_administrator_is_told_and_nothing_is_half_done(
    root: Client, daemon: Daemon, disk: Path, tried: Tried
) -> None:
    assert daemon.process.poll() is None
    with full(disk):
        for number in range(5):
            tried()
            with pytest.raises(BusError) as caught:
                await root.enrol(f"user{number}", PHONE, PIN)
            assert "disk is full" in caught.value.text
    (users,) = await root.call(ADMIN, "ListUsers")
    assert [user["user"].value for user in users] == ["alice"]


async def test_on_a_read_only_disk_the_daemon_ends_in_words_and_comes_back(
    root: Client, daemon: Daemon, disk: Path, tried: Tried
) -> None:
    tried()
    assert await log_in(root, daemon) == GRANTED
    daemon.stop()
    mount("-o", "remount,ro", str(disk))
    refused = Daemon(daemon.address, daemon.directory)
    assert refused.process.stderr is not None
    said = refused.process.stderr.read()
    assert refused.stop() == os.EX_UNAVAILABLE
    assert "smsotpd.db cannot be" in said
    assert "mount" in said
    mount("-o", "remount,rw", str(disk))
    risen = Daemon(daemon.address, daemon.directory)
    risen.wait_ready()
    risen.stop()


async def test_a_damaged_store_is_refused_and_its_copy_lets_log_in_again(
    root: Client, daemon: Daemon, disk: Path, tried: Tried
) -> None:
    tried()
    copy = disk / "smsotpd.db.backup"
    assert await log_in(root, daemon) == GRANTED
    copy.unlink(missing_ok=True)  # made at the start, before anybody was enrolled
    daemon.kill()
    daemon.restart()
    wait_until(copy.exists)
    daemon.kill()
    for name in ("smsotpd.db", "smsotpd.db-wal"):
        (disk / name).write_bytes(b"\xa5" * (disk / name).stat().st_size)

    refused = Daemon(daemon.address, daemon.directory)
    assert refused.process.stderr is not None
    assert refused.process.wait(SECONDS) == os.EX_UNAVAILABLE
    assert "smsotpd --restore" in refused.process.stderr.read()
    assert refused.stop() == os.EX_UNAVAILABLE
    command = [sys.executable, "-m", "smsotpd.main", "--restore", "--state", str(disk)]
    done = subprocess.run(command, env={"PYTHONPATH": f"{ROOT}/daemon"}, check=False)  # noqa: ASYNC221  # nothing else runs
    assert done.returncode == 0

    daemon.restart()
    async with Client(daemon.address) as client:
        assert await log_in(client, daemon) == GRANTED
