# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every step of a login: no code lets in twice, no count is lowered, all get in again.

Each login is led again and again; each time the daemon dies at another of its commits or replies,
before or after it, until one login comes through untouched.
"""

import asyncio
import sys
from dataclasses import dataclass, field

import pytest

from tests.bus.client import ADMIN, BusError, Client, Steps
from tests.bus.conftest import PIN
from tests.bus.daemon import SECONDS, Daemon
from tests.faults.mortal_daemon import PLACES
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
MOST_DEATHS = 60


@dataclass(slots=True)
class Seen:
    """What the client of a login saw before the daemon died."""

    code: str = ""
    granted: bool = False
    denied: int = 0
    whole: bool = False
    steps: list[Steps] = field(default_factory=list)


async def lead(daemon: Daemon, answers: list[str]) -> Seen:
    """Give answers to a login; `code` among them stands for the one that was sent."""
    seen = Seen()
    sent = len(daemon.messages())
    try:
        async with Client(daemon.address) as client:
            name, _ = await client.begin("alice")
            for answer in answers:
                given = daemon.code() if answer == "code" else answer
                steps = await asyncio.wait_for(client.respond(name, given), SECONDS)
                seen.steps.append(steps)
                seen.granted = steps == GRANTED
                said = str(steps)
                seen.denied += "Wrong code" in said or "PAM_AUTH_ERR" in said
                if steps[-1][0] == "outcome":
                    break
            seen.whole = True
    except BusError:
        pass  # the bus says that the daemon is gone
    if len(daemon.messages()) > sent:
        seen.code = daemon.code()
    return seen


async def failures(daemon: Daemon) -> int:
    async with Client(daemon.address) as client:
        (details,) = await client.call(ADMIN, "ShowUser", "s", ["alice"])
    return int(details["failures"].value)


def rise(daemon: Daemon, place: str = "", number: int = 0) -> None:
    """Start the daemon again, immortal unless told where it dies."""
    daemon.interpreter = [sys.executable]
    if place:
        module = [sys.executable, "-m", "tests.faults.mortal_daemon"]
        daemon.interpreter = [*module, place, str(number)]
    if daemon.process.poll() is None:
        daemon.kill()
    daemon.restart()


def first_number(place: str) -> int:
    """Return from which commit or reply on a login may be at work: before, the daemon starts."""
    return 1 if place.endswith("reply") else 2


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.usefixtures("root")
async def test_no_code_lets_in_twice(daemon: Daemon, tried: Tried, place: str) -> None:
    for number in range(first_number(place), MOST_DEATHS):
        try:
            rise(daemon, place, number)
        except TimeoutError:  # it died while it started: no login was at work
            rise(daemon)
            continue
        tried()
        seen = await lead(daemon, [PIN, "code"])
        if seen.whole:
            assert seen.granted
            return
        rise(daemon)
        if seen.code:
            again = await lead(daemon, [PIN, seen.code])
            assert not (seen.granted and again.granted), f"{place} {number}"
            third = await lead(daemon, [PIN, seen.code])
            assert not third.granted
        fresh = await lead(daemon, [PIN, "r", "code"])
        assert fresh.granted or fresh.steps == [] or (await lead(daemon, [PIN, "code"])).granted
    pytest.fail("the daemon died at every number")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.usefixtures("root")
async def test_no_wrong_answer_is_forgotten(daemon: Daemon, tried: Tried, place: str) -> None:
    for number in range(first_number(place), MOST_DEATHS):
        rise(daemon)
        async with Client(daemon.address) as client:
            await client.call(ADMIN, "UnlockUser", "s", ["alice"])
        try:
            rise(daemon, place, number)
        except TimeoutError:
            continue
        tried()
        seen = await lead(daemon, [PIN, "000000", "111111"])
        rise(daemon)
        assert await failures(daemon) >= seen.denied, f"{place} {number}"
        if seen.whole:
            return
    pytest.fail("the daemon died at every number")
