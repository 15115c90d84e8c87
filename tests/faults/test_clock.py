# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps by a day under the real daemon: nothing lives longer, nothing comes back."""

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from tests.bus.client import ADMIN, BusError, Client, Steps
from tests.bus.conftest import CONFIGURATION, PIN
from tests.bus.daemon import Daemon, wait_until
from tests.tally import Tried

LIBRARY = "/usr/lib/{}/faketime/libfaketimeMT.so.1"
DAY = 86_400
JUMPS = [-DAY, DAY]
GRANTED = [["outcome", "PAM_SUCCESS"]]
# As short as a policy may have it, for the test that waits for it.
CODE_SECONDS = 30
# Failures and sends as few as make a test short; no pause, so that a lock is what refuses.
STRICT = (
    CONFIGURATION.replace("resend_seconds = 0", "resend_seconds = 3600")
    + """
failures_to_lock = 3
lock_seconds = 1800
"""
)

Jump = Callable[[int], None]


@pytest.fixture
def jump(root: Client, daemon: Daemon, tmp_path: Path) -> Jump:
    """Let the daemon believe in a wall clock of its own, and return how to set it.

    Its other clocks are the kernel's, as when an administrator or NTP sets the time.
    """
    del root
    library = LIBRARY.format(os.uname().machine + "-linux-gnu")
    assert Path(library).exists(), "apt-get install libfaketime"
    offset = tmp_path / "offset"
    offset.write_text("+0")
    environment = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    words = [f"{name}={value}" for name, value in environment.items()]
    daemon.interpreter = ["env", *words, sys.executable]
    daemon.kill()
    daemon.restart()

    def set_clock(seconds: int) -> None:
        """Set the daemon's clock so many seconds beside the true one."""
        # A rename: it must never read half a number.
        new = offset.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.replace(offset)

    return set_clock


async def prove_pin(client: Client, **context: str) -> tuple[str, Steps]:
    """Begin a login and give the PIN; return its name and the next steps."""
    name, _ = await client.begin("alice", **context)
    return name, await client.respond(name, PIN)


async def log_in(client: Client, code: str) -> bool:
    """Tell whether PIN and code let in, in a login of their own."""
    name, steps = await prove_pin(client)
    return steps[-1][0] != "outcome" and await client.respond(name, code) == GRANTED


def restrict(daemon: Daemon, text: str) -> None:
    (daemon.configuration / "smsotpd.toml").write_text(text)
    daemon.reload()


@pytest.mark.parametrize("seconds", JUMPS)
async def test_the_daemons_clock_jumps_in_these_tests(
    root: Client, daemon: Daemon, jump: Jump, seconds: int
) -> None:
    jump(seconds)
    daemon.reload()
    (status,) = await root.call(ADMIN, "Status")
    believed = status["configuration_at"].value
    assert abs(believed - datetime.now().astimezone().timestamp() - seconds) < 60
    assert status["uptime_seconds"].value < 60


async def test_a_clock_set_back_lengthens_no_codes_life(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried
) -> None:
    tried()
    restrict(daemon, f"{CONFIGURATION}\n[policy.default]\ncode_seconds = {CODE_SECONDS}\n")
    name, _ = await prove_pin(root)
    made = time.monotonic()
    jump(-DAY)
    wait_until(lambda: time.monotonic() - made > CODE_SECONDS, CODE_SECONDS + 5)
    steps = await root.respond(name, daemon.code())
    assert "expired" in steps[-1][1], steps


async def test_a_clock_set_forward_ends_a_code_and_setting_it_back_revives_none(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried
) -> None:
    tried(2)
    await prove_pin(root)
    code = daemon.code()
    jump(DAY)
    assert not await log_in(root, code)
    jump(0)
    assert not await log_in(root, code)
    assert await log_in(root, daemon.code())


