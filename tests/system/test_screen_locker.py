# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Unlocking a screen: PAM, and our terminal in it, run as the user who locked it.

i3lock has one field, shows no text, and gives what was typed to every prompt: two attempts.
XSecureLock shows each prompt: a conversation.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from smsotpd.cli.pam.terminal import Terminal
from smsotpd.core.events import LoginCancelled, LoginDenied, LoginGranted
from tests.static.tree import ROOT
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account, open_transactions
from tests.system.conftest import installed
from tests.system.locked_screen import LockedScreen
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

ARTEFACTS = ROOT / "build" / "artefacts"
I3LOCK = ("i3lock", "--nofork")
XSECURELOCK = {
    "XSECURELOCK_PAM_SERVICE": "xsecurelock",
    "XSECURELOCK_SAVER": "saver_blank",
    "XSECURELOCK_NO_COMPOSITE": "1",
}
# Debian's XSecureLock asks as common-auth; whoever wants a service of its own writes it.
XSECURELOCK_SERVICE = "@include common-auth\n@include common-account\n"


@pytest.fixture(scope="module", params=list(Terminal))
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Debian 12 with our package; only the two lockers are enabled, by each terminal in turn."""
    with installed("bookworm", request.param) as machine:
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        machine.write_text("/etc/pam.d/xsecurelock", XSECURELOCK_SERVICE)
        for service in ("i3lock", "xsecurelock"):
            enable = ["smsotpctl", "service", "enable", service, "--terminal", request.param]
            machine.run([*enable, "--confirm"])
        yield machine


@pytest.fixture
def alice(machine: Machine) -> Account:
    """An enrolled user whom nobody else uses."""
    return accounts.enrol(accounts.new_account(machine))


@pytest.fixture
def bob(machine: Machine) -> Account:
    """Another one."""
    return accounts.enrol(accounts.new_account(machine))


@contextmanager
def i3lock(account: Account) -> Iterator[LockedScreen]:
    """Lock a screen by i3lock and wait until it takes keys."""
    with LockedScreen(account, I3LOCK) as screen:
        plain = wait_until(screen.picture, 10, "there is a picture")

        def takes_keys() -> bool:
            screen.press("BackSpace")
            return screen.picture() != plain

        wait_until(takes_keys, 10, "i3lock shows that it noticed a key")
        yield screen


@contextmanager
def xsecurelock(account: Account) -> Iterator[LockedScreen]:
    """Lock a screen by XSecureLock, wake it and wait until it asks."""
    with LockedScreen(account, ["xsecurelock"], env=XSECURELOCK) as screen:

        def asks() -> bool:
            screen.press("Shift_L")
            return open_transactions(account.machine) == 1

        wait_until(asks, 10, "the locker asks")
        yield screen


def wait_for_denials(account: Account, count: int) -> None:
    wait_until(
        lambda: len(account.journal(LoginDenied)) == count, 10, f"{count} attempts are denied"
    )


def refusals(machine: Machine) -> list[dict[str, object]]:
    """Return what the terminal logged: by its own name, or, as libpam does, by i3lock's."""
    return [
        entry
        for entry in machine.journal(_COMM="i3lock")
        if "pam_smsotp" in f"{entry['SYSLOG_IDENTIFIER']} {entry['MESSAGE']}"
    ]


def wait_for_message(account: Account) -> None:
    wait_until(account.messages, 10, "a code is sent")


def test_i3lock_opens_by_the_pin_and_then_pin_and_code(alice: Account) -> None:
    with i3lock(alice) as screen:
        screen.type(PIN)
        wait_for_denials(alice, 1)
        assert screen.is_locked()
        screen.type(PIN + alice.code())
        wait_until(screen.is_unlocked, 10, "the screen is unlocked")
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "i3lock"


def test_i3lock_runs_as_the_user_and_with_no_privilege(alice: Account) -> None:
    with i3lock(alice) as screen:
        main = ["systemctl", "show", "--property=MainPID", "--value", screen.unit]
        pid = alice.machine.run(main).stdout.strip()
        status = alice.machine.read_text(f"/proc/{pid}/status")
        uid = alice.machine.run(["id", "-u", alice.name]).stdout.strip()
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
    assert "CapEff:\t0000000000000000\n" in status


