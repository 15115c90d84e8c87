# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user of the booted host looks after the own enrolment, through the system bus as shipped."""

import json
import re

import pexpect
import pytest

from smsotpd.core.events import EnrolmentChanged, InvitationUsed
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until


def as_user(account: Account, *words: str) -> pexpect.spawn:
    """Run smsotpctl at a terminal as an account."""
    command = ["runuser", "-u", account.name, "--", "smsotpctl", "self", *words]
    return account.machine.spawn(command, timeout=20)


def test_a_user_moves_to_another_phone_and_the_old_one_is_told(
    server: Machine, alice: Account
) -> None:
    other = Account(server, alice.name, f"{alice.phone[:-1]}7", alice.mark)
    # Not as an option: runuser(1) has its command line in the journal.
    terminal = as_user(alice, "number")
    terminal.expect_exact("New address:")
    terminal.sendline(other.phone)
    terminal.expect_exact("Current PIN:")
    terminal.sendline(PIN)
    terminal.expect_exact(f"Code sent to {alice.masked}:")
    terminal.sendline(alice.code())
    terminal.expect_exact(f"Code sent to {other.masked}:")
    terminal.sendline(other.code())
    terminal.expect_exact("It is changed, and counts from now on.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    wait_until(lambda: "were changed" in alice.messages()[-1], 10, "the old number is told")
    (entry,) = alice.journal(EnrolmentChanged)[-1:]
    assert entry["SMSOTP_CHANGE"] == "number: changed by the user"
    log_in(other)


def test_a_user_sees_the_own_enrolment_and_no_other(
    server: Machine, alice: Account, stranger: Account
) -> None:
    shown = server.run(["smsotpctl", "self", "status", "--json"], user=alice.name)
    assert json.loads(shown.stdout)["user"] == alice.name
    refused = server.run(["smsotpctl", "self", "status"], user=stranger.name, check=False)
    assert refused.returncode == 4
    other = server.run(["smsotpctl", "user", "show", alice.name], user=stranger.name, check=False)
    assert other.returncode == 3


@pytest.mark.parametrize(
    ("locale", "label"), [("de_AT.UTF-8", "Zustand"), ("pt_PT.UTF-8", "situação"), ("C", "state")]
)
def test_it_is_seen_in_the_language_of_the_shell(
    server: Machine, alice: Account, locale: str, label: str
) -> None:
    command = ["env", f"LC_ALL={locale}", "smsotpctl", "self", "status"]
    shown = server.run(command, user=alice.name).stdout
    assert re.search(rf"^{label} ", shown, re.MULTILINE), shown


def test_a_wrong_pin_changes_nothing(alice: Account) -> None:
    terminal = as_user(alice, "number")
    terminal.expect_exact("New address:")
    terminal.sendline("+491511234567")
    terminal.expect_exact("Current PIN:")
    terminal.sendline("wrong+7391")
    terminal.expect(re.escape("smsotpctl: nothing was changed"))
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 6
    assert alice.messages() == []


def test_where_no_policy_wants_it_nobody_enrols(server: Machine, stranger: Account) -> None:
    words = ["smsotpctl", "self", "enrol", "--answers-stdin"]
    done = server.run(words, input="+491511234567\n", user=stranger.name, check=False)
    # Without somebody to type the own password, polkit says no before the policy does.
    assert done.returncode in {3, 6}
    assert stranger.messages() == []


def test_an_invited_user_enrols_at_the_first_login_and_only_once(
    server: Machine, stranger: Account
) -> None:
    invitation = server.run(["smsotpctl", "user", "invite", stranger.name]).stdout.strip()
    with SshLogin(server, stranger.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(invitation)
        login.expect_prompt("Mobile number")
        login.answer(stranger.phone)
        login.expect_prompt(f"Code sent to {stranger.masked}: ")
        login.answer(stranger.code())
        for prompt in ("New PIN: ", "New PIN again: "):
            login.expect_prompt(prompt)
            login.answer(PIN)
        assert login.result().granted
    assert len(stranger.journal(InvitationUsed)) == 1
    log_in(stranger)
    with SshLogin(server, stranger.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(invitation)
        assert not login.result().granted