@pytest.mark.parametrize("seconds", JUMPS)
async def test_a_used_code_stays_used(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried, seconds: int
) -> None:
    (spare,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    (glass,) = await root.call(ADMIN, "BreakGlass", "sus", ["alice", 900, "phone lost"])
    await prove_pin(root)
    codes = [daemon.code(), str(spare[0]), str(glass)]
    for code in codes:
        assert await log_in(root, code)
    for at in (seconds, 0):
        jump(at)
        for code in codes:
            tried()
            assert not await log_in(root, code), at


@pytest.mark.parametrize("seconds", JUMPS)
async def test_an_apps_used_code_stays_used_when_its_hour_comes_again(
    root: Client, jump: Jump, tried: Tried, seconds: int
) -> None:
    app = await add_app(root)
    now = datetime.now().astimezone()
    # The next step's code, since the present one confirmed the app.
    code = app.at(now, 1)
    assert await log_in(root, code)
    elsewhere = app.at(now + timedelta(seconds=seconds), 1)
    jump(seconds)
    tried(2)
    assert not await log_in(root, code), "it belongs to another day"
    # An app that goes by the daemon's clock; codes of the past are past, too.
    assert await log_in(root, elsewhere) is (seconds > 0)
    jump(0)
    tried(2)
    assert not await log_in(root, code)
    assert not await log_in(root, elsewhere)


async def test_an_app_is_good_again_once_the_clock_is(
    root: Client, jump: Jump, tried: Tried
) -> None:
    app = await add_app(root)
    for seconds in JUMPS:
        tried()
        jump(seconds)
        assert not await log_in(root, app.at(datetime.now().astimezone(), 1))
    jump(0)
    assert await log_in(root, app.at(datetime.now().astimezone(), 1))


async def add_app(root: Client) -> pyotp.TOTP:
    (offer,) = await root.call(ADMIN, "AddAuthenticator", "su", ["alice", 6])
    app = pyotp.parse_uri(offer["uri"].value)
    assert isinstance(app, pyotp.TOTP)
    body = [offer["authenticator"].value, app.now()]
    await root.call(ADMIN, "ConfirmAuthenticator", "ss", body)
    return app


@pytest.mark.parametrize("seconds", JUMPS)
@pytest.mark.parametrize("restarted", [False, True])
async def test_no_jump_ends_a_lock(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried, *, seconds: int, restarted: bool
) -> None:
    restrict(daemon, STRICT)
    for _ in range(3):
        name, _ = await root.begin("alice")
        await root.respond(name, "wrong")
    jump(seconds)
    if restarted:
        daemon.kill()
        daemon.restart()
    tried()
    _, steps = await prove_pin(root)
    assert steps[-1] == ["outcome", "PAM_AUTH_ERR"]
    jump(0)
    tried()
    _, steps = await prove_pin(root)
    assert steps[-1] == ["outcome", "PAM_AUTH_ERR"]
    assert daemon.messages() == []


@pytest.mark.parametrize("seconds", JUMPS)
async def test_no_jump_ends_a_cool_down(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried, seconds: int
) -> None:
    restrict(daemon, STRICT)
    await prove_pin(root)
    for at in (seconds, 0):
        jump(at)
        tried()
        _, steps = await prove_pin(root, rhost="192.0.2.9")
        assert re.search(r"Try again in 3[56]\d\d s", str(steps)), steps
    assert len(daemon.messages()) == 1


@pytest.mark.parametrize("seconds", JUMPS)
async def test_no_jump_fills_up_a_budget(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried, seconds: int
) -> None:
    restrict(daemon, f"{CONFIGURATION}sends_per_user_and_day = 2\n")
    for number in range(3):
        await prove_pin(root, rhost=f"192.0.2.{number}")
    assert len(daemon.messages()) == 2
    for at in (seconds, 0):
        jump(at)
        tried()
        _, steps = await prove_pin(root, rhost="192.0.2.9")
        assert "Too many codes were sent" in str(steps)
    assert len(daemon.messages()) == 2


async def test_a_login_in_progress_ends_with_a_day_ahead_and_goes_on_with_a_day_back(
    root: Client, daemon: Daemon, jump: Jump, tried: Tried
) -> None:
    tried(2)
    name, _ = await prove_pin(root)
    jump(-DAY)
    assert await root.respond(name, daemon.code()) == GRANTED
    jump(0)
    name, _ = await prove_pin(root)
    jump(DAY)
    daemon.wait_for_notice("WATCHDOG=1", daemon.notices.count("WATCHDOG=1") + 2)
    with pytest.raises(BusError) as caught:
        await root.respond(name, daemon.code())
    assert caught.value.name == "org.smsotp1.Error.NoSuchTransaction"
