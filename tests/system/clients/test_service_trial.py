# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl service test` on real stacks, with either terminal."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.pam.terminal import Terminal
from tests.system.accounts import PIN, Account, open_transactions
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

SERVICE: Final = "login"


@pytest.fixture(scope="module", params=list(Terminal))
def terminal(request: pytest.FixtureRequest, machine: Machine) -> Iterator[Terminal]:
    """The console's login asks by each terminal in turn."""
    chosen: Terminal = request.param
    enable = ["smsotpctl", "service", "enable", SERVICE, "--terminal", chosen, "--confirm"]
    # i3lock and others ask through it, in one field: nobody uses them here.
    machine.run([*enable, "--force-unknown"])
    yield chosen
    machine.run(["smsotpctl", "service", "disable", SERVICE])


def trial(
    account: Account, *answers: str, service: str = SERVICE
) -> subprocess.CompletedProcess[str]:
    """Try a login by answers that are known beforehand."""
    words = ["smsotpctl", "service", "test", service, account.name, "--answers-stdin", "--json"]
    given = "".join(f"{answer}\n" for answer in answers)
    return account.machine.run(words, input=given, check=False)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_person_leads_a_login_to_its_end(terminal: Terminal, alice: Account) -> None:
    screen = alice.machine.spawn(["smsotpctl", "service", "test", SERVICE, alice.name])
    screen.expect_exact("PIN: ")
    screen.sendline(PIN)
    screen.expect_exact(f"Code sent to {alice.masked}: ")
    screen.sendline(alice.code())
    screen.expect_exact("authentication: PAM_SUCCESS")
    screen.expect_exact("account: PAM_SUCCESS")
    screen.expect_exact(f"{alice.name} would be let in by {SERVICE}")
    screen.close()
    assert terminal in alice.machine.run(["smsotpctl", "service", "list", SERVICE]).stdout
    assert len(alice.messages()) == 1


def test_a_code_that_is_out_is_good_for_a_script(terminal: Terminal, alice: Account) -> None:
    looked = trial(alice, PIN)
    assert looked.returncode == Exit.FAILED
    # The code stays good until it expires: the next login sends no other.
    done = trial(alice, PIN, alice.code())
    assert done.returncode == Exit.DONE, done.stdout
    result = told(done)
    assert (result["granted"], result["outcome"]) == (True, "PAM_SUCCESS")
    assert result["terminal"] == terminal
    assert [each["style"] for each in result["prompts"]] == ["hidden", "hidden"]
    assert len(alice.messages()) == 1


@pytest.mark.usefixtures("terminal")
def test_without_an_answer_nothing_is_sent_and_nothing_left_open(alice: Account) -> None:
    done = trial(alice)
    assert done.returncode == Exit.FAILED
    assert told(done)["outcome"] == "PAM_CONV_ERR"
    assert alice.messages() == []
    assert open_transactions(alice.machine) == 0


@pytest.mark.usefixtures("terminal")
def test_a_wrong_pin_is_denied(alice: Account) -> None:
    done = trial(alice, "wrong")
    assert done.returncode == Exit.FAILED
    assert told(done)["outcome"] == "PAM_AUTH_ERR"


@pytest.mark.usefixtures("terminal")
def test_a_daemon_that_does_not_run_is_told_from_a_denial(alice: Account) -> None:
    alice.machine.run(["systemctl", "mask", "--now", "smsotpd"])
    try:
        done = trial(alice, PIN)
    finally:
        alice.machine.run(["systemctl", "unmask", "smsotpd"])
        alice.machine.run(["systemctl", "start", "smsotpd"])
    assert done.returncode == Exit.UNAVAILABLE
    assert told(done)["outcome"] == "PAM_AUTHINFO_UNAVAIL"


def test_one_password_field_takes_two_runs(alice: Account) -> None:
    first = trial(alice, PIN, service="vsftpd")
    assert first.returncode == Exit.FAILED
    assert "once more, with PIN and code in one answer" in first.stderr
    second = trial(alice, PIN + alice.code(), service="vsftpd")
    assert second.returncode == Exit.DONE
    assert len(alice.messages()) == 1


def test_a_user_of_the_machine_may_not_try_logins(alice: Account) -> None:
    words = ["smsotpctl", "service", "test", "sshd", alice.name, "--answers-stdin"]
    done = alice.machine.run(words, user=alice.name, check=False)
    assert done.returncode == Exit.NOT_AUTHORIZED
