# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""ssh by the native terminal."""

import pytest

from smsotpd.core.events import LoginCancelled, LoginGranted
from tests.system.accounts import Account
from tests.system.ssh.server import (
    ONE_TRY,
    kill_client,
    log_in,
    prove_pin,
    wait_until_nothing_is_open,
)
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system


def test_pin_and_code_let_a_user_in(alice: Account) -> None:
    log_in(alice)
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "sshd"


def test_a_wrong_pin_is_refused_and_sends_nothing(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        assert not login.result().granted
    assert alice.messages() == []


def test_three_wrong_codes_end_the_login(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        for left in ("2 tries left.", "1 try left."):
            login.answer(alice.wrong_code())
            login.expect_prompt(left)
        login.answer(alice.wrong_code())
        assert not login.result().granted
    assert len(alice.messages()) == 1


def test_a_client_that_dies_leaves_nothing_open(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        kill_client(alice)
        wait_until_nothing_is_open(alice.machine, 5.0)
    wait_until(lambda: alice.journal(LoginCancelled), 5, "the daemon has cancelled the login")
