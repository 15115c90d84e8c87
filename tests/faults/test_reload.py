# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration is read anew in mid-login, good or bad: logins in progress go on."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bus.client import ADMIN, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]

Spoil = Callable[[Path], None]


def become(text: str | bytes) -> Spoil:
    """Return what overwrites the configuration."""
    raw = text.encode() if isinstance(text, str) else text

    def spoil(file: Path) -> None:
        file.write_bytes(raw)

    return spoil


def be_half_written(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-25])


def be_a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def be_a_loop(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


def have_a_bad_drop_in(file: Path) -> None:
    (file.parent / "smsotpd.d").mkdir(exist_ok=True)
    (file.parent / "smsotpd.d/50-bad.toml").write_text("[policy.sshd]\nfactors = ['luck']\n")


def have_a_file_for_a_directory(file: Path) -> None:
    shutil.rmtree(file.parent / "smsotpd.d", ignore_errors=True)
    (file.parent / "smsotpd.d").write_text("")


def have_a_bad_gateway(file: Path) -> None:
    (file.parent / "gateways.d").mkdir(exist_ok=True)
    (file.parent / "gateways.d/bad.toml").write_text('type = "pigeon"\n')


SPOILT: dict[str, Spoil] = {
    "is half written": be_half_written,
    "is no TOML": become("[[[\n"),
    "is not text": become(b"\xff\xfe\x00\x01" * 99),
    "holds NUL": become("[pin]\nthreads\0 = 2\n"),
    "has an unknown key": become("[policy.default]\nfactor = ['code']\n"),
    "has a bad value": become("[policy.default]\ncode_digits = 3\n"),
    "has a value of another kind": become("[limits]\nfailures_to_lock = 'many'\n"),
    "has a key twice": become("[pin]\nthreads = 2\nthreads = 2\n"),
    "has a table for a value": become("[limits.failures_to_lock]\n"),
    "has a value for a table": become("policy = 3\n"),
    "has a number without end": become(f"[pin]\nthreads = {'9' * 5000}\n"),
    "is nested without end": become(f"x = {'[' * 20_000}\n"),
    "is large": become("#" * (2 << 20)),
    "names a gateway that nobody could": become("[gateways]\norder = ['../../x']\n"),
    "is a directory": be_a_directory,
    "is a symbolic link to itself": be_a_loop,
    "has a bad drop-in": have_a_bad_drop_in,
    "has a file where the drop-ins are": have_a_file_for_a_directory,
    "has a gateway of no type": have_a_bad_gateway,
}

NEW: dict[str, str] = {
    "asks for longer codes": "[policy.default]\ncode_digits = 8\n",
    "allows one answer": "[policy.default]\nwrong_answers = 1\n",
    "wants no PIN": "[policy.default]\nfactors = ['code']\n",
    "is led in two attempts": "[policy.default]\nmode = 'two-attempt'\n",
    "shortens codes' lives": "[policy.default]\ncode_seconds = 30\n",
    "shortens logins": "[daemon]\ntransaction_seconds = 30\n",
    "opens fewer logins": "[daemon]\nmost_transactions = 16\n",
}


async def log_in_anew(root: Client, daemon: Daemon, rhost: str) -> object:
    name, _ = await root.begin("alice", rhost=rhost)
    await root.respond(name, PIN)
    return await root.respond(name, daemon.code())


@pytest.mark.parametrize("how", SPOILT)
async def test_logins_go_on_where_the_new_configuration(
    root: Client, daemon: Daemon, tried: Tried, how: str
) -> None:
    tried()
    file = daemon.configuration / "smsotpd.toml"
    at_pin, _ = await root.begin("alice", rhost="192.0.2.1")
    at_code, _ = await root.begin("alice", rhost="192.0.2.2")
    await root.respond(at_code, PIN)
    code = daemon.code()
    SPOILT[how](file)
    daemon.reload()
    (status,) = await root.call(ADMIN, "Status")
    complaint = status["configuration_complaint"].value
    assert str(daemon.configuration) in complaint, "it is told which file"
    assert len(complaint) < 500
    assert await root.respond(at_code, code) == GRANTED
    assert (await root.respond(at_pin, PIN))[-1][0] == "hidden"
    assert await root.respond(at_pin, daemon.code()) == GRANTED
    assert await log_in_anew(root, daemon, "192.0.2.3") == GRANTED


@pytest.mark.parametrize("how", NEW)
async def test_a_login_is_led_to_its_end_where_the_new_configuration(
    root: Client, daemon: Daemon, tried: Tried, how: str
) -> None:
    tried()
    file = daemon.configuration / "smsotpd.toml"
    at_pin, _ = await root.begin("alice", rhost="192.0.2.1")
    at_code, _ = await root.begin("alice", rhost="192.0.2.2")
    await root.respond(at_code, PIN)
    code = daemon.code()
    file.write_text(file.read_text() + NEW[how])
    daemon.reload()
    (status,) = await root.call(ADMIN, "Status")
    assert status["configuration_complaint"].value == ""
    assert await root.respond(at_code, code) == GRANTED
    assert (await root.respond(at_pin, PIN))[-1][0] == "hidden"
    assert await root.respond(at_pin, daemon.code()) == GRANTED


async def test_a_hundred_reloads_during_logins_change_nothing(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    file = daemon.configuration / "smsotpd.toml"
    good = file.read_text()
    descriptors = daemon.descriptors()
    for number in range(20):
        name, _ = await root.begin("alice", rhost=f"192.0.2.{number}")
        answer = asyncio.create_task(root.respond(name, PIN))
        for text in ("nonsense = 1\n", good, "[[", good, good):
            tried()
            file.write_text(text)
            daemon.reload()
            await asyncio.sleep(0)
        assert (await answer)[-1][0] == "hidden"
        assert await root.respond(name, daemon.code()) == GRANTED
    assert daemon.descriptors() <= descriptors + 2
