# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`make demo` logs in for real, tells the truth, and its status says how it went."""

import re
import subprocess
import sys

import pexpect
import pytest

from tests.system.conftest import require_a_host
from tests.testhost.tree import ROOT

pytestmark = pytest.mark.system

DEMO = [sys.executable, "-m", "tests.demo"]
PHONE = r"\[the phone of alice: (\d{6}) is your login code for sshd"
SECONDS = 60


@pytest.fixture
def terminal() -> pexpect.spawn:
    """The demonstration before somebody who sits at a terminal."""
    require_a_host()
    return pexpect.spawn(DEMO[0], DEMO[1:], cwd=ROOT, encoding="utf-8", timeout=SECONDS)


def test_without_a_terminal_it_is_a_transcript_of_a_login() -> None:
    require_a_host()
    done = subprocess.run(
        DEMO, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(PHONE, done.stdout)
    assert "\nlet in as alice\n" in done.stdout
    assert "\nLogin of alice to sshd granted\n" in done.stdout


def test_on_a_terminal_a_person_logs_in(terminal: pexpect.spawn) -> None:
    terminal.expect_exact("The PIN is ")
    terminal.expect(r"\d+")
    pin = terminal.match[0]
    terminal.expect_exact("PIN: ")
    terminal.sendline(pin)
    terminal.expect_exact("Code sent to ")
    terminal.expect(PHONE)
    terminal.sendline(terminal.match[1])
    terminal.expect_exact("alice@bookworm:~$ ")
    terminal.sendline("id -un")
    terminal.expect_exact("\ralice\r\n")
    terminal.sendline("exit")
    terminal.expect_exact("Granted.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_a_person_who_is_not_let_in_is_told_so_by_the_status(terminal: pexpect.spawn) -> None:
    for _ in range(3):
        terminal.expect_exact("localhost) PIN: ")
        terminal.sendline("wrong")
    terminal.expect_exact("demo: the login was not granted")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 1


def test_ctrl_c_leaves_nothing_behind(terminal: pexpect.spawn) -> None:
    terminal.expect_exact("Booting a throw-away Debian 12.")
    terminal.expect_exact("Installing ")
    terminal.sendintr()
    terminal.expect_exact("demo: interrupted")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