@pytest.mark.parametrize("answer", [PASSWORD, "123456", PIN[:-1]], ids=["password", "code", "PIN"])
def test_i3lock_stays_locked_without_the_pin_and_sends_nothing(alice: Account, answer: str) -> None:
    with i3lock(alice) as screen:
        screen.type(answer)
        wait_for_denials(alice, 1)
        assert screen.is_locked()
    assert alice.messages() == []


def test_i3lock_stays_locked_after_a_wrong_code_and_opens_by_the_right_one(alice: Account) -> None:
    with i3lock(alice) as screen:
        screen.type(PIN)
        wait_for_denials(alice, 1)
        screen.type(PIN + alice.wrong_code())
        wait_for_denials(alice, 2)
        assert screen.is_locked()
        screen.type(PIN + alice.code())
        wait_until(screen.is_unlocked, 15, "the screen is unlocked")
    assert len(alice.messages()) == 1


def test_i3lock_stays_locked_by_the_pin_and_code_of_somebody_else(
    alice: Account, bob: Account
) -> None:
    with i3lock(alice) as hers, i3lock(bob) as his:
        his.type(PIN)
        wait_for_denials(bob, 1)
        hers.type(PIN + bob.code())
        wait_for_denials(alice, 1)
        assert hers.is_locked()


def test_i3lock_stays_locked_while_no_daemon_runs_and_opens_afterwards(alice: Account) -> None:
    machine = alice.machine
    with i3lock(alice) as screen:
        machine.run(["systemctl", "mask", "--now", "smsotpd"])
        try:
            screen.type(PIN)
            entries = wait_until(lambda: refusals(machine), 10, "the terminal refuses")
            assert screen.is_locked()
        finally:
            machine.run(["systemctl", "unmask", "smsotpd"])
            machine.run(["systemctl", "start", "smsotpd"])
        # What the log says who wrote it is the kernel's word: the terminal ran as the user.
        assert entries[0]["_UID"] == machine.run(["id", "-u", alice.name]).stdout.strip()
        screen.type(PIN)
        wait_for_denials(alice, 1)
        screen.type(PIN + alice.code())
        wait_until(screen.is_unlocked, 15, "the screen is unlocked")


def test_xsecurelock_opens_by_pin_and_code(alice: Account) -> None:
    with xsecurelock(alice) as screen:
        screen.type(PIN)
        wait_for_message(alice)
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (ARTEFACTS / "xsecurelock-code-prompt.png").write_bytes(screen.picture())
        assert screen.is_locked()
        screen.type(alice.code())
        wait_until(screen.is_unlocked, 10, "the screen is unlocked")
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "xsecurelock"


def test_xsecurelock_asks_again_after_a_wrong_code(alice: Account) -> None:
    with xsecurelock(alice) as screen:
        screen.type(PIN)
        wait_for_message(alice)
        screen.type(alice.wrong_code())
        screen.type(alice.code())
        wait_until(screen.is_unlocked, 10, "the screen is unlocked")
    assert len(alice.messages()) == 1


def test_xsecurelock_stays_locked_after_three_wrong_codes(alice: Account) -> None:
    with xsecurelock(alice) as screen:
        screen.type(PIN)
        wait_for_message(alice)
        for _ in range(3):
            screen.type(alice.wrong_code())
        wait_for_denials(alice, 1)
        assert screen.is_locked()
    assert len(alice.messages()) == 1


def test_escape_at_xsecurelocks_prompt_cancels_the_login(alice: Account) -> None:
    with xsecurelock(alice) as screen:
        screen.type(PIN)
        wait_for_message(alice)
        screen.press("Escape")
        wait_until(lambda: alice.journal(LoginCancelled), 5, "the login is cancelled")
        assert screen.is_locked()


def attempt(caller: Account, service: str, user: str) -> subprocess.CompletedProcess[str]:
    """Run a PAM service for a user with the caller's uid, and answer its first prompt wrongly."""
    words = ["pamtester", service, user, "authenticate"]
    return caller.machine.run(words, input="wrong\n", user=caller.name, check=False)


@pytest.mark.parametrize("service", ["i3lock", "xsecurelock"])
def test_nobody_is_even_asked_for_the_pin_of_somebody_else(
    alice: Account, bob: Account, service: str
) -> None:
    assert attempt(alice, service, bob.name).returncode != 0
    assert bob.journal(LoginDenied) == []
    assert attempt(alice, service, alice.name).returncode != 0
    assert len(alice.journal(LoginDenied)) == 1
