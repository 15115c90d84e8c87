# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel kills the daemon for its memory, in the middle of PINs: counts hold, it comes back."""

from contextlib import ExitStack

import pytest

from tests.faults.host.memory_limit import limited
from tests.faults.host.unit import asked, wait_for_the_next
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

# One hash takes 46 MiB.
TOO_LITTLE = 24 << 20
AT_ONCE = 4


def test_a_daemon_killed_for_its_memory_lets_nobody_in_and_forgets_no_guess(
    server: Machine, alice: Account, bob: Account, tried: Tried
) -> None:
    tried(AT_ONCE)
    pid = asked(server, "MainPID")
    with ExitStack() as stack:
        logins = [
            stack.enter_context(SshLogin(server, alice.name, options=ONE_TRY))
            for _ in range(AT_ONCE)
        ]
        for login in logins:
            login.expect_prompt("PIN: ")
        with limited(server, TOO_LITTLE):
            for number, login in enumerate(logins):
                login.answer(PIN if number else "wrong")
            ends = [login.result(seconds=38) for login in logins]
            wait_for_the_next(server, pid, 20)
    assert [end.granted for end in ends] == [False] * AT_ONCE
    # Who was to be killed had counted each guess that it took before it judged it.
    failures = alice.facts()["failures"]
    assert isinstance(failures, int)
    assert 1 <= failures <= AT_ONCE
    assert alice.messages() == []
    log_in(bob)
    log_in(alice)
