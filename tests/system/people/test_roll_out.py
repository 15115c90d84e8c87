# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""During a roll-out, users log in by the password, are told to enrol, and do it in their shell."""

from collections.abc import Iterator
from typing import Final

import pexpect
import pytest

from smsotpd.core.events import EnrolmentChanged
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.conftest import installed
from tests.system.ssh.server import ONE_TRY, SETTINGS, log_in
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin, configure_sshd

POLICY: Final = '[policy.sshd]\nunenrolled = "allow-until 2999-12-31"\n'
NOTICE: Final = "You need a code here after 2999-12-31; enrol: smsotpctl self enrol"
POLKIT: Final = "Authentication is required to enrol yourself for one-time codes"
COMMAND: Final = "smsotpctl self enrol"


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def server(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn; sshd asks for PIN and code, and who has none is let in so far."""
    with installed(request.param) as machine:
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        configure_sshd(machine, SETTINGS)
        machine.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])
        with accounts.settings(machine, POLICY):
            yield machine
        assert accounts.secrets_in_journal(machine) == []


@pytest.fixture
def newcomer(server: Machine) -> Account:
    """A user of the machine who is not enrolled."""
    return accounts.new_account(server)


def by_password(account: Account, command: str) -> SshLogin:
    """Log in by the password, as far as the command that runs on a terminal then."""
    options = ("RequestTTY=force", *ONE_TRY)
    login = SshLogin(account.machine, account.name, options=options, command=command)
    assert NOTICE in login.expect_prompt("Password: ")
    login.answer(PASSWORD)
    return login


def test_a_user_enrols_in_the_shell_and_needs_pin_and_code_from_then_on(
    newcomer: Account,
) -> None:
    with by_password(newcomer, COMMAND) as login:
        login.expect_prompt("New address:")
        login.answer(newcomer.phone)
        login.expect_prompt(POLKIT)
        login.expect_prompt("Password: ")
        login.answer(PASSWORD)
        login.expect_prompt(f"Code sent to {newcomer.masked}:")
        login.answer(newcomer.code())
        for prompt in ("New PIN:", "New PIN again:"):
            login.expect_prompt(prompt)
            login.answer(PIN)
        login.expect_prompt("It is changed, and counts from now on.")
        assert login.result().status == 0
    (entry,) = newcomer.journal(EnrolmentChanged)
    assert entry["SMSOTP_CHANGE"] == "enrol: changed by the user"
    log_in(newcomer)
    with SshLogin(newcomer.machine, newcomer.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PASSWORD)
        assert not login.result().granted


def test_who_does_not_know_the_password_enrols_no_phone(newcomer: Account) -> None:
    with by_password(newcomer, COMMAND) as login:
        login.expect_prompt("New address:")
        login.answer(newcomer.phone)
        login.expect_prompt("Password: ")
        login.answer("wrong")
        result = login.result()
    assert result.status == 3
    assert "polkit does not allow" in result.text
    assert "it wants your own password" in result.text
    assert newcomer.messages() == []


def test_a_terminal_without_a_login_of_its_own_is_asked_for_the_password_too(
    server: Machine, newcomer: Account
) -> None:
    words = ["runuser", "-u", newcomer.name, "--", "smsotpctl", "self", "enrol"]
    terminal = server.spawn(words)
    terminal.expect_exact("New address:")
    terminal.sendline(newcomer.phone)
    terminal.expect_exact(POLKIT)
    terminal.expect_exact("Password: ")
    terminal.sendline(PASSWORD)
    terminal.expect_exact(f"Code sent to {newcomer.masked}:")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert len(newcomer.messages()) == 1


@pytest.mark.parametrize(
    ("locale", "asked", "by_polkit", "sent"),
    [
        (
            "de_AT.UTF-8",
            "Neue ",
            "um sich für Einmalcodes zu registrieren",
            "Code gesendet an",
        ),
        (
            "pt_BR.UTF-8",
            "Endereço novo:",
            "É necessária autenticação para se cadastrar nos códigos de uso único",
            "Código enviado a",
        ),
    ],
)
def test_whoever_enrols_is_spoken_to_in_the_language_of_the_shell(
    server: Machine, newcomer: Account, locale: str, asked: str, by_polkit: str, sent: str
) -> None:
    words = ["runuser", "-u", newcomer.name, "--", "env", f"LANG={locale}", *COMMAND.split()]
    terminal = server.spawn(words)
    terminal.expect_exact(asked)
    terminal.sendline(newcomer.phone)
    terminal.expect_exact(by_polkit)
    terminal.expect_exact("Password: ")  # pam_unix's own
    terminal.sendline(PASSWORD)
    terminal.expect_exact(f"{sent} {newcomer.masked}:")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
