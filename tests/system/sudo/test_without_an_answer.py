# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sudo where nobody answers: no user at the prompt, no gateway, no daemon."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from smsotpd.core.events import LoginCancelled, LoginGranted
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.sudo.login import SOON, SudoLogin
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

NOT_AVAILABLE = "The second login step is not available now."
ASK_WITHOUT_A_TERMINAL = "Defaults noninteractive_auth\n"

# Takes a request, says so in a file, and answers when nobody waits any more.
SLOW_GATEWAY = """
import http.server, pathlib, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        pathlib.Path("/run/slow-gateway.asked").touch()
        time.sleep(10)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 8010), Handler).serve_forever()
"""


@pytest.fixture
def slow_gateway(sudo_machine: Machine) -> Iterator[Machine]:
    """The machine while its only gateway takes ten seconds to answer."""
    machine = sudo_machine
    machine.run(["systemd-run", "--unit=slow-gateway", "python3", "-c", SLOW_GATEWAY])
    listening = ["ss", "--listening", "--tcp", "--no-header", "sport = 8010"]
    wait_until(lambda: machine.run(listening).stdout, 10, "the slow gateway listens")
    fields = ["URL=http://127.0.0.1:8010/", "TIMEOUT=14", "option.to={phone}", "option.text={otp}"]
    sets = [word for field in fields for word in ("--set", field)]
    machine.run(["smsotpctl", "gateway", "configure", "slow", "--type", "http", *sets])
    with accounts.settings(machine, '[gateways]\norder = ["slow"]\n'):
        yield machine
    machine.run(["systemctl", "stop", "slow-gateway"])
    machine.run(["rm", "--force", "/run/slow-gateway.asked"])


@contextmanager
def sudoers(machine: Machine, rule: str) -> Iterator[None]:
    """Add a rule to sudo's for the time of a `with` block."""
    path = "/etc/sudoers.d/this-test"
    machine.write_text(path, rule, mode=0o440)
    try:
        yield
    finally:
        machine.run(["rm", path])


@contextmanager
def no_daemon(machine: Machine) -> Iterator[None]:
    """Stop the daemon and let nothing start it for the time of a `with` block."""
    machine.run(["systemctl", "mask", "--now", "smsotpd"])
    try:
        yield
    finally:
        machine.run(["systemctl", "unmask", "smsotpd"])
        machine.run(["systemctl", "start", "smsotpd"])


@contextmanager
def hung_daemon(machine: Machine) -> Iterator[None]:
    """Stop the daemon's processes, not its unit, for the time of a `with` block."""
    machine.run(["systemctl", "kill", "--signal=STOP", "smsotpd"])
    try:
        yield
    finally:
        machine.run(["systemctl", "kill", "--signal=CONT", "smsotpd"])


@contextmanager
def pam_arguments(machine: Machine, words: str) -> Iterator[None]:
    """Give our module in sudo's stack some arguments for the time of a `with` block."""
    path = "/etc/pam.d/sudo"
    before = machine.read_text(path)
    machine.write_text(path, re.sub(r"pam_smsotp\.(py|so)", rf"\g<0> {words}", before))
    try:
        yield
    finally:
        machine.write_text(path, before)


def wait_until_on_the_bus(machine: Machine) -> None:
    """Wait until a sudo has reached the bus, of which nothing on its terminal tells."""
    connections = ["busctl", "list", "--no-legend"]
    wait_until(lambda: " sudo " in machine.run(connections).stdout, 10, "sudo is on the bus")


def test_ctrl_c_while_a_gateway_is_waited_for_ends_sudo_at_once(
    slow_gateway: Machine, alice: Account
) -> None:
    asked = ["test", "-e", "/run/slow-gateway.asked"]
    with SudoLogin(alice) as login:
        login.expect("PIN: ")
        login.answer(PIN)
        wait_until(
            lambda: slow_gateway.run(asked, check=False).returncode == 0, 10, "the code is sent"
        )
        login.interrupt()
        result = login.result()
    assert result.seconds < SOON
    assert not result.granted
    assert result.text.count("PIN: ") == 1
    wait_until(lambda: alice.journal(LoginCancelled), SOON, "the daemon has cancelled the login")
    assert alice.journal(LoginGranted) == []


@pytest.mark.parametrize("rule", ["", ASK_WITHOUT_A_TERMINAL], ids=["default", "noninteractive"])
def test_sudo_that_may_not_ask_fails_at_once_and_sends_nothing(alice: Account, rule: str) -> None:
    with (
        sudoers(alice.machine, rule),
        SudoLogin(alice, ["sudo", "--non-interactive", "id"]) as login,
    ):
        result = login.result()
    assert result.status == 1
    assert result.seconds < SOON
    assert "a password is required" in result.text
    assert alice.messages() == []


def test_sudo_without_a_terminal_fails_at_once_and_sends_nothing(alice: Account) -> None:
    done = alice.machine.run(["setsid", "sudo", "id"], user=alice.name, check=False, timeout=5)
    assert done.returncode == 1
    assert "a terminal is required" in done.stderr
    assert alice.messages() == []


def test_a_daemon_that_does_not_run_denies_with_one_line(alice: Account) -> None:
    with no_daemon(alice.machine), SudoLogin(alice) as login:
        result = login.result()
    assert result.status == 1
    assert result.text.count(NOT_AVAILABLE) == 1
    assert "try again" not in result.text
    assert "PIN" not in result.text


def test_a_daemon_that_hangs_denies_with_one_line_after_the_timeout(alice: Account) -> None:
    with (
        pam_arguments(alice.machine, "timeout=2"),
        hung_daemon(alice.machine),
        SudoLogin(alice) as login,
    ):
        result = login.result()
    assert result.status == 1
    assert 2 <= result.seconds < 6, "it is waited for once, and not three times"
    assert result.text.count(NOT_AVAILABLE) == 1


def test_ctrl_c_while_a_hung_daemon_is_waited_for_ends_sudo_at_once(alice: Account) -> None:
    with hung_daemon(alice.machine), SudoLogin(alice) as login:
        wait_until_on_the_bus(alice.machine)
        login.interrupt()
        result = login.result()
    assert not result.granted
    assert result.seconds < SOON


def test_a_sudo_that_its_own_caller_stops_is_not_passed_over(alice: Account) -> None:
    """The caller may stop it while it waits for the daemon, until no time is left."""
    machine, name = alice.machine, ["pkill", "--exact", "sudo"]
    with pam_arguments(machine, "fail=ignore timeout=2"), ExitStack() as stack:
        with hung_daemon(machine):
            login = stack.enter_context(SudoLogin(alice))
            wait_until_on_the_bus(machine)
            machine.run([*name, "--signal=STOP"], user=alice.name)
        time.sleep(2.5)  # the time itself is the attack
        machine.run([*name, "--signal=CONT"], user=alice.name)
        # The answer that came meanwhile is heard, or nothing is available.
        assert login.expect("PIN: ", NOT_AVAILABLE, "assword") != "assword"


def test_a_started_daemon_serves_again(alice: Account) -> None:
    with no_daemon(alice.machine):
        pass
    with SudoLogin(alice) as login:
        login.pass_both()
        assert login.result().granted
