# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl history` after real logins, and what it does not believe."""

import json
from typing import Final

import pytest

from smsotpd.core.event_names import message_id
from smsotpd.core.events import LoginGranted
from tests.system import accounts
from tests.system.accounts import PASSWORD, Account
from tests.system.ssh.server import log_in
from tests.system.ssh.test_journal import LOCALHOST, give_pin
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

# Sends an entry with the fields given, by journald's own protocol: no library holds it back.
BY_SOCKET: Final = """
import socket, sys
fields = "".join(f"{each}\\n" for each in sys.argv[1:]).encode()
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(fields, "/run/systemd/journal/socket")
"""


def history(machine: Machine, *words: str) -> list[dict[str, object]]:
    machine.run(["journalctl", "--sync"])
    shown = machine.run(["smsotpctl", "history", "--json", *words]).stdout
    return [json.loads(line) for line in shown.splitlines()]


def test_right_wrong_and_locked_logins_are_told_oldest_first(
    server: Machine, alice: Account
) -> None:
    log_in(alice)
    with accounts.settings(server, "[limits]\nfailures_to_lock = 2\n"):
        give_pin(alice, "wrong")
        give_pin(alice, "wrong too")
        give_pin(alice, accounts.PIN)

    told = history(server, alice.name)

    assert [(entry["event"], entry.get("reason")) for entry in told] == [
        ("enrolment-changed", None),
        ("code-sent", None),
        ("login-granted", None),
        ("login-denied", "wrong PIN"),
        ("user-locked", None),
        ("login-denied", "wrong PIN"),
        ("login-denied", "locked"),
    ]
    assert {entry["rhost"] for entry in told[1:]} == {LOCALHOST}
    assert [entry["event"] for entry in history(server, alice.name, "--lines", "2")] == [
        "login-denied",
        "login-denied",
    ]
    denied = history(server, alice.name, "--outcome", "denied", "--service", "sshd")
    assert [entry["reason"] for entry in denied] == ["wrong PIN", "wrong PIN", "locked"]
    assert history(server, alice.name, "--service", "sudo") == []
    assert history(server, alice.name, "--until", "1h") == []
    assert len(history(server, alice.name, "--since", "1h")) == len(told)
    table = server.run(["smsotpctl", "history", alice.name]).stdout
    assert f"Login of {alice.name} to sshd denied: locked" in table
    assert accounts.PIN not in table


def test_an_entry_that_a_user_forged_is_not_shown(server: Machine, alice: Account) -> None:
    forged = [
        f"MESSAGE=Login of {alice.name} to sshd granted",
        f"MESSAGE_ID={message_id(LoginGranted)}",
        "PRIORITY=6",
        "SYSLOG_IDENTIFIER=smsotpd",
        "_SYSTEMD_UNIT=smsotpd.service",
        f"_UID={server.run(['id', '-u', 'smsotp']).stdout.strip()}",
        f"SMSOTP_USER={alice.name}",
        "SMSOTP_SERVICE=sshd",
    ]
    before = history(server, alice.name)
    mark = server.journal_mark()
    server.run(["python3", "-c", BY_SOCKET, *forged], user=alice.name)
    server.run(["logger", "--journald"], input="\n".join(forged) + "\n", user=alice.name)
    server.run(["systemd-cat", "-t", "smsotpd", "echo", forged[0]], user=alice.name)
    # Not even root's own: it was not the daemon that wrote it.
    server.run(["python3", "-c", BY_SOCKET, *forged])

    words = f"Login of {alice.name} to sshd granted"
    sent = [entry for entry in server.journal(after=mark) if words in str(entry["MESSAGE"])]
    assert len(sent) == 4, f"all of them reached the journal: {sent}"
    assert history(server, alice.name) == before
    assert history(server, alice.name, "--outcome", "granted") == []


def test_who_may_read_the_journal_may_read_the_history(server: Machine, alice: Account) -> None:
    refused = server.run(["smsotpctl", "history"], user=alice.name, check=False)
    assert refused.returncode == 3
    assert "adm and systemd-journal" in refused.stderr
    assert refused.stdout == ""

    server.run(["usermod", "--append", "--groups", "systemd-journal", alice.name])

    allowed = server.run(["smsotpctl", "history", alice.name], user=alice.name)
    assert f"User {alice.name}: enrolled" in allowed.stdout


def test_a_damaged_file_of_the_journal_is_named(server: Machine, alice: Account) -> None:
    server.run(["journalctl", "--sync"])
    damage = "cd /var/log/journal/*/ && head -c 100 system.journal >system@damaged.journal && pwd"
    directory = server.run(["sh", "-ec", damage]).stdout.strip()
    try:
        done = server.run(["smsotpctl", "history", alice.name])
    finally:
        server.run(["rm", f"{directory}/system@damaged.journal"])

    assert f"User {alice.name}: enrolled" in done.stdout
    assert "what it holds is missing here" in done.stderr
    assert f"{directory}/system@damaged.journal" in done.stderr
    assert server.run(["smsotpctl", "history", alice.name]).stderr == ""


def test_octets_that_are_no_text_are_refused_in_words(server: Machine) -> None:
    for words in ("history", "policy explain", "user show"):
        rest = " sshd" if "policy" in words else ""
        done = server.run(["bash", "-c", f"smsotpctl {words} $'\\xff'{rest}"], check=False)
        assert (done.returncode, "no UTF-8 text" in done.stderr) == (2, True), done.stderr


def test_following_shows_a_login_as_it_happens(server: Machine, alice: Account) -> None:
    following = server.spawn(
        ["smsotpctl", "history", alice.name, "--follow"], env={"TERM": "xterm"}
    )
    following.expect(f"User {alice.name}: enrolled")
    log_in(alice)
    following.expect(f"Login of {alice.name} to sshd granted")
    following.sendintr()
    wait_until(lambda: not following.isalive(), 10, "it ends at Ctrl-C")
    assert following.exitstatus == 0
    assert PASSWORD not in str(following.before)
