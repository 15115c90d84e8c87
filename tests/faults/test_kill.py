# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every step of a login: no code lets in twice, no count is lowered, all get in again.

Each login is led again and again; each time the daemon dies at another of its commits or replies,
before or after it, until one login comes through untouched.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyotp
import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import SECONDS, Daemon
from tests.faults.extent import ALL
from tests.faults.mortal_daemon import PLACES
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
MOST_DEATHS = 60
# Every step, or those with an odd number.
STRIDE = 1 if ALL else 2
GENEROUS = """
sends_per_user_and_day = 1000
sends_per_phone_and_day = 1000
"""

Doom = Callable[[str, int], None]
Way = Callable[[Client], Awaitable[str]]
THE_SENT_ONE = "the code that is sent"


@dataclass(slots=True)
class Seen:
    """What the client of a login saw before the daemon died."""

    code: str = ""
    granted: bool = False
    denied: int = 0
    whole: bool = False


@pytest.fixture
def doom(root: Client, daemon: Daemon, tmp_path: Path) -> Doom:
    """Let the daemon be one that can be told where to die, and return how."""
    del root
    file = tmp_path / "fate"
    daemon.interpreter = [sys.executable, "-m", "tests.faults.mortal_daemon", str(file)]
    settings = daemon.configuration / "smsotpd.toml"
    settings.write_text(settings.read_text() + GENEROUS)
    daemon.kill()
    daemon.restart()

    def tell(place: str, number: int) -> None:
        file.write_text(f"{place} {number}")
        daemon.process.send_signal(signal.SIGUSR1)

    return tell


async def sent(_client: Client) -> str:
    return THE_SENT_ONE


async def of_an_app(client: Client) -> str:
    (offer,) = await client.call(ADMIN, "AddAuthenticator", "su", ["alice", 6])
    app = pyotp.parse_uri(offer["uri"].value)
    assert isinstance(app, pyotp.TOTP)
    await client.call(
        ADMIN, "ConfirmAuthenticator", "ss", [offer["authenticator"].value, app.now()]
    )
    return app.at(datetime.now().astimezone(), 1)


async def for_recovery(client: Client) -> str:
    (codes,) = await client.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    return str(codes[0])


async def lead(daemon: Daemon, rhost: str, *answers: str) -> Seen:
    """Give answers to a login, and return what came of it."""
    seen = Seen()
    before = len(daemon.codes())
    try:
        async with Client(daemon.address) as client:
            name, _ = await client.begin("alice", rhost=rhost)
            for answer in answers:
                given = daemon.code() if answer == THE_SENT_ONE else answer
                steps = await asyncio.wait_for(client.respond(name, given), SECONDS)
                seen.granted = steps == GRANTED
                said = str(steps)
                seen.denied += "Wrong code" in said or "PAM_AUTH_ERR" in said
                if steps[-1][0] == "outcome":
                    break
            # It may have died just after it answered.
            await client.call("org.freedesktop.DBus.Peer", "Ping")
            seen.whole = True
    except BusError:
        pass  # the bus says that the daemon is gone
    if len(daemon.codes()) > before:
        seen.code = daemon.code()
    return seen


async def failures(daemon: Daemon) -> int:
    async with Client(daemon.address) as client:
        (details,) = await client.call(ADMIN, "ShowUser", "s", ["alice"])
    return int(details["failures"].value)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", [sent, of_an_app, for_recovery])
async def test_no_code_lets_in_twice(
    daemon: Daemon, doom: Doom, tried: Tried, place: str, way: Way
) -> None:
    for number in range(1, MOST_DEATHS, STRIDE):
        async with Client(daemon.address) as client:
            given = await way(client)
        doom(place, number)
        tried()
        here, elsewhere = f"192.0.2.{number}", f"198.51.100.{number}"
        seen = await lead(daemon, here, PIN, given)
        if seen.whole:
            assert seen.granted
            return
        daemon.kill()
        daemon.restart()
        code = seen.code if given == THE_SENT_ONE else given
        if code:
            again = await lead(daemon, here, PIN, code)
            third = await lead(daemon, here, PIN, code)
            assert seen.granted + again.granted + third.granted <= 1, f"{place} {number}"
        assert (await lead(daemon, elsewhere, PIN, THE_SENT_ONE)).granted, f"{place} {number}"
    pytest.fail("the daemon died at every number")


@pytest.mark.parametrize("place", PLACES)
async def test_no_wrong_answer_is_forgotten(
    daemon: Daemon, doom: Doom, tried: Tried, place: str
) -> None:
    for number in range(1, MOST_DEATHS, STRIDE):
        async with Client(daemon.address) as client:
            await client.call(ADMIN, "UnlockUser", "s", ["alice"])
        doom(place, number)
        tried()
        seen = await lead(daemon, f"192.0.2.{number}", PIN, "000000", "111111")
        if seen.whole:
            doom("nowhere", 0)
        else:
            daemon.kill()
            daemon.restart()
        assert await failures(daemon) >= seen.denied, f"{place} {number}"
        if seen.whole:
            assert seen.denied
            return
    pytest.fail("the daemon died at every number")
