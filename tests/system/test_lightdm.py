# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logging in to a desktop: a real greeter on a virtual screen asks for PIN and code."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsotpd.cli.pam.terminal import Terminal, our_rules
from smsotpd.core.events import LoginDenied, LoginGranted
from tests.static.tree import ROOT
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.conftest import installed
from tests.testhost.desktop import Desktop
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

ARTEFACTS = ROOT / "build" / "artefacts"
SESSION_SECONDS = 20


@pytest.fixture(scope="module", params=list(Terminal))
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Debian 12 with our package; only `lightdm` is enabled, by each terminal in turn."""
    with installed("bookworm", request.param) as machine:
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        enable = ["smsotpctl", "service", "enable", "lightdm", "--terminal", request.param]
        machine.run([*enable, "--confirm"])
        yield machine


@pytest.fixture
def alice(machine: Machine) -> Account:
    """An enrolled user whom nobody else uses."""
    return accounts.enrol(accounts.new_account(machine))


@pytest.fixture
def greeter(machine: Machine) -> Desktop:
    """A greeter that asks for a user."""
    return Desktop(machine)


def keep(name: str, picture: bytes) -> Path:
    """Keep a screenshot for people to look at."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    path.write_bytes(picture)
    return path


def wait_for_session(greeter: Desktop, account: Account) -> None:
    wait_until(
        lambda: greeter.is_in_session(account.name), SESSION_SECONDS, "the session is on the screen"
    )


def log(machine: Machine) -> str:
    """Return what LightDM wrote since it was last started."""
    return machine.read_text("/var/log/lightdm/lightdm.log")


def refusals(machine: Machine, user: str) -> list[str]:
    """Return how PAM ended the user's attempts since LightDM was last started, if not well."""
    lines = log(machine)
    attempts = re.findall(rf"Session pid=(\d+): Started with .*'{user}'", lines)
    ends = [
        re.search(rf"Session pid={pid}: Authentication complete .* value ([1-9].*)", lines)
        for pid in attempts
    ]
    return [end[1] for end in ends if end]


def test_pin_and_code_open_the_session(greeter: Desktop, alice: Account) -> None:
    greeter.answer(alice.name)
    keep("lightdm-pin-prompt", greeter.wait_for_prompt())
    greeter.answer(PIN)
    keep("lightdm-code-prompt", greeter.wait_for_prompt())
    assert not greeter.is_in_session(alice.name)
    greeter.answer(alice.code())
    wait_for_session(greeter, alice)
    assert len(alice.messages()) == 1
    assert len(alice.journal(LoginGranted)) == 1
    assert f"username '{alice.name}'" in log(alice.machine)
    assert "Running command /etc/X11/Xsession" in log(alice.machine)


def test_a_wrong_code_is_asked_again_and_denied_in_the_end(
    greeter: Desktop, alice: Account
) -> None:
    greeter.answer(alice.name)
    greeter.answer(PIN)
    for number in range(3):
        greeter.answer(alice.wrong_code())
        keep(f"lightdm-wrong-code-{number + 1}", greeter.wait_for_prompt())
    [denied] = wait_until(lambda: alice.journal(LoginDenied), 5, "the login is denied")
    assert denied["SMSOTP_REASON"] == "too many wrong codes"
    assert not greeter.is_in_session(alice.name)
    assert len(alice.messages()) == 1


def test_a_wrong_pin_is_denied_and_sends_nothing(greeter: Desktop, alice: Account) -> None:
    greeter.answer(alice.name)
    greeter.answer(PASSWORD)
    wait_until(lambda: alice.journal(LoginDenied), 5, "the login is denied")
    greeter.wait_for_prompt()
    assert not greeter.is_in_session(alice.name)
    assert alice.messages() == []


def test_a_code_that_is_asked_for_again_comes_after_the_cool_down(
    greeter: Desktop, alice: Account
) -> None:
    greeter.answer(alice.name)
    greeter.answer(PIN)
    greeter.answer("r")
    keep("lightdm-resend-too-early", greeter.wait_for_prompt())
    assert len(alice.messages()) == 1
    greeter.answer(alice.code())
    wait_for_session(greeter, alice)


def test_who_is_not_enrolled_is_asked_the_same_and_denied(
    greeter: Desktop, machine: Machine
) -> None:
    stranger = accounts.new_account(machine)
    greeter.answer(stranger.name)
    greeter.answer(PASSWORD)
    wait_until(lambda: stranger.journal(LoginDenied), 5, "the login is denied")
    greeter.wait_for_prompt()
    assert not greeter.is_in_session(stranger.name)
    assert stranger.messages() == []


def test_where_nobody_may_log_in_nobody_is_asked(
    greeter: Desktop, machine: Machine, alice: Account
) -> None:
    machine.write_text("/etc/nologin", "Closed for repairs.\n")
    try:
        greeter.answer(alice.name)
        wait_until(lambda: refusals(machine, alice.name), 20, "PAM has refused")
    finally:
        machine.run(["rm", "/etc/nologin"])
    assert accounts.open_transactions(machine) == 0
    assert not greeter.is_in_session(alice.name)


def test_a_user_who_is_logged_in_automatically_is_not_asked(
    greeter: Desktop, machine: Machine, alice: Account
) -> None:
    drop_in = "/etc/lightdm/lightdm.conf.d/this-test.conf"
    machine.write_text(drop_in, f"[Seat:*]\nautologin-user={alice.name}\n")
    try:
        machine.run(["systemctl", "restart", "lightdm"])
        wait_for_session(greeter, alice)
    finally:
        machine.run(["rm", drop_in])
    assert alice.messages() == []


def test_the_other_rules_of_the_service_stay(machine: Machine) -> None:
    [backup] = machine.run(["sh", "-c", "ls /var/backups/pam-smsotp/lightdm.*"]).stdout.split()
    before = machine.read_text(backup).splitlines()
    now = machine.read_text("/etc/pam.d/lightdm").splitlines()
    assert [line for line in before if line not in now] == ["@include common-auth"]
    [nologin] = [number for number, line in enumerate(now) if "pam_nologin.so" in line]
    [(ours, _, _)] = our_rules("\n".join(now))
    # Rules are counted from 1.
    assert nologin < ours - 1
    changed = machine.run(["dpkg", "--verify", "lightdm"], check=False).stdout
    assert "lightdm-autologin" not in changed
    assert "lightdm-greeter" not in changed
