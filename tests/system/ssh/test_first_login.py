# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user enrols at the first login by ssh, after the password, and needs the code from then on."""

from collections.abc import Iterator
from typing import Final

import pytest

from smsotpd.core.events import EnrolmentChanged
from tests.system import accounts
from tests.system.accounts import PASSWORD, Account
from tests.system.ssh.server import ONE_TRY
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

POLICY: Final = '[policy.sshd]\nunenrolled = "enrol"\n'
NUMBER: Final = "Not enrolled yet. Mobile number, as +491701234567: "


@pytest.fixture(scope="module", autouse=True)
def code_after_password(server: Machine) -> Iterator[None]:
    """Let sshd ask for the password, then for the code, and let who has none enrol."""
    server.run(["smsotpctl", "service", "disable", "sshd"])
    server.run(["smsotpctl", "service", "enable", "sshd", "--stack", "after", "--confirm"])
    with accounts.settings(server, POLICY):
        yield
    server.run(["smsotpctl", "service", "disable", "sshd"])
    server.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])


def after_password(account: Account) -> SshLogin:
    login = SshLogin(account.machine, account.name, options=ONE_TRY)
    login.expect_prompt("Password: ")
    login.answer(PASSWORD)
    return login


def is_enrolled(account: Account) -> bool:
    shown = account.machine.run(["smsotpctl", "user", "show", account.name], check=False)
    return shown.returncode == 0


def test_a_first_login_enrols_and_the_next_needs_the_code(stranger: Account) -> None:
    with after_password(stranger) as login:
        login.expect_prompt(NUMBER)
        login.answer(stranger.phone)
        login.expect_prompt(f"Code sent to {stranger.masked}: ")
        assert not is_enrolled(stranger)
        login.answer(stranger.code())
        assert login.result().granted
    assert is_enrolled(stranger)
    (entry,) = stranger.journal(EnrolmentChanged)
    assert entry["SMSOTP_CHANGE"] == "enrolled at the first login"

    with after_password(stranger) as login:
        login.expect_prompt(f"Type r for a code to {stranger.masked}: ")
        login.answer("r")
        login.expect_prompt(f"Code sent to {stranger.masked}: ")
        login.answer(stranger.wrong_code())
        login.expect_prompt("Wrong code, 2 tries left.")
        login.answer(stranger.code())
        assert login.result().granted


def test_a_wrong_password_leads_to_no_enrolment(stranger: Account) -> None:
    with SshLogin(stranger.machine, stranger.name, options=ONE_TRY) as login:
        login.expect_prompt("Password: ")
        login.answer("wrong")
        result = login.result()
    assert not result.granted
    assert "Not enrolled" not in result.text


def test_a_wrong_code_enrols_nobody(stranger: Account) -> None:
    with after_password(stranger) as login:
        login.expect_prompt(NUMBER)
        login.answer(stranger.phone)
        login.expect_prompt(f"Code sent to {stranger.masked}: ")
        for left in ("2 tries", "1 try"):
            login.answer(stranger.wrong_code())
            login.expect_prompt(f"Wrong code, {left} left. Code: ")
        login.answer(stranger.wrong_code())
        assert not login.result().granted
    assert not is_enrolled(stranger)
    assert len(stranger.messages()) == 1


def test_without_a_terminal_nothing_is_sent(stranger: Account, server: Machine) -> None:
    words = ["ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=no", f"{stranger.name}@localhost"]
    assert server.run([*words, "true"], check=False).returncode == 255
    assert stranger.messages() == []
