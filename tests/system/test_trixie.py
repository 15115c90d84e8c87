# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The core of it on Debian 13: install, ssh, sudo, purge, with the same package file."""

import re
from collections.abc import Iterator

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.pam.terminal import Terminal, terminals_in
from tests.system import accounts, single_prompt
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.conftest import installed
from tests.system.ssh.more_ways import add_app, ask, next_code
from tests.system.ssh.server import ONE_TRY, SETTINGS, log_in, prove_pin
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin, configure_sshd

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", params=list(Terminal))
def server(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Debian 13 with our package; sshd and sudo ask for PIN and code, by each terminal in turn."""
    with installed("trixie", request.param) as machine:
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        configure_sshd(machine, SETTINGS)
        for service in ("sshd", "sudo"):
            enable = ["smsotpctl", "service", "enable", service, "--terminal", request.param]
            machine.run([*enable, "--confirm"])
        yield machine
        assert accounts.secrets_in_journal(machine) == []


@pytest.fixture
def alice(server: Machine) -> Account:
    """An enrolled user who may use sudo."""
    return accounts.enrol(accounts.new_account(server, sudo=True))


def test_this_is_debian_13(server: Machine) -> None:
    assert "VERSION_CODENAME=trixie" in server.read_text("/etc/os-release")


def test_the_sandbox_leaves_little_exposed(server: Machine) -> None:
    said = server.run(["systemd-analyze", "security", "--no-pager", "smsotpd.service"]).stdout
    [exposure] = re.findall(r"Overall exposure level for smsotpd.service: ([\d.]+)", said)
    assert float(exposure) <= 1.5


def test_pin_and_code_let_a_user_in_by_ssh(alice: Account) -> None:
    log_in(alice)
    assert len(alice.messages()) == 1


def test_an_app_and_a_recovery_code_let_a_user_in_by_ssh(alice: Account) -> None:
    codes = ask(alice, "recovery", alice.name)["codes"]
    assert isinstance(codes, list)
    for code in (next_code(add_app(alice)), codes[0]):
        with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
            prove_pin(login, alice)
            login.answer(code)
            assert login.result().granted


def test_a_wrong_pin_is_refused_and_sends_nothing(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        assert not login.result().granted
    assert alice.messages() == []


def test_history_and_status_tell_of_a_login(server: Machine, alice: Account) -> None:
    log_in(alice)
    server.run(["journalctl", "--sync"])
    told = server.run(["smsotpctl", "history", alice.name, "--event", "login-granted"]).stdout
    assert f"Login of {alice.name} to sshd granted" in told
    text = server.run(["smsotpctl", "status", "--prometheus"]).stdout
    granted = r'^smsotp_logins_total{service="sshd",outcome="granted"} [1-9]'
    assert re.search(granted, text, re.MULTILINE)


def test_three_wrong_codes_end_the_login_after_one_message(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        for left in ("2 tries left.", "1 try left."):
            login.answer(alice.wrong_code())
            login.expect_prompt(left)
        login.answer(alice.wrong_code())
        result = login.result()
    assert not result.granted
    assert "PIN" not in result.text
    assert len(alice.messages()) == 1


def test_pin_and_code_make_a_user_root_by_sudo(server: Machine, alice: Account) -> None:
    terminal = server.spawn(["sudo", "id", "-un"], user=alice.name)
    terminal.expect_exact("PIN: ")
    terminal.sendline(PIN)
    terminal.expect_exact(f"Code sent to {alice.masked}: ")
    terminal.sendline(alice.code())
    terminal.expect_exact("root\r\n")
    terminal.close()


def test_the_password_makes_nobody_root(server: Machine, alice: Account) -> None:
    terminal = server.spawn(["sudo", "id", "-un"], user=alice.name)
    terminal.expect_exact("PIN: ")
    terminal.sendline(PASSWORD)
    # sudo asks three times.
    terminal.expect_exact("PIN: ")
    terminal.close()
    assert alice.messages() == []


def test_sudo_that_may_not_ask_sends_nothing(server: Machine, alice: Account) -> None:
    refused = server.run(["sudo", "-n", "true"], user=alice.name, check=False, timeout=5)
    assert refused.returncode == 1
    assert alice.messages() == []


def test_a_program_with_one_field_takes_two_attempts(
    server: Machine, alice: Account, tmp_path_factory: pytest.TempPathFactory
) -> None:
    single_prompt.install(server, tmp_path_factory.mktemp("client"))
    [terminal] = terminals_in(server.read_text("/etc/pam.d/sshd"))
    line = f"auth required {terminal.module} mode=two-attempt\n"
    server.write_text("/etc/pam.d/single-field", line)
    assert not single_prompt.attempt(server, "single-field", alice.name, PIN).granted
    password = PIN + alice.code()
    assert single_prompt.attempt(server, "single-field", alice.name, password).granted
    server.run(["rm", "/etc/pam.d/single-field"])


def test_a_login_is_tried_by_pamela(server: Machine, alice: Account) -> None:
    words = ["smsotpctl", "service", "test", "sshd", alice.name, "--answers-stdin"]
    assert server.run(words, input=f"{PIN}\n", check=False).returncode == Exit.FAILED
    done = server.run(words, input=f"{PIN}\n{alice.code()}\n", check=False)
    assert done.returncode == Exit.DONE, f"{done.stdout}{done.stderr}"
    assert "authentication: PAM_SUCCESS" in done.stdout


def test_after_a_purge_the_password_counts_again() -> None:
    with installed("trixie") as machine:
        accounts.set_up(machine)
        alice = accounts.enrol(accounts.new_account(machine))
        configure_sshd(machine, SETTINGS)
        before = machine.read_text("/etc/pam.d/sshd")
        machine.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])
        log_in(alice)
        machine.run(["apt-get", "--yes", "purge", "pam-smsotp"], timeout=180)
        assert machine.read_text("/etc/pam.d/sshd") == before
        with SshLogin(machine, alice.name) as login:
            login.expect_prompt("Password: ")
            login.answer(PASSWORD)
            assert login.result().granted
        gone = ["/etc/smsotp", "/var/lib/smsotp", "/usr/lib/pam-smsotp"]
        for path in gone:
            assert machine.run(["test", "-e", path], check=False).returncode == 1, path
