# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon that stands still: the login ends in time, systemd starts another, the code is good."""

import time

import pytest

from tests.faults.host.unit import asked, drop_in, wait_for_the_next
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in, prove_pin
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

# As shipped it is 60; the daemon takes its pace from systemd.
WATCHDOG_SECONDS = 6
# Below the 40 s after which the terminal gives up by itself.
SLACK = 24.0


@pytest.mark.parametrize("step", ["at the PIN", "at the code"])
def test_a_daemon_that_stands_still_is_replaced_by_the_watchdog(
    server: Machine, alice: Account, tried: Tried, step: str
) -> None:
    tried()
    with drop_in(server, f"WatchdogSec={WATCHDOG_SECONDS}"):
        pid, mark = asked(server, "MainPID"), server.journal_mark()
        with SshLogin(server, alice.name, options=ONE_TRY) as login:
            if step == "at the code":
                prove_pin(login, alice)
                answer = alice.code()
            else:
                login.expect_prompt("PIN: ")
                answer = PIN
            server.run(["kill", "-STOP", pid])
            begun = time.monotonic()
            login.answer(answer)
            assert not login.result(seconds=WATCHDOG_SECONDS + SLACK).granted
        assert time.monotonic() - begun < WATCHDOG_SECONDS + SLACK
        [complaint] = [
            str(entry["MESSAGE"])
            for entry in server.journal(after=mark, SYSLOG_IDENTIFIER="pam_smsotp")
        ]
        assert complaint.startswith("service sshd: PAM_AUTHINFO_UNAVAIL: ")
        wait_for_the_next(server, pid, SLACK)
        sent = len(alice.messages())
        if sent:
            with SshLogin(server, alice.name) as login:
                login.expect_prompt("PIN: ")
                login.answer(PIN)
                login.expect_prompt(f"Code was already sent to {alice.masked}: ")
                login.answer(alice.code())
                assert login.result().granted
        else:
            log_in(alice)
        assert alice.facts()["failures"] == 0
