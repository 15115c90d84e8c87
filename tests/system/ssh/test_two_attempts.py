# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Programs with one password field: the PIN first, then PIN and code in one."""

from typing import Final

import pytest

from smsotpd.core.events import LoginDenied
from tests.system import accounts, single_prompt
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import MODULE, ONE_TRY, pam_arguments, sshd_settings
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

SERVICE: Final = "single-field"
BY_NAME: Final = "vsftpd"  # one of those that the daemon knows to have a single field
ORIGIN: Final = ("192.0.2.7",)
PROMPT: Final = "hidden PIN, or PIN and code: "
DENIED: Final = "Authentication failure"

# ssh's other method: one field, answered before anything was asked.
PASSWORD_METHOD: Final = ("PreferredAuthentications=password", *ONE_TRY)


@pytest.fixture(scope="module")
def client(server: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The server with a program that has a single password field."""
    single_prompt.install(server, tmp_path_factory.mktemp("client"))
    line = f"auth required pam_python.so {MODULE}"
    server.write_text(f"/etc/pam.d/{SERVICE}", f"{line} mode=two-attempt\n")
    server.write_text(f"/etc/pam.d/{BY_NAME}", f"{line}\n")
    return server


def attempt(account: Account, password: str, service: str = SERVICE) -> single_prompt.Attempt:
    return single_prompt.attempt(account.machine, service, account.name, password, ORIGIN)


@pytest.mark.parametrize("service", [SERVICE, BY_NAME])
def test_the_pin_sends_the_code_and_pin_and_code_let_in(
    client: Machine, alice: Account, service: str
) -> None:
    del client
    first = attempt(alice, PIN, service)
    assert not first.granted
    told = f"info Code sent to {alice.masked}. Log in again with PIN and code."
    assert first.shown == (PROMPT, told, DENIED)
    second = attempt(alice, PIN + alice.code(), service)
    assert second.granted
    assert second.shown == (PROMPT, "Success")
    assert len(alice.messages()) == 1


def test_a_wrong_pin_sends_nothing(client: Machine, alice: Account) -> None:
    del client
    assert attempt(alice, "wrong").shown == (PROMPT, DENIED)
    assert alice.messages() == []


def test_the_pin_again_sends_no_second_code(client: Machine, alice: Account) -> None:
    del client
    attempt(alice, PIN)
    assert not attempt(alice, PIN).granted
    assert len(alice.messages()) == 1
    assert attempt(alice, PIN + alice.code()).granted


def test_a_right_code_behind_a_wrong_pin_is_refused(client: Machine, alice: Account) -> None:
    del client
    attempt(alice, PIN)
    assert not attempt(alice, "wrong" + alice.code()).granted
    assert attempt(alice, PIN + alice.code()).granted


def test_the_code_alone_is_refused(client: Machine, alice: Account) -> None:
    del client
    attempt(alice, PIN)
    assert not attempt(alice, alice.code()).granted


def test_a_code_is_good_for_one_login(client: Machine, alice: Account) -> None:
    del client
    attempt(alice, PIN)
    password = PIN + alice.code()
    assert attempt(alice, password).granted
    assert not attempt(alice, password).granted


def test_a_code_is_good_for_its_service_and_origin_only(client: Machine, alice: Account) -> None:
    attempt(alice, PIN)
    password = PIN + alice.code()
    elsewhere = ("192.0.2.8",)
    assert not single_prompt.attempt(client, SERVICE, alice.name, password, elsewhere).granted
    assert not attempt(alice, password, BY_NAME).granted
    assert attempt(alice, password).granted


def test_three_wrong_codes_end_the_code(client: Machine, alice: Account) -> None:
    with accounts.settings(client, "[limits]\ndelay_step_seconds = 0\n"):
        attempt(alice, PIN)
        for _ in range(3):
            assert not attempt(alice, PIN + alice.wrong_code()).granted
        assert not attempt(alice, PIN + alice.code()).granted
    assert len(alice.messages()) == 1


def test_the_first_attempt_is_told_to_the_journal_as_what_it_is(
    client: Machine, alice: Account
) -> None:
    del client
    attempt(alice, PIN)
    [denied] = alice.journal(LoginDenied)
    assert denied["SMSOTP_REASON"] == "first of two attempts: code sent"


def log_in_by_password_method(account: Account, password: str) -> bool:
    """Log in by the method with a single field, and tell whether that let anybody in."""
    with SshLogin(account.machine, account.name, options=PASSWORD_METHOD) as login:
        login.expect_prompt("password: ")
        login.answer(password)
        return login.result().granted


def test_sshs_password_method_takes_two_attempts(server: Machine, alice: Account) -> None:
    with (
        sshd_settings(server, {"PasswordAuthentication": "yes"}),
        pam_arguments(server, "mode=two-attempt"),
    ):
        assert not log_in_by_password_method(alice, PIN)
        assert log_in_by_password_method(alice, PIN + alice.code())
    assert len(alice.messages()) == 1


def test_sshs_password_method_cannot_hold_a_conversation(server: Machine, alice: Account) -> None:
    with sshd_settings(server, {"PasswordAuthentication": "yes"}):
        assert not log_in_by_password_method(alice, PIN)
    assert len(alice.messages()) == 1
