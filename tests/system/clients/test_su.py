# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""su by the native terminal: its caller chooses the environment, and gains nothing by it."""

from collections.abc import Iterator

import pexpect
import pytest

from smsotpd.core.events import LoginDenied, LoginGranted
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.traps import ATTACKS, ENVIRONMENTS, planted, was_trapped
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

WHO = "echo now $(id -un)"


@pytest.fixture(scope="module")
def trap(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The machine with planted modules, programs, libraries and a bus."""
    with planted(machine, tmp_path_factory.mktemp("trap")):
        yield machine


def su(caller: Account, target: Account, env: dict[str, str] | None = None) -> pexpect.spawn:
    """Start to become another user."""
    words = ["/usr/bin/su", "--command", WHO, target.name]
    return caller.machine.spawn(words, user=caller.name, env=env)


def become(caller: Account, target: Account, env: dict[str, str] | None = None) -> None:
    """Become another user by that user's PIN and code."""
    terminal = su(caller, target, env)
    terminal.expect_exact("PIN: ")
    terminal.sendline(PIN)
    terminal.expect_exact(f"Code sent to {target.masked}: ")
    terminal.sendline(target.code())
    terminal.expect_exact(f"now {target.name}")
    terminal.close()


def test_the_targets_pin_and_code_make_one_the_target(alice: Account, bob: Account) -> None:
    become(bob, alice)
    assert len(alice.messages()) == 1
    assert bob.messages() == []
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "su"


def test_the_targets_password_makes_nobody_the_target(
    alice: Account, bob: Account, tried: Tried
) -> None:
    tried()
    terminal = su(bob, alice)
    terminal.expect_exact("PIN: ")
    terminal.sendline(PASSWORD)
    terminal.expect_exact("Authentication failure")
    terminal.close()
    assert alice.messages() == []


def test_root_is_asked_nothing(machine: Machine, alice: Account) -> None:
    done = machine.run(["su", "--command", WHO, alice.name])
    assert done.stdout == f"now {alice.name}\n"
    assert alice.messages() == []


def test_su_without_a_terminal_is_denied_and_sends_nothing(
    alice: Account, bob: Account, tried: Tried
) -> None:
    tried()
    words = ["setsid", "su", "--command", WHO, alice.name]
    done = bob.machine.run(words, user=bob.name, check=False, timeout=10)
    assert done.returncode != 0
    assert alice.messages() == []


def test_chsh_asks_its_caller_for_pin_and_code(alice: Account) -> None:
    terminal = alice.machine.spawn(["chsh", "--shell", "/bin/sh"], user=alice.name)
    terminal.expect_exact("PIN: ")
    terminal.sendline(PIN)
    terminal.expect_exact(f"Code sent to {alice.masked}: ")
    terminal.sendline(alice.code())
    terminal.expect(pexpect.EOF)
    terminal.close()
    entry = alice.machine.run(["getent", "passwd", alice.name]).stdout
    assert entry.rstrip().endswith(":/bin/sh")


@pytest.mark.parametrize("name", ["LD_PRELOAD", "DBUS_SYSTEM_BUS_ADDRESS"])
def test_the_trap_catches_a_program_that_heeds_its_environment(trap: Machine, name: str) -> None:
    program = {"LD_PRELOAD": ["/usr/bin/true"], "DBUS_SYSTEM_BUS_ADDRESS": ["busctl", "list"]}[name]
    trap.run(["sh", "-c", 'exec "$@"', "sh", *program], env=ENVIRONMENTS[name], check=False)
    assert was_trapped(trap)


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_planted_runs_as_root_whoever_is_let_in(
    trap: Machine, alice: Account, bob: Account, name: str, tried: Tried
) -> None:
    tried()
    become(bob, alice, dict(ATTACKS[name]))
    assert not was_trapped(trap)
    assert len(alice.journal(LoginGranted)) == 1


def test_nothing_planted_answers_in_place_of_the_daemon(
    trap: Machine, alice: Account, bob: Account, tried: Tried
) -> None:
    tried()
    terminal = su(bob, alice, dict(ATTACKS["all at once"]))
    terminal.expect_exact("PIN: ")
    terminal.sendline("wrong")
    terminal.expect_exact("Authentication failure")
    terminal.close()
    assert not was_trapped(trap)
    wait_until(lambda: alice.journal(LoginDenied), 5, "the daemon has denied the login")
    assert alice.journal(LoginGranted) == []
