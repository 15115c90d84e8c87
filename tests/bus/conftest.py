# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A private bus under the shipped policy, with the real daemon on it."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bus.client import Client
from tests.bus.daemon import Daemon
from tests.bus.private_bus import missing_requirement, private_bus

# Cheap hashes, and no cool-down: those have tests of their own.
CONFIGURATION = """
[pin]
memory_kib = 8
[gateways]
allow_outbox = true
[limits]
resend_seconds = 0
delay_step_seconds = 0
"""
PIN = "73915"
PHONE = "+4915112345689"
MASKED = "+49 ••• ••89"


@pytest.fixture(scope="session", autouse=True)
def requirements() -> None:
    """Skip where there can be no private bus; never in CI."""
    missing = missing_requirement()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI {missing}")
    if missing:
        pytest.skip(missing)


@pytest.fixture
def bus_address() -> Iterator[str]:
    """Run a private bus where other users may connect, too; yield its address."""
    # Not below pytest's own directory: each run of pytest closes that to others again.
    with (
        tempfile.TemporaryDirectory(prefix="private-bus-") as directory,
        private_bus(Path(directory)) as address,
    ):
        yield address


@pytest.fixture
def daemon(bus_address: str, tmp_path: Path) -> Iterator[Daemon]:
    """Run the daemon; yield it when it is ready."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/smsotpd.toml").write_text(CONFIGURATION)
    running = Daemon(bus_address, tmp_path)
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


@pytest_asyncio.fixture
async def root(daemon: Daemon) -> AsyncIterator[Client]:
    """Connect as root, with the outbox configured and alice enrolled."""
    async with Client(daemon.address) as client:
        await client.configure("outbox", "outbox", {"PATH": str(daemon.outbox)})
        await client.enrol("alice", PHONE, PIN)
        yield client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.bus)
