# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The right answers: PIN, code, in; alone, behind an SSH key, behind the password."""

from collections.abc import Iterator

import pytest

from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in, prove_pin, sshd_settings
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

KEY_FIRST = {"AuthenticationMethods": "publickey,keyboard-interactive:pam"}
KEY_OPTIONS = ("PreferredAuthentications=publickey,keyboard-interactive", "IdentityFile=/root/key")


@pytest.fixture
def with_key(server: Machine, alice: Account) -> Iterator[Account]:
    """A user with an SSH key, on a server that asks for it before PAM comes."""
    server.run(["rm", "-f", "/root/key", "/root/key.pub"])
    server.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/key"])
    public, home = server.read_text("/root/key.pub"), f"/home/{alice.name}"
    server.write_text(f"{home}/.ssh/authorized_keys", public)
    server.run(["chown", "-R", f"{alice.name}:{alice.name}", home])
    with sshd_settings(server, KEY_FIRST):
        yield alice


def test_pin_and_code_let_a_user_in_without_a_password(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted
    assert len(alice.messages()) == 1


def test_neither_pin_nor_code_is_echoed(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        shown = login.expect_prompt(f"Code sent to {alice.masked}: ")
        login.answer(alice.code())
        shown += login.result().text
    assert PIN not in shown
    assert alice.code() not in shown


def test_a_code_may_be_typed_in_groups_as_phones_show_it(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        login.answer(f"{alice.code()[:3]} {alice.code()[3:]}")
        assert login.result().granted


def test_a_used_code_is_not_taken_again(alice: Account) -> None:
    log_in(alice)
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        prove_pin(login, alice)
        first, second = alice.codes()
        login.answer(first)
        login.expect_prompt("Wrong code, 2 tries left.")
        login.answer(second)
        assert login.result().granted


def test_a_key_then_pin_and_code(with_key: Account) -> None:
    with SshLogin(with_key.machine, with_key.name, options=KEY_OPTIONS) as login:
        prove_pin(login, with_key)
        login.answer(with_key.code())
        assert login.result().granted


def test_a_key_alone_is_not_enough(with_key: Account) -> None:
    only_key = ("PreferredAuthentications=publickey", "IdentityFile=/root/key")
    with SshLogin(with_key.machine, with_key.name, options=only_key) as login:
        assert not login.result().granted


def test_without_the_key_nothing_is_asked_and_nothing_sent(with_key: Account) -> None:
    with SshLogin(with_key.machine, with_key.name) as login:
        result = login.result()
    assert not result.granted
    assert "PIN" not in result.text
    assert with_key.messages() == []


def test_a_key_stands_for_the_pin_where_the_policy_asks_for_the_code_alone(
    server: Machine, with_key: Account
) -> None:
    only_code = '[policy.sshd]\nfactors = ["code"]\n'
    with (
        accounts.settings(server, only_code),
        SshLogin(server, with_key.name, options=KEY_OPTIONS) as login,
    ):
        shown = login.expect_prompt(f"Type r for a code to {with_key.masked}: ")
        assert with_key.messages() == []
        login.answer("r")
        login.expect_prompt(f"Code sent to {with_key.masked}: ")
        login.answer(with_key.code())
        assert login.result().granted
    assert "PIN" not in shown


@pytest.fixture
def behind_password(server: Machine) -> Iterator[Machine]:
    """The server with the code behind the password instead of in its place."""
    server.run(["smsotpctl", "service", "disable", "sshd"])
    server.run(["smsotpctl", "service", "enable", "sshd", "--stack", "after", "--confirm"])
    yield server
    server.run(["smsotpctl", "service", "disable", "sshd"])
    server.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])


def test_the_password_then_the_code_and_no_pin(behind_password: Machine, alice: Account) -> None:
    with SshLogin(behind_password, alice.name) as login:
        login.expect_prompt("Password: ")
        login.answer(PASSWORD)
        shown = login.expect_prompt(f"Type r for a code to {alice.masked}: ")
        assert alice.messages() == []
        login.answer("r")
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted
    assert "PIN" not in shown


def test_a_wrong_password_ends_before_any_code(behind_password: Machine, alice: Account) -> None:
    with SshLogin(behind_password, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("Password: ")
        login.answer("wrong horse")
        result = login.result()
    assert not result.granted
    assert "code" not in result.text.lower()
    assert alice.messages() == []


def test_a_disabled_service_asks_for_the_password_as_before(
    server: Machine, alice: Account
) -> None:
    server.run(["smsotpctl", "service", "disable", "sshd"])
    try:
        with SshLogin(server, alice.name) as login:
            login.expect_prompt("Password: ")
            login.answer(PASSWORD)
            assert login.result().granted
    finally:
        server.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])
