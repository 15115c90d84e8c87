# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logins that somebody breaks off, or that nobody could answer: forgotten within a second."""

import pytest

from smsotpd.core.events import LoginCancelled
from tests.system.accounts import PIN, Account, open_transactions
from tests.system.ssh.server import (
    kill_client,
    prove_pin,
    sshd_settings,
    wait_until_nothing_is_open,
)
from tests.testhost.machine import Machine
from tests.testhost.ssh import OPTIONS, SshLogin

pytestmark = pytest.mark.system

GRACE_SECONDS = 3


def use_the_code_that_is_out(account: Account) -> None:
    """Log in with the code of a login that was broken off."""
    with SshLogin(account.machine, account.name) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code was already sent to {account.masked}: ")
        login.answer(account.code())
        assert login.result().granted
    assert len(account.messages()) == 1


def test_ctrl_c_at_the_code_prompt_ends_the_login(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name) as login:
        prove_pin(login, alice)
        assert open_transactions(server) == 1
        login.interrupt()
        assert not login.result().granted
        wait_until_nothing_is_open(server)
    assert len(alice.journal(LoginCancelled)) == 1
    use_the_code_that_is_out(alice)


def test_ctrl_c_at_the_pin_prompt_ends_the_login(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name) as login:
        login.expect_prompt("PIN: ")
        assert open_transactions(server) == 1
        login.interrupt()
        assert not login.result().granted
        wait_until_nothing_is_open(server)
    assert alice.facts()["failures"] == 0


def test_a_killed_client_ends_the_login(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name) as login:
        prove_pin(login, alice)
        kill_client(alice)
        wait_until_nothing_is_open(server)
    use_the_code_that_is_out(alice)


def test_a_killed_server_process_ends_the_login(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name) as login:
        prove_pin(login, alice)
        pid = server.run(["pgrep", "--full", rf"^sshd: {alice.name} \[pam\]"]).stdout.strip()
        server.run(["kill", "-KILL", pid])
        wait_until_nothing_is_open(server)
    use_the_code_that_is_out(alice)


def test_the_end_of_sshds_patience_ends_the_login(server: Machine, alice: Account) -> None:
    with (
        sshd_settings(server, {"LoginGraceTime": str(GRACE_SECONDS)}),
        SshLogin(server, alice.name) as login,
    ):
        prove_pin(login, alice)
        wait_until_nothing_is_open(server, GRACE_SECONDS + 1)
    use_the_code_that_is_out(alice)


def test_batch_mode_fails_at_once_and_sends_nothing(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name, options=["BatchMode=yes"]) as login:
        result = login.result(seconds=3)
    assert result.status == 255
    assert "PIN" not in result.text
    assert alice.messages() == []


def test_a_client_without_a_terminal_fails_at_once_and_sends_nothing(
    server: Machine, alice: Account
) -> None:
    options = [f"-o{option}" for option in OPTIONS]
    words = ["setsid", "--wait", "ssh", *options, f"{alice.name}@localhost", "true"]
    assert server.run(words, check=False, timeout=5).returncode == 255
    assert alice.messages() == []
    assert alice.facts()["failures"] == 0
