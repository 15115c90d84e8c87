# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The real daemon with its catalogues: each connection and login in its own language."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bus.client import BusError, Client
from tests.bus.conftest import CONFIGURATION, MASKED, PIN
from tests.bus.daemon import Daemon
from tests.bus.private_bus import ROOT
from tests.fakes.compiled import directory

SELF = "org.smsotp1.SelfService"


class Polyglot(Daemon):
    """The daemon with this tree's catalogues."""

    more_arguments = ("--locale", str(directory()))


@pytest.fixture
def daemon(bus_address: str, tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "etc").mkdir()
    policy = '[policy.kiosk]\nlanguage = "pl"\n[policy.plain]\npin_prompt = "PIN?"\n'
    (tmp_path / "etc/smsotpd.toml").write_text(CONFIGURATION + policy)
    running = Polyglot(bus_address, tmp_path)
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("service", "locale", "prompt"),
    [
        ("sshd", "", f"Code sent to {MASKED}: "),
        ("sshd", "de_DE.UTF-8", f"Code gesendet an {MASKED}: "),
        ("sshd", "xx_XX", f"Code sent to {MASKED}: "),
        ("kiosk", "", f"Kod wysłano na {MASKED}: "),
        ("kiosk", "fr_FR.UTF-8", f"Code envoyé au {MASKED} : "),
    ],
)
async def test_a_login_is_led_in_the_language_that_is_wanted(
    root: Client, daemon: Daemon, service: str, locale: str, prompt: str
) -> None:
    transaction, _ = await root.begin("alice", service=service, locale=locale)
    assert (await root.respond(transaction, PIN))[-1] == ["hidden", prompt]
    assert await root.respond(transaction, daemon.code()) == [["outcome", "PAM_SUCCESS"]]


async def test_a_configured_text_is_said_as_it_is_written(root: Client) -> None:
    _, steps = await root.begin("alice", service="plain", locale="de_DE.UTF-8")
    assert steps == [["hidden", "PIN?"]]


async def test_a_locale_is_a_bounded_text(root: Client) -> None:
    for value in ("x" * 257, "de\x1b[2J"):
        with pytest.raises(BusError):
            await root.begin("alice", locale=value)
        with pytest.raises(BusError):
            await root.call(SELF, "SetLocale", "s", [value])


async def test_users_are_spoken_to_in_their_shells_language(root: Client, daemon: Daemon) -> None:
    await root.enrol("root", "+4915112345611", PIN)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}/daemon",
        "DBUS_SYSTEM_BUS_ADDRESS": daemon.address,
        # A client's own, which this machine need not have.
        "LANG": "de_DE.UTF-8",
    }
    command = [sys.executable, "-m", "smsotpd.cli", "self", "pin", "--answers-stdin"]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        env=environment,
        input=f"{PIN}\n1234\nRosenkohl-7\nRosenkohl-7\n".encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Diese PIN würde jeder" in done.stderr.decode()
    assert "geändert und gilt ab jetzt." in done.stdout.decode()
