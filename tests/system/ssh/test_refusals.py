# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The wrong answers: nobody is let in, nothing is sent, and all who are refused look alike."""

from collections.abc import Iterator

import pytest

from smsotpd.core.events import LoginDenied
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in, prove_pin, sshd_settings
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

TRIES = 3  # NumberOfPasswordPrompts of ssh_config(5)


def refusal(server: Machine, name: str, answer: str) -> str:
    """Answer every prompt of a login alike, and return all that was shown, without the name."""
    shown = ""
    with SshLogin(server, name) as login:
        for _ in range(TRIES):
            shown += login.expect_prompt("PIN: ") + "PIN: "
            login.answer(answer)
        result = login.result()
    assert not result.granted
    return (shown + result.text).replace(name, "NAME")


@pytest.fixture(scope="module")
def usual_refusal(server: Machine) -> str:
    """What a user sees whose PIN is wrong."""
    return refusal(server, accounts.enrol(accounts.new_account(server)).name, "wrong")


def test_a_wrong_pin_is_refused_and_sends_nothing(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        assert not login.result().granted
    assert alice.messages() == []
    assert alice.facts()["failures"] == 1


def test_the_password_is_no_pin(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PASSWORD)
        assert not login.result().granted
    assert alice.messages() == []


def test_three_wrong_pins_are_three_attempts(server: Machine, alice: Account) -> None:
    refusal(server, alice.name, "wrong")
    assert alice.messages() == []
    assert alice.facts()["failures"] == TRIES


def test_a_right_pin_after_a_wrong_one_sends_the_code(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        prove_pin(login, alice)
        login.answer(alice.code())
        assert login.result().granted
    assert len(alice.messages()) == 1
    assert alice.facts()["failures"] == 0


def test_three_wrong_codes_end_the_login_after_one_message(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        login.answer(alice.wrong_code())
        login.expect_prompt("Wrong code, 2 tries left. Code (r: new one): ")
        login.answer(alice.wrong_code())
        login.expect_prompt("Wrong code, 1 try left. Code (r: new one): ")
        login.answer(alice.wrong_code())
        login.expect_prompt("Too many wrong codes. Try again later. (Enter) ")
        login.answer("")
        result = login.result()
    assert not result.granted
    assert "PIN" not in result.text, "PAM_MAXTRIES keeps sshd from asking once more"
    assert len(alice.messages()) == 1


def test_a_code_that_was_guessed_at_thrice_is_dead(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        for _ in range(TRIES):
            login.answer(alice.wrong_code())
        login.result()
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        assert not login.result().granted, "no second code may be sent that soon"
    assert len(alice.messages()) == 1
    [*_, denied] = alice.journal(LoginDenied)
    assert denied["SMSOTP_REASON"] == "no code may be sent now: cooldown"


def test_an_unknown_user_is_refused_like_a_wrong_pin(server: Machine, usual_refusal: str) -> None:
    sent = accounts.outbox(server)
    assert refusal(server, "nobody-of-that-name", PIN) == usual_refusal
    assert accounts.outbox(server) == sent


def test_an_unenrolled_user_is_refused_like_a_wrong_pin(
    server: Machine, stranger: Account, usual_refusal: str
) -> None:
    sent = accounts.outbox(server)
    assert refusal(server, stranger.name, PASSWORD) == usual_refusal
    assert accounts.outbox(server) == sent


def test_a_locked_user_is_refused_like_a_wrong_pin(
    server: Machine, alice: Account, usual_refusal: str
) -> None:
    with accounts.settings(server, "[limits]\nfailures_to_lock = 1\n"):
        refusal(server, alice.name, "wrong")
        assert alice.facts()["state"] == "locked"
        assert refusal(server, alice.name, PIN) == usual_refusal
    assert alice.messages() == []


def test_a_disabled_user_is_refused_like_a_wrong_pin(
    server: Machine, alice: Account, usual_refusal: str
) -> None:
    server.run(["smsotpctl", "user", "disable", alice.name])
    assert refusal(server, alice.name, PIN) == usual_refusal
    assert alice.messages() == []


@pytest.fixture
def root(server: Machine) -> Iterator[Account]:
    """The administrator, enrolled like everybody else."""
    account = Account(server, "root", "+491511200001")
    yield accounts.enrol(account)
    server.run(["smsotpctl", "user", "remove", "root", "--yes"])


def test_root_gets_nowhere_where_sshd_forbids_it(
    server: Machine, root: Account, usual_refusal: str
) -> None:
    with sshd_settings(server, {"PermitRootLogin": "no"}):
        assert refusal(server, "root", PIN) == usual_refusal
    assert root.messages() == []
    assert root.facts()["failures"] == 0, "sshd's stand-in for the answer counts for nothing"


def test_root_gets_in_where_sshd_lets_it(server: Machine, root: Account) -> None:
    with sshd_settings(server, {"PermitRootLogin": "yes"}):
        log_in(root)


def test_a_name_without_an_account_gets_nowhere_though_it_is_enrolled(
    server: Machine, usual_refusal: str
) -> None:
    ghost = accounts.enrol(accounts.no_account(server))
    assert refusal(server, ghost.name, PIN) == usual_refusal
    assert ghost.messages() == []
    assert ghost.facts()["failures"] == 0


def test_a_lock_ends_by_the_administrators_word(server: Machine, alice: Account) -> None:
    with accounts.settings(server, "[limits]\nfailures_to_lock = 1\n"):
        refusal(server, alice.name, "wrong")
        server.run(["smsotpctl", "user", "unlock", alice.name])
        log_in(alice)
