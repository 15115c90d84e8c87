# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Hundreds log in by ssh at once: the right ones are in, no count is lost, memory is bounded."""

from collections import Counter
from pathlib import Path

import pytest

from smsotpd.core.events import LoginGranted
from smsotpd.journal.catalogue import message_id
from tests.faults.extent import ALL
from tests.faults.host.unit import asked
from tests.system.accounts import PIN, Account, open_transactions
from tests.system.ssh.server import pam_arguments, sshd_settings
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

CROWD = 300 if ALL else 60
DIRECTORY = "/root/crowd"
# As crowd.sh has it.
WRONG_ONES = range(6, CROWD + 1, 6)
PATIENT = {"MaxStartups": "1000", "LoginGraceTime": "600"}
# Two processors for all clients, servers and the daemon: some wait for more than the usual 40 s.
PATIENCE = "timeout=100"
WRONG_ANSWERS = 3
# The system bus lets root have 256 connections; smsotpd(8) tells.
BUS = """<busconfig>
  <limit name="max_connections_per_user">1024</limit>
  <limit name="max_incomplete_connections">256</limit>
</busconfig>
"""
# Of the unit, as shipped.
MEMORY_MAX = 512 << 20


def gather(server: Machine) -> None:
    """Create and enrol the users."""
    server.run(["sh", "-c", f"for n in $(seq {CROWD}); do useradd --no-log-init crowd$n; done"])
    rows = [f"crowd{n},+{4915120000000 + n},{PIN}" for n in range(1, CROWD + 1)]
    table = "\n".join(["user,phone,pin", *rows, ""])
    server.write_text(f"{DIRECTORY}.csv", table, 0o600)
    server.run(["smsotpctl", "user", "import", f"{DIRECTORY}.csv"], timeout=120)


def complaints(server: Machine, mark: str) -> Counter[str]:
    """Return what the terminals wrote to the system's log, and how often."""
    entries = server.journal(after=mark, SYSLOG_IDENTIFIER="pam_smsotp")
    return Counter(str(entry["MESSAGE"]) for entry in entries)


def test_all_of_a_crowd_end_the_right_ones_in_and_each_wrong_answer_counted(
    server: Machine, tried: Tried
) -> None:
    gather(server)
    server.copy_in(Path(__file__).with_name("crowd.sh"), "/root/crowd.sh")
    server.write_text("/etc/dbus-1/system-local.conf", BUS)
    server.run(["systemctl", "reload", "dbus"])
    pid, mark = asked(server, "MainPID"), server.journal_mark()
    tried(CROWD)
    with sshd_settings(server, PATIENT), pam_arguments(server, PATIENCE):
        server.run(["sh", "/root/crowd.sh", DIRECTORY, str(CROWD), PIN], timeout=570)
    said = {number: server.read_text(f"{DIRECTORY}/{number}") for number in range(1, CROWD + 1)}
    let_in = {n for n, text in said.items() if f"let in as crowd{n}\n" in text}
    missed = {n: said[n] for n in set(said) - set(WRONG_ONES) - let_in}
    assert not missed, (len(missed), complaints(server, mark))
    assert let_in.isdisjoint(WRONG_ONES)
    granted = server.journal(after=mark, MESSAGE_ID=message_id(LoginGranted))
    assert sorted(str(entry["SMSOTP_USER"]) for entry in granted) == sorted(
        f"crowd{n}" for n in let_in
    )
    for number in WRONG_ONES:
        user = Account(server, f"crowd{number}", "")
        assert user.facts()["failures"] == WRONG_ANSWERS, number
    assert asked(server, "MainPID") == pid, "it is the same daemon"
    [peak] = [
        line for line in server.read_text(f"/proc/{pid}/status").splitlines() if "VmHWM" in line
    ]
    assert int(peak.split()[1]) * 1024 < MEMORY_MAX // 2, peak
    wait_until(lambda: open_transactions(server) == 0, 30, "nothing is left open")
