# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Guessing at many places at once: no more answers than one after the other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.bus.client import ADMIN, BusError, Client, Steps
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

WRONG_PIN = "86420"
CONNECTIONS = 25
EACH = 20


@pytest_asyncio.fixture
async def crowd(daemon: Daemon) -> AsyncIterator[list[Client]]:
    """Connect many terminals, as many logins at once do."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Client(daemon.address)) for _ in range(CONNECTIONS)]


async def answer(client: Client, transaction: str, text: str) -> list[str]:
    """Return the last step, or the error in its place."""
    try:
        steps: Steps = await client.respond(transaction, text)
    except BusError as error:
        return ["error", error.name]
    return steps[-1]


async def open_everywhere(
    crowd: Sequence[Client], *answers: str, service: str = "", rhost: str = ""
) -> list[tuple[Client, str]]:
    """Begin logins at all terminals, of many services from many hosts unless told otherwise."""
    opened = []
    for number, client in enumerate(crowd):
        for each in range(EACH):
            transaction, _ = await client.begin(
                "alice",
                service or f"service{each}",
                rhost=rhost or f"192.0.2.{number}",
            )
            for text in answers:
                await client.respond(transaction, text)
            opened.append((client, transaction))
    return opened


async def failures(root: Client) -> tuple[int, str]:
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    return details["failures"].value, details["state"].value


async def test_five_hundred_pins_at_once_get_ten_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    tried(CONNECTIONS * EACH + 2)
    opened = await open_everywhere(crowd)
    async with asyncio.timeout(120):
        ends = await asyncio.gather(*(answer(*login, WRONG_PIN) for login in opened))
    assert Counter(map(tuple, ends)) == {("outcome", "PAM_AUTH_ERR"): CONNECTIONS * EACH}
    assert await failures(root) == (10, "locked")

    transaction, _ = await root.begin("alice")
    assert (await root.respond(transaction, PIN))[-1] == ["outcome", "PAM_AUTH_ERR"]
    daemon.kill()
    daemon.restart()
    async with Client(daemon.address) as later:
        transaction, _ = await later.begin("alice")
        assert (await later.respond(transaction, PIN))[-1] == ["outcome", "PAM_AUTH_ERR"]
    assert daemon.messages() == []


async def test_five_hundred_codes_at_once_get_three_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    tried(CONNECTIONS * EACH)
    opened = await open_everywhere(crowd, PIN, service="login", rhost="192.0.2.1")
    assert len(daemon.messages()) == 1
    wrong = next(code for code in ("000000", "111111") if code != daemon.code())
    async with asyncio.timeout(120):
        ends = await asyncio.gather(*(answer(*login, wrong) for login in opened))
    kinds = Counter(text.split(",")[0] if kind == "hidden" else text for kind, text in ends)
    assert kinds["Wrong code"] == 2
    assert kinds["PAM_MAXTRIES"] == 1
    assert kinds.total() == CONNECTIONS * EACH
    assert set(kinds) == {"Wrong code", "PAM_MAXTRIES", next(k for k in kinds if "expired" in k)}
    assert await failures(root) == (3, "active")


async def test_five_hundred_right_codes_at_once_let_in_one(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    tried(CONNECTIONS * EACH)
    opened = await open_everywhere(crowd, PIN, service="login", rhost="192.0.2.1")
    code = daemon.code()
    async with asyncio.timeout(120):
        ends = await asyncio.gather(*(answer(*login, code) for login in opened))
    assert sum(end == ["outcome", "PAM_SUCCESS"] for end in ends) == 1
    assert await failures(root) == (0, "active")


@pytest.mark.usefixtures("root")
async def test_codes_over_services_hosts_resends_and_restarts_share_the_count(
    daemon: Daemon, tried: Tried
) -> None:
    tried(4 * 2 * 3)
    for service in ("login", "sudo", "lightdm", "vsftpd"):
        for rhost in ("", "192.0.2.1"):
            async with Client(daemon.address) as client:
                transaction, _ = await client.begin(
                    "alice", service, rhost=rhost, mode="conversation"
                )
                await client.respond(transaction, PIN)
                for typed in ("99999", "r", "99999"):
                    await answer(client, transaction, typed)
        daemon.kill()
        daemon.restart()
    async with Client(daemon.address) as client:
        assert await failures(client) == (10, "locked")
