# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A login by ssh in the host's language, or in the one that the policy names."""

import re
from collections.abc import Iterator

import pytest

from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system


@pytest.fixture
def german(server: Machine) -> Iterator[Machine]:
    """The same host speaking German: as systemd tells it once the locale is set."""
    server.run(["systemctl", "set-environment", "LANG=de_DE.UTF-8"])
    server.run(["systemctl", "restart", "smsotpd"])
    yield server
    server.run(["systemctl", "set-environment", "LANG=C.UTF-8"])
    server.run(["systemctl", "restart", "smsotpd"])


def test_a_german_host_leads_a_login_in_german(german: Machine, alice: Account) -> None:
    with SshLogin(german, alice.name) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code gesendet an {alice.masked}: ")
        login.answer("000000" if alice.code() != "000000" else "000001")
        login.expect_prompt("Falscher Code, noch 2 Versuche. Code (n: neuer): ")
        login.answer("n")
        login.expect_prompt("Kein neuer Code für ")
        login.answer("?")
        login.expect_prompt("n schickt einen anderen Code.")
        login.answer(alice.code())
        assert login.result().granted
    (message,) = alice.messages()
    assert re.fullmatch(r"\d{6} .+ Login-Code für sshd auf \S+\. Gilt 5 min\.", message)


def test_why_it_ends_is_said_in_german_too(german: Machine, alice: Account) -> None:
    with SshLogin(german, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        for _ in range(3):
            login.expect_prompt("Code")
            login.answer("wrong")
        login.expect_prompt("Zu viele falsche Codes. ")
        login.answer("")
        assert not login.result().granted


def test_a_policy_names_the_language_of_its_service(server: Machine, alice: Account) -> None:
    with (
        accounts.settings(server, '[policy.sshd]\nlanguage = "pl"\n'),
        SshLogin(server, alice.name) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Kod wysłano na {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted
    log_in(accounts.enrol(accounts.new_account(server)))
