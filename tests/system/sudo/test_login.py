# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Becoming root by sudo: PIN, code, root; and all the ways not to."""

import pytest

from smsotpd.core.events import LoginCancelled, LoginDenied, LoginGranted
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.sudo.login import ROOT, SOON, SudoLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system


def test_pin_and_code_make_root(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.pass_both()
        assert login.result().granted
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "sudo"
    assert str(granted["SMSOTP_TTY"]).startswith("/dev/pts/")


def test_neither_pin_nor_code_is_echoed(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.pass_both()
        text = login.result().text
    assert PIN not in text
    assert alice.code() not in text


def test_the_account_password_makes_nobody_root(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.expect("PIN: ")
        login.answer(PASSWORD)
        login.expect("try again")
        login.interrupt()
        assert not login.result().granted
    assert alice.messages() == []


def test_a_wrong_code_is_told_and_the_right_one_still_makes_root(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.pass_pin()
        login.answer(alice.wrong_code())
        login.expect("Wrong code, 2 tries left. Code (r: new one): ")
        login.answer(alice.code())
        assert login.result().granted
    assert len(alice.messages()) == 1


def test_three_wrong_codes_end_the_login_and_say_so(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.pass_pin()
        for _ in range(2):
            login.answer(alice.wrong_code())
            login.expect("left. Code (r: new one): ")
        login.answer(alice.wrong_code())
        login.expect("Too many wrong codes.")
        login.expect("PIN: ")
        login.interrupt()
        assert not login.result().granted
    assert [entry["SMSOTP_REASON"] for entry in alice.journal(LoginDenied)] == [
        "too many wrong codes"
    ]
    assert len(alice.messages()) == 1


def test_a_code_sent_to_one_user_is_wrong_for_another(alice: Account, bob: Account) -> None:
    with SudoLogin(alice) as hers, SudoLogin(bob) as his:
        hers.pass_pin()
        his.pass_pin()
        his.answer(alice.code())
        his.expect("Wrong code, 2 tries left.")
        his.interrupt()
        assert not his.result().granted
        hers.answer(alice.code())
        assert hers.result().granted


def test_nothing_is_asked_again_while_sudo_remembers_the_login(alice: Account) -> None:
    with SudoLogin(alice, ["sh", "-c", "sudo id && sudo id"]) as login:
        login.pass_both()
        result = login.result()
    assert result.text.count(ROOT) == 2
    assert result.text.count("PIN: ") == 1
    assert len(alice.messages()) == 1


def test_a_code_once_used_makes_nobody_root_again(alice: Account) -> None:
    with SudoLogin(alice, ["sh", "-c", "sudo id && sudo -k && sudo id"]) as login:
        login.pass_both()
        login.pass_pin()
        assert len(alice.codes()) == 2
        login.answer(alice.codes()[0])
        login.expect("Wrong code, 2 tries left.")
        login.interrupt()
        assert login.result().text.count(ROOT) == 1


def test_ctrl_c_at_the_pin_prompt_ends_sudo_and_the_login(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.expect("PIN: ")
        login.interrupt()
        result = login.result()
    assert not result.granted
    assert result.seconds < SOON
    assert result.text.count("PIN: ") == 1
    wait_until(lambda: len(alice.journal(LoginCancelled)) == 1, SOON, "the login is cancelled")
    assert alice.messages() == []


def test_ctrl_c_at_the_code_prompt_ends_sudo_and_the_login(alice: Account) -> None:
    with SudoLogin(alice) as login:
        login.pass_pin()
        login.interrupt()
        result = login.result()
    assert not result.granted
    assert result.seconds < SOON
    wait_until(lambda: len(alice.journal(LoginCancelled)) == 1, SOON, "the login is cancelled")


def test_pin_and_code_may_come_from_standard_input(alice: Account) -> None:
    # The code cannot be known beforehand: the shell reads it from the terminal and passes it on.
    piped = f"(echo '{PIN}'; read -r code; echo \"$code\") | sudo --stdin id"
    with SudoLogin(alice, ["sh", "-c", piped]) as login:
        login.expect(f"Code sent to {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted


def test_standard_input_that_ends_before_the_code_is_no_answer(alice: Account) -> None:
    with SudoLogin(alice, ["sh", "-c", f"echo '{PIN}' | sudo --stdin id"]) as login:
        result = login.result()
    assert not result.granted
    assert result.status == 1
    assert len(alice.messages()) == 1
