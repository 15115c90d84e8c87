# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl` as a program of its own, against the real daemon on a private bus."""

import json
import os
import pty
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pexpect
import pytest

from smsotpd.cli.client import AdminClient
from smsotpd.cli.exit import Exit
from tests.bus.conftest import MASKED, PHONE, PIN
from tests.bus.daemon import Daemon
from tests.bus.private_bus import ROOT

CONTRACT = ROOT / "packaging/usr/share/dbus-1/interfaces/org.smsotp1.xml"
COMMAND = [sys.executable, "-m", "smsotpd.cli"]


def environment(address: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}/daemon",
        "DBUS_SYSTEM_BUS_ADDRESS": address,
        "LC_ALL": "C.UTF-8",
    }


def run(
    address: str, *arguments: str, typed: str = "", user: int | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(address),
        input=typed,
        user=user,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def enrol(daemon: Daemon) -> None:
    outbox = ["--type", "outbox", "--set", f"PATH={daemon.outbox}"]
    assert run(daemon.address, "gateway", "configure", "box", *outbox).returncode == Exit.DONE
    done = run(
        daemon.address, "user", "enrol", "alice", "--answers-stdin", "--no-verify",
        typed=f"{PHONE}\n{PIN}",
    )  # fmt: skip
    assert done.returncode == Exit.DONE, done.stderr


def test_a_script_sets_up_everything(daemon: Daemon) -> None:
    enrol(daemon)

    users = json.loads(run(daemon.address, "user", "list", "--json").stdout)
    assert [(user["user"], user["phone"], user["has_pin"]) for user in users] == [
        ("alice", MASKED, True)
    ]
    status = json.loads(run(daemon.address, "status", "--json").stdout)
    assert status["version"] == run(daemon.address, "--version").stdout.split()[-1]
    tested = run(daemon.address, "gateway", "test", "box", "--to-fd", "0", "--json", typed=PHONE)
    assert json.loads(tested.stdout)["outcome"] == "accepted"
    assert "no code" in daemon.messages()[-1]["text"]


def test_every_verb_reaches_the_daemon(daemon: Daemon) -> None:
    enrol(daemon)

    for words in (
        "gateway types", "gateway types http", "gateway list", "gateway show box",
        "gateway disable box", "gateway enable box", "user show alice", "user disable alice",
        "user unlock alice", "user remove alice --yes", "gateway remove box --yes", "user list",
    ):  # fmt: skip
        done = run(daemon.address, *words.split())
        assert done.returncode == Exit.DONE, (words, done.stderr)


def test_a_secret_travels_by_descriptor_and_comes_back_masked(daemon: Daemon) -> None:
    settings = ["--set", "URL=https://sms.example.org", "--set", "USERNAME=me"]
    settings += ["--set", "option.to={phone}", "--set", "option.text={otp}"]

    done = run(
        daemon.address, "gateway", "configure", "main", "--type", "http", *settings,
        "--set-secret", "PASSWORD", typed="t0p-s3cret\n",
    )  # fmt: skip
    changed = run(daemon.address, "gateway", "configure", "main", "--set", "TIMEOUT=5")

    assert (done.returncode, changed.returncode) == (Exit.DONE, Exit.DONE), done.stderr
    shown = json.loads(run(daemon.address, "gateway", "show", "main", "--json").stdout)
    assert shown["settings"]["TIMEOUT"] == "5"
    assert shown["settings"]["URL"] == "https://sms.example.org"
    assert set(shown["settings"]["PASSWORD"]) == {"•"}


def test_an_enrolment_is_verified_by_the_code_that_arrived(daemon: Daemon) -> None:
    enrol(daemon)
    pending = run(
        daemon.address, "user", "enrol", "bob", "--answers-stdin", "--verify-later", "--json",
        typed=f"{PHONE}\n{PIN}",
    )  # fmt: skip
    name = json.loads(pending.stdout)["enrolment"]

    assert run(daemon.address, "user", "show", "bob").returncode == Exit.NOT_FOUND
    done = run(daemon.address, "user", "verify", name, "--code-stdin", typed=daemon.code())
    assert done.returncode == Exit.DONE, done.stderr
    assert run(daemon.address, "user", "show", "bob").returncode == Exit.DONE


@pytest.mark.parametrize(
    ("words", "typed", "code"),
    [
        ("user show nobody", "", Exit.NOT_FOUND),
        ("gateway show none", "", Exit.NOT_FOUND),
        ("gateway configure x --type http --set URL=ftp://x", "", Exit.USAGE),
        ("gateway configure X/Y --type outbox", "", Exit.USAGE),
        ("user enrol carol --answers-stdin --no-verify", f"0170\n{PIN}", Exit.USAGE),
        ("user enrol carol --answers-stdin --no-verify", f"{PHONE}\n1234", Exit.USAGE),
        ("user enrol carol --answers-stdin --no-verify", f"{PHONE}\n\n", Exit.REFUSED),
        ("user enrol carol --address-fd 0 --keep-pin --no-verify", PHONE, Exit.REFUSED),
        ("user enrol carol --phone +491701234567 --pin-stdin --no-verify", PIN, Exit.USAGE),
        ("user verify none --code-stdin", "123456", Exit.NOT_FOUND),
        ("nonsense", "", Exit.USAGE),
        ("user enrol carol --phone", "", Exit.USAGE),
    ],
)
def test_bad_input_has_a_text_and_an_exit_code(
    words: str, typed: str, code: Exit, daemon: Daemon
) -> None:
    done = run(daemon.address, *words.split(), typed=typed)

    assert done.returncode == code, done.stderr
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not typed or typed not in done.stdout + done.stderr


def test_another_user_is_told_to_be_root(daemon: Daemon) -> None:
    # Whoever the tests run as may not be able to read this tree as another user.
    done = run_as_nobody(daemon.address, "user", "list")

    assert done.returncode == Exit.NOT_AUTHORIZED
    assert "sudo smsotpctl" in done.stderr


def run_as_nobody(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    drop = "import os, runpy, sys; import smsotpd.cli.main, smsotpd.cli.user, smsotpd.cli.bus; "
    drop += "os.setresuid(65534, 65534, 65534); sys.argv[0] = 'smsotpctl'; "
    drop += "smsotpd.cli.main.main()"
    return subprocess.run(
        [sys.executable, "-c", drop, *arguments],
        env=environment(address), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_a_name_owned_by_a_stranger_is_told_nothing(daemon: Daemon) -> None:
    # The daemon of the tests runs as root; to nobody that is fine, to root a stranger is not.
    check = "from smsotpd.cli import bus; bus._trusted_uids = lambda: {12345}; "
    check += "from smsotpd.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", check, "status"],
        env=environment(daemon.address), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert done.returncode == Exit.UNAVAILABLE
    assert "neither root nor smsotp" in done.stderr


def test_without_a_daemon_the_remedy_is_told(bus_address: str) -> None:
    done = run(bus_address, "status")

    assert done.returncode == Exit.UNAVAILABLE
    assert "systemctl status smsotpd" in done.stderr


def test_without_a_bus_the_remedy_is_told(tmp_path: Path) -> None:
    done = run(f"unix:path={tmp_path}/none", "status")

    assert done.returncode == Exit.UNAVAILABLE
    assert "system bus cannot be reached" in done.stderr


def test_a_person_enrols_on_a_terminal_without_the_pin_being_seen(daemon: Daemon) -> None:
    enrol(daemon)
    arguments = ["-m", "smsotpd.cli", "user", "enrol", "bob"]
    terminal = pexpect.spawn(
        sys.executable, arguments, env=environment(daemon.address), timeout=20, encoding="utf-8"
    )
    terminal.expect("Phone number")
    terminal.sendline(PHONE)
    for question in ("New PIN", "Once more"):
        terminal.expect(question)
        terminal.waitnoecho()
        terminal.sendline(PIN)
    terminal.expect("Code that arrived")
    terminal.sendline(daemon.code())
    terminal.expect("bob is enrolled")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == Exit.DONE


def test_a_table_is_drawn_on_a_terminal(daemon: Daemon) -> None:
    enrol(daemon)
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "user", "list"],
        env=environment(daemon.address), stdin=subprocess.DEVNULL, stdout=terminal,
        timeout=30, check=False,
    )  # fmt: skip
    os.close(terminal)
    shown = os.read(controller, 10_000).decode()
    os.close(controller)

    assert done.returncode == Exit.DONE
    assert "─" in shown
    assert MASKED in shown


def test_the_client_knows_every_member_of_the_contract() -> None:
    interface = ET.parse(CONTRACT).find("interface[@name='org.smsotp1.Admin']")  # noqa: S314  # our own file
    assert interface is not None
    members = {method.get("name", "") for method in interface.iter("method")}

    called = {
        constant
        for function in vars(AdminClient).values()
        if hasattr(function, "__code__")
        for constant in function.__code__.co_consts
        if isinstance(constant, str)
    }

    assert members <= called
