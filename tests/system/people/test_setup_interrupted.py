# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl setup`, left at each of its questions in turn, and gone on with."""

import json
import re

import pexpect
import pytest

from tests.system import accounts
from tests.system.accounts import PIN, outbox
from tests.testhost.machine import Machine
from tests.testhost.terminal import Terminal

pytestmark = pytest.mark.system

PHONE = "+491511280001"
# Each question to its end, and what goes on from there; the code is read from the phone. The last
# one stands for what the gateway's settings ask.
CODE = "Code that arrived on the phone"
ANSWERS = {
    r"Type \(name or number\).*: $": "outbox",
    r"Name of the gateway \[outbox\]: ": "",
    r"Allow it\? \[y/N\]: ": "y",
    r"Send codes by outbox, as now\? \[Y/n\]: ": "y",
    "Phone number of the first user": PHONE,
    r"User(?: \[\w+\])?: $": "",
    "New PIN": PIN,
    "Once more": PIN,
    CODE: "",
    r"They are shown once\. \[Y/n\]: ": "y",
    r"Keys \(.*\]: $": "code",
    r"Write them\? \[y/N\]: ": "y",
    r"Now log in from a second terminal": "n",
    r"\]: $": "",
}
MOST_QUESTIONS = 25


def login_files(machine: Machine) -> str:
    """Return what decides about logins, to the byte."""
    contents = "find /etc/pam.d /etc/ssh /etc/sudoers.d -type f -exec sha256sum {} + | sort"
    return machine.run(["sh", "-c", contents]).stdout


def answer_until_a_new_one(
    machine: Machine, terminal: Terminal, user: str, left_at: set[str]
) -> bool:
    """Answer questions, and press Ctrl-C at the first new one; tell whether there was one."""
    patterns = list(ANSWERS)
    for _ in range(MOST_QUESTIONS):
        found = terminal.expect([*patterns, pexpect.EOF])
        if found == len(patterns):
            return False
        question = patterns[found]
        if question not in left_at:
            left_at.add(question)
            terminal.sendintr()
            terminal.expect(r"To go on|To begin again")
            terminal.expect("nothing more was done")
            terminal.expect(pexpect.EOF)
            return True
        answer = ANSWERS[question]
        if question == CODE:
            texts = [text for to, text in outbox(machine) if to == PHONE]
            answer = re.findall(r"\b\d{6}\b", texts[-1])[0]
        elif question.startswith("User"):
            answer = user
        terminal.sendline(answer)
    raise AssertionError("setup asks for ever")


def test_ctrl_c_at_any_question_leaves_logins_alone_and_setup_goes_on(fresh: Machine) -> None:
    user = accounts.new_account(fresh).name
    before = login_files(fresh)
    left_at: set[str] = set()
    was_left = True
    while was_left:
        terminal = fresh.spawn(["smsotpctl", "setup"], timeout=60)
        was_left = answer_until_a_new_one(fresh, terminal, user, left_at)
        assert login_files(fresh) == before, left_at
        timers = fresh.run(["systemctl", "list-timers", "--all", "pam-smsotp-*"]).stdout
        assert "0 timers listed" in timers

    # The last time all was answered, and the last answer was a no.
    assert left_at == ANSWERS.keys()
    users = json.loads(fresh.run(["smsotpctl", "user", "list", "--json"]).stdout)
    assert [each["user"] for each in users] == [user]
