# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon stopped, forbidden, hung, misconfigured; the bus restarted: nobody slips through."""

import time
from collections.abc import Iterator

import pytest

from tests.system.accounts import DROP_INS, PASSWORD, PIN, Account
from tests.system.ssh.server import ONE_TRY, SERVICE, log_in, pam_arguments, prove_pin
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

TIMEOUT = 3
SLACK = 4.0  # for ssh, sshd and the interpreter, on a machine that has other work


def systemctl(server: Machine, *words: str, check: bool = True) -> str:
    return server.run(["systemctl", *words], check=check).stdout.strip()


def daemon_pid(server: Machine) -> str:
    return systemctl(server, "show", "--value", "--property=MainPID", "smsotpd")


def complaints(server: Machine, mark: str) -> list[str]:
    """What the module wrote to the system's log."""
    entries = server.journal(after=mark, SYSLOG_IDENTIFIER="pam_smsotp")
    return [str(entry["MESSAGE"]) for entry in entries]


@pytest.fixture
def forbidden(server: Machine, alice: Account) -> Iterator[Machine]:
    """The server with a daemon that nobody can start, and who was enrolled before."""
    del alice
    systemctl(server, "mask", "--runtime", "--now", "smsotpd")
    yield server
    systemctl(server, "unmask", "--runtime", "smsotpd")
    systemctl(server, "start", "smsotpd")


@pytest.fixture
def hung(server: Machine, alice: Account) -> Iterator[Machine]:
    """The server with a daemon that owns its name and answers nothing, and who was enrolled."""
    del alice
    pid = daemon_pid(server)
    server.run(["kill", "-STOP", pid])
    yield server
    server.run(["kill", "-CONT", pid])


def test_a_login_starts_a_stopped_daemon(server: Machine, alice: Account) -> None:
    systemctl(server, "stop", "smsotpd")
    log_in(alice)


def test_a_killed_daemon_is_there_again_for_the_next_login(server: Machine, alice: Account) -> None:
    server.run(["kill", "-KILL", daemon_pid(server)])
    log_in(alice)


def test_a_code_outlives_a_restart_of_the_daemon(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name) as login:
        prove_pin(login, alice)
        systemctl(server, "restart", "smsotpd")
        login.answer(alice.code())
        # The transaction died with the daemon it belonged to; sshd asks for the PIN once more.
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code was already sent to {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted
    assert len(alice.messages()) == 1


def test_no_daemon_denies_at_once_and_says_so_in_one_line(
    forbidden: Machine, alice: Account
) -> None:
    mark, begun = forbidden.journal_mark(), time.monotonic()
    with SshLogin(forbidden, alice.name, options=ONE_TRY) as login:
        result = login.result()
    assert not result.granted
    assert "Password" not in result.text
    assert time.monotonic() - begun < SLACK
    [complaint] = complaints(forbidden, mark)
    assert complaint.startswith("service sshd: PAM_AUTHINFO_UNAVAIL: ")


def test_no_daemon_is_passed_over_where_the_administrator_said_so(
    forbidden: Machine, alice: Account
) -> None:
    mark = forbidden.journal_mark()
    with (
        pam_arguments(forbidden, "fail=ignore"),
        SshLogin(forbidden, alice.name) as login,
    ):
        login.expect_prompt("Password: ")
        login.answer(PASSWORD)
        assert login.result().granted
    [complaint] = complaints(forbidden, mark)
    assert complaint.startswith("service sshd: passed over (fail=ignore): ")


def test_passed_over_the_wrong_password_is_still_wrong(forbidden: Machine, alice: Account) -> None:
    with (
        pam_arguments(forbidden, "fail=ignore"),
        SshLogin(forbidden, alice.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("Password: ")
        login.answer("wrong horse")
        assert not login.result().granted


def test_a_wrong_pin_is_never_passed_over(server: Machine, alice: Account) -> None:
    with (
        pam_arguments(server, "fail=ignore"),
        SshLogin(server, alice.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        result = login.result()
    assert not result.granted
    assert "Password" not in result.text


def test_a_hung_daemon_denies_when_the_time_is_up(hung: Machine, alice: Account) -> None:
    mark, begun = hung.journal_mark(), time.monotonic()
    with (
        pam_arguments(hung, f"timeout={TIMEOUT}"),
        SshLogin(hung, alice.name, options=ONE_TRY) as login,
    ):
        assert not login.result().granted
    assert TIMEOUT <= time.monotonic() - begun < TIMEOUT + SLACK
    assert complaints(hung, mark) == [
        f"service sshd: PAM_AUTHINFO_UNAVAIL: no answer within {TIMEOUT} s"
    ]


def test_a_daemon_that_hangs_after_the_pin_is_never_passed_over(
    server: Machine, alice: Account
) -> None:
    with (
        pam_arguments(server, f"fail=ignore timeout={TIMEOUT}"),
        SshLogin(server, alice.name, options=ONE_TRY) as login,
    ):
        prove_pin(login, alice)
        pid = daemon_pid(server)
        server.run(["kill", "-STOP", pid])
        try:
            login.answer(alice.code())
            result = login.result()
        finally:
            server.run(["kill", "-CONT", pid])
    assert not result.granted
    assert "Password" not in result.text


def test_a_misspelt_argument_denies_every_login(server: Machine, alice: Account) -> None:
    mark = server.journal_mark()
    with (
        pam_arguments(server, "fail=ignored"),
        SshLogin(server, alice.name, options=ONE_TRY) as login,
    ):
        assert not login.result().granted
    [complaint] = complaints(server, mark)
    assert "argument 'fail' in the PAM line" in complaint


def test_a_wrong_configuration_denies_when_the_time_is_up(server: Machine, alice: Account) -> None:
    server.write_text(f"{DROP_INS}/wrong.toml", "nonsense = 1\n")
    mark = server.journal_mark()
    systemctl(server, "restart", "smsotpd", check=False)
    try:
        entries = server.journal(after=mark, SYSLOG_IDENTIFIER="smsotpd")
        [complaint] = [str(entry["MESSAGE"]) for entry in entries]
        assert complaint.startswith(f"smsotpd ends: {DROP_INS}/wrong.toml:1: nonsense")
        begun = time.monotonic()
        with (
            pam_arguments(server, f"timeout={TIMEOUT}"),
            SshLogin(server, alice.name, options=ONE_TRY) as login,
        ):
            assert not login.result().granted
        assert time.monotonic() - begun < TIMEOUT + SLACK
    finally:
        server.run(["rm", f"{DROP_INS}/wrong.toml"])
        systemctl(server, "restart", "smsotpd")
    log_in(alice)


def test_a_restarted_bus_ends_the_logins_in_progress_and_serves_the_next(
    server: Machine, alice: Account
) -> None:
    with SshLogin(server, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        systemctl(server, "restart", "dbus")
        login.answer(PIN)
        assert not login.result().granted
    log_in(alice)
    wait_until(
        lambda: systemctl(server, "is-active", "smsotpd") == "active", 5, "the daemon is back"
    )


def test_the_stack_is_as_enabled_after_all_this(server: Machine) -> None:
    assert server.run(["grep", "--count", "^auth.*pam_smsotp.py$", SERVICE]).stdout == "1\n"
