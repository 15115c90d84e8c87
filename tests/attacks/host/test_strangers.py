# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user of a booted host before bus policy, polkit rules and daemon as they are shipped."""

import json
from pathlib import Path
from typing import Any, Final

import pexpect
import pytest

from smsotpd.core.text import has_control_characters
from tests.attacks.test_local_users import SAMPLES, admin_methods
from tests.attacks.test_self_service import SELF
from tests.bus.client import ADMIN, AUTHENTICATION
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY, SERVICE, log_in
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.ssh import OPTIONS

pytestmark = pytest.mark.system

SCRIPT: Final = Path(__file__).with_name("call_everything.py")
IN_MACHINE: Final = "/opt/call_everything.py"
REFUSED: Final = "org.smsotp1.Error.NotAuthorized"


def ask_as(caller: Account, calls: list[list[Any]]) -> list[tuple[str, str]]:
    machine = caller.machine
    machine.copy_in(SCRIPT, IN_MACHINE)
    argv = ["python3", IN_MACHINE]
    done = machine.run(argv, user=caller.name, input=json.dumps(calls))
    return [(member, answer) for member, answer in json.loads(done.stdout)]


def test_no_method_of_administration_serves_another_than_root(
    alice: Account, stranger: Account, tried: Tried
) -> None:
    before = alice.facts()
    samples = SAMPLES | {"s": alice.name}
    calls = [
        [ADMIN, member, "".join(types), [samples[kind] for kind in types]]
        for member, types in admin_methods()
    ]
    tried(2 * len(calls))
    for caller in (stranger, alice):
        answers = ask_as(caller, calls)
        assert [member for member, answer in answers if answer != REFUSED] == []
    assert alice.facts() == before


def test_no_login_of_others_begins(alice: Account, stranger: Account, tried: Tried) -> None:
    names = [alice.name, "root", "nobody-of-that-name", alice.name.upper(), f"{stranger.name}0"]
    calls = [
        [AUTHENTICATION, "Begin", "a{sv}", [{"user": name, "service": "sshd"}]] for name in names
    ]
    tried(len(calls))
    assert {answer for _, answer in ask_as(stranger, calls)} == {REFUSED}


def test_self_service_knows_only_its_caller(
    alice: Account, stranger: Account, tried: Tried
) -> None:
    calls: list[list[Any]] = [
        [SELF, "Status", "", []],
        [SELF, "Change", "sss", ["number", "sms", "+4915112345699"]],
        [SELF, "Change", "sss", ["pin", "", ""]],
        [SELF, "Change", "sss", ["recovery", "", ""]],
        [SELF, "Enrol", "ss", ["sms", "+4915112345699"]],
        [SELF, "Respond", "h", [0]],
    ]
    tried(len(calls))
    assert [member for member, answer in ask_as(stranger, calls) if answer == "answered"] == []
    assert alice.messages() == []


@pytest.mark.parametrize(
    "argv",
    [
        ["smsotpctl", "user", "list"],
        ["smsotpctl", "gateway", "list"],
        ["smsotpctl", "user", "break-glass", "USER", "--for", "15m", "--reason", "mine"],
        ["cat", "/var/lib/smsotp/smsotpd.db"],
        ["ls", "/var/lib/smsotp"],
        ["cat", accounts.OUTBOX],
        ["systemctl", "stop", "smsotpd"],
        ["systemctl", "reload", "smsotpd"],
        ["busctl", "monitor", "org.smsotp1"],
        ["sh", "-c", "kill -KILL $(pgrep -x smsotpd || pgrep -f sbin/smsotpd)"],
        ["sh", "-c", f"echo 'auth sufficient pam_permit.so' >> {SERVICE}"],
        ["sh", "-c", "echo 'x = 1' > /etc/smsotp/smsotpd.d/mine.toml"],
    ],
    ids=lambda argv: " ".join(argv)[:40],
)
def test_no_command_of_a_user_reaches_what_is_the_daemons(
    alice: Account, stranger: Account, tried: Tried, argv: list[str]
) -> None:
    tried()
    words = [alice.name if word == "USER" else word for word in argv]
    done = stranger.machine.run(words, user=stranger.name, check=False, timeout=60)
    assert done.returncode != 0
    assert alice.phone.removeprefix("+") not in done.stdout


@pytest.mark.parametrize(
    "name",
    [
        "{otp}",
        "%s%n",
        "a\nSMSOTP_OUTCOME=granted",
        "a\x1b[2J",
        "$(id)",
        "../root",
        "a b",
        "\u202ea",
    ],
    ids=repr,
)
def test_no_name_typed_at_sshd_forges_an_entry(server: Machine, tried: Tried, name: str) -> None:
    tried()
    mark = server.journal_mark()
    options = [f"-o{option}" for option in (*ONE_TRY, *OPTIONS)]
    terminal = server.spawn(["ssh", *options, "-l", name, "localhost", "true"])
    if terminal.expect(["PIN: ", pexpect.EOF]) == 0:
        terminal.sendline("wrong")
        terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 255
    known = name.partition("/")[0]  # what follows is no name to sshd (auth2.c: a style)
    for entry in server.journal(after=mark):
        assert "SMSOTP_OUTCOME" not in entry
        assert "granted" not in str(entry.get("MESSAGE", "")) or "SMSOTP_OUTCOME" in name
        assert entry.get("SMSOTP_USER", known) == known
        assert not has_control_characters(str(entry.get("SMSOTP_USER", "")))


def test_after_all_of_it_users_log_in(alice: Account, tried: Tried) -> None:
    tried()
    log_in(alice)
    assert PIN not in accounts.journal_text(alice.machine)
