# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Modems under the unit's real rights: none as installed, enough for a login with the drop-in."""

import pytest

from smsotpd.core.events import CodeSent
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.modem.attached import Modem, allow_devices, code_in, configure
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

ORDER = '[gateways]\norder = ["gsm"]\n'
TRY = ("sh", "-c", "echo +491701234567 | smsotpctl modem send-test gsm --to-fd 0")
RECOVER = "smsotp-modem-recover@gsm"
RUNS = "/run/recovered"


def log_in_by(alice: Account, *modems: Modem) -> None:
    """Log in by ssh with the code that one of the modems sends."""
    before = [len(modem.sent()) for modem in modems]
    with (
        accounts.settings(alice.machine, ORDER),
        SshLogin(alice.machine, alice.name) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        new = [modem.sent()[count:] for modem, count in zip(modems, before, strict=True)]
        [pdu] = [pdu for sent in new for pdu in sent]
        login.answer(code_in(pdu))
        assert login.result().granted
    [event] = alice.journal(CodeSent)
    assert event["SMSOTP_GATEWAY"] == "gsm"


def test_as_installed_the_daemon_may_not_open_a_modem_and_says_so(
    server: Machine, modem: Modem
) -> None:
    configure(server, modem)
    refused = server.run(TRY, check=False)
    assert refused.returncode != 0
    assert "may not open the device: see smsotpd(8), MODEMS" in refused.stdout + refused.stderr
    assert modem.sent() == []


def test_a_login_by_the_code_that_the_modem_sent(
    server: Machine, modem: Modem, alice: Account
) -> None:
    configure(server, modem)
    allow_devices(server)
    tested = server.run(TRY, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    log_in_by(alice, modem)
    assert len(modem.sent()) == 2
    listed = server.run(["smsotpctl", "modem", "list"]).stdout
    for shown in ("gsm", "ready", "huawei E1752", "home network, Operator", "4 of 5 bars"):
        assert shown in listed
    told = server.run(["smsotpctl", "modem", "status", "gsm"]).stdout
    for shown in (
        "huawei E1752",
        "•••7518",
        "ready",
        "-79 dBm",
        "•••0000",
        "Waiting",
        "registered",
    ):
        assert shown in told
    assert "490154203237518" not in told


def test_a_login_goes_by_the_modem_that_is_left(
    server: Machine, modems: tuple[Modem, Modem], alice: Account
) -> None:
    first, second = modems
    configure(server, first, second)
    allow_devices(server)
    wait_until(lambda: "all 2 modems can send" in status(server), 30, "both are ready")
    first.unplug()
    log_in_by(alice, second)
    wait_until(lambda: "1 of 2 modems can send" in status(server), 30, "the loss is told")
    listed = server.run(["smsotpctl", "modem", "list"]).stdout
    assert "gsm 1" in listed
    assert "gsm 2" in listed


def test_the_lock_file_names_the_daemon_and_foreign_ones_are_respected(
    server: Machine, modem: Modem
) -> None:
    server.run(["install", "-d", "-m", "1777", "/run/lock"])
    lock = f"/run/lock/LCK..{modem.port.rpartition('/')[2]}"
    configure(server, modem, LOCK_FILE="yes")
    allow_devices(server, "ReadWritePaths=/run/lock")
    wait_until(lambda: "registered" in status(server), 30, "it is ready")
    asked = ["systemctl", "show", "--property=MainPID", "--value", "smsotpd"]
    assert server.read_text(lock) == f"{int(server.run(asked).stdout):10}\n"
    server.run(["systemctl", "stop", "smsotpd"])
    assert server.run(["test", "-e", lock], check=False).returncode == 1, "removed at the end"
    # Root's processes are not the daemon's to signal, and yet they are there.
    server.write_text(lock, f"{1:10}\n")
    server.run(["systemctl", "restart", "smsotpd"])
    assert "it has the lock file" in status(server)
    server.write_text(lock, f"{4194303:10}\n")
    server.run(["chown", "root:root", lock])
    wait_until(lambda: "remove it" in status(server), 30, "a leftover of root's is told")
    server.run(["rm", lock])
    wait_until(lambda: "registered" in status(server), 90, "it is ready again")


def test_a_call_for_help_runs_the_administrators_script_and_not_without_end(
    server: Machine,
) -> None:
    server.write_text("/etc/smsotp/modem-recover", f'#!/bin/sh\necho "$(id -un) $*" >>{RUNS}\n')
    server.run(["chmod", "0755", "/etc/smsotp/modem-recover"])
    enabled = server.run(["systemctl", "is-enabled", f"{RECOVER}.path"], check=False)
    assert enabled.stdout.strip() == "disabled", "as installed"
    call_for_help(server)
    server.run(["systemctl", "enable", "--now", f"{RECOVER}.path"])
    assert runs(server) == []
    for count in range(1, 5):
        call_for_help(server)
        wait_until(lambda count=count: len(runs(server)) >= count, 20, "the script has run")  # type: ignore[misc]  # mypy cannot infer the default's type
    for _ in range(5):
        call_for_help(server)
    server.run(["sleep", "1"])
    assert runs(server) == ["root gsm"] * 4, "a daemon gone bad gets no more out of root"
    server.run(["systemctl", "disable", "--now", f"{RECOVER}.path"])
    server.run(["systemctl", "reset-failed", f"{RECOVER}.path", f"{RECOVER}.service"], check=False)
    server.run(["rm", "-f", RUNS, "/etc/smsotp/modem-recover"])


def status(server: Machine) -> str:
    """Return what the gateway's status says, whether it is down or not."""
    done = server.run(["smsotpctl", "modem", "status", "gsm"], check=False)
    return done.stdout + done.stderr


def call_for_help(server: Machine) -> None:
    """Do what the daemon does where a modem stays lost, with its code and as its user."""
    code = (
        "from pathlib import Path\n"
        "from smsotpd.modem.call_for_help import RecoveryFiles\n"
        "RecoveryFiles(Path('/var/lib/smsotp')).call('gsm')\n"
    )
    server.run(["python3", "-I", "-c", code], user="smsotp")


def runs(server: Machine) -> list[str]:
    """Return who ran the script, and with which arguments."""
    return server.run(["cat", RUNS], check=False).stdout.splitlines()
