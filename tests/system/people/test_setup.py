# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl setup` on a fresh machine: a login that works, or everything as it was."""

import re

import pytest

from tests.system.accounts import OUTBOX, PIN, outbox
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

PHONE = "+491511270001"
DROP_IN = "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"
WITHOUT_QUESTIONS = ("--yes", "--user", "alice", "--no-recovery", "--no-test")
# The timer is exact to a second; what it starts takes some more on a busy machine.
UNDONE_SECONDS = 75.0


def state_of_etc(machine: Machine) -> str:
    """Return names, modes, owners and contents of all files that decide about logins."""
    places = "/etc/pam.d /etc/ssh /etc/smsotp /etc/sudoers.d"
    names = f"find {places} -printf '%p %m %u %g\\n' | sort"
    contents = f"find {places} -type f -exec sha256sum {{}} + | sort"
    listed = machine.run(["sh", "-c", f"{names}; {contents}"])
    return listed.stdout


def codes(machine: Machine, phone: str = PHONE) -> list[str]:
    texts = [text for to, text in outbox(machine) if to == phone]
    return [code for text in texts for code in re.findall(r"\b\d{6}\b", text)]


def log_in(machine: Machine) -> bool:
    with SshLogin(machine, "alice", timeout=60) as login:
        login.expect_prompt("PIN: ")
        sent = len(codes(machine))
        login.answer(PIN)
        login.expect_prompt("Code sent to")
        login.expect_prompt(": ")
        wait_until(lambda: len(codes(machine)) > sent, 10, "the code is in the outbox")
        login.answer(codes(machine)[-1])
        return login.result().granted


def test_ctrl_c_at_the_first_question_changes_nothing(fresh: Machine) -> None:
    before = state_of_etc(fresh)
    terminal = fresh.spawn(["smsotpctl", "setup"])
    terminal.expect("Type \\(name or number\\)")

    terminal.sendintr()

    terminal.expect("Nothing was changed")
    terminal.expect("nothing more was done")
    assert state_of_etc(fresh) == before


def test_a_newcomer_is_led_to_a_login_by_ssh(fresh: Machine) -> None:
    fresh.add_user("alice", "correct horse")
    terminal = fresh.spawn(["smsotpctl", "setup"], timeout=60)
    terminal.expect("Type \\(name or number\\)")
    terminal.sendline("outbox")
    terminal.expect(r"Name of the gateway \[outbox\]: ")
    terminal.sendline("")
    while terminal.expect(["Allow it\\?", r"\]: $", r"\): $"]) != 0:
        terminal.sendline("")
    terminal.sendline("y")
    terminal.expect("Phone number of the first user")
    terminal.sendline(PHONE)
    terminal.expect("took a test message")
    terminal.expect("User")
    terminal.sendline("alice")
    terminal.expect("New PIN")
    terminal.sendline(PIN)
    terminal.expect("Once more")
    terminal.sendline(PIN)
    terminal.expect("Code that arrived on the phone")
    terminal.sendline(codes(fresh)[-1])
    terminal.expect("Make recovery codes for alice")
    terminal.sendline("y")
    terminal.expect("not shown again")
    terminal.expect("Keys")
    terminal.sendline("")
    terminal.expect("KbdInteractiveAuthentication yes")
    terminal.expect("Write them")
    terminal.sendline("y")
    terminal.expect("Now log in from a second terminal")

    assert log_in(fresh)

    terminal.expect("A login to sshd by PIN and code has worked", timeout=10)
    terminal.expect("Done")
    timers = fresh.run(["systemctl", "list-timers", "--all", "pam-smsotp-*"]).stdout
    assert "0 timers listed" in timers
    assert "KbdInteractiveAuthentication yes" in fresh.read_text(DROP_IN)
    assert PIN not in fresh.run(["cat", OUTBOX]).stdout


def test_setup_may_be_run_again_and_keeps_what_is_there(fresh: Machine) -> None:
    before = state_of_etc(fresh)

    done = fresh.run(["smsotpctl", "setup", *WITHOUT_QUESTIONS])

    assert "alice is enrolled already" in done.stdout
    assert "sshd asks for the code already" in done.stdout
    assert state_of_etc(fresh) == before


def back_to_the_start(machine: Machine) -> str:
    """Take sshd's part back and keep gateway and user; return the state then."""
    machine.run(["smsotpctl", "service", "disable", "--all", "--quiet"])
    machine.run(["rm", "-f", DROP_IN])
    machine.run(["systemctl", "reload", "ssh"])
    return state_of_etc(machine)


def test_all_is_undone_to_the_byte_when_nobody_logs_in(fresh: Machine) -> None:
    before = back_to_the_start(fresh)

    done = fresh.run(
        ["smsotpctl", "setup", *WITHOUT_QUESTIONS, "--rollback", "30", "--keys", "code"],
        check=False,
    )

    assert done.returncode == 8, done.stderr
    assert "nobody logged in to sshd within 30 s" in done.stderr
    assert state_of_etc(fresh) == before
    assert "kbdinteractiveauthentication no" in fresh.run(["sshd", "-T"]).stdout


def test_a_killed_setup_is_undone_to_the_byte_by_a_timer(fresh: Machine) -> None:
    before = back_to_the_start(fresh)
    telling_its_id = ["sh", "-c", 'echo id=$$.; exec "$@"', "sh"]
    words = ["smsotpctl", "setup", *WITHOUT_QUESTIONS, "--rollback", "30"]
    terminal = fresh.spawn([*telling_its_id, *words])
    terminal.expect(r"id=(\d+)\.")
    process = str(terminal.match[1])
    terminal.expect("Now log in from a second terminal")
    assert state_of_etc(fresh) != before

    fresh.run(["kill", "-KILL", process])

    wait_until(lambda: state_of_etc(fresh) == before, UNDONE_SECONDS, "all is as it was")


def test_after_a_killed_setup_another_one_is_led_to_its_end_and_back_to_the_start(
    fresh: Machine,
) -> None:
    before = back_to_the_start(fresh)
    telling_its_id = ["sh", "-c", 'echo id=$$.; exec "$@"', "sh"]
    terminal = fresh.spawn([*telling_its_id, "smsotpctl", "setup", *WITHOUT_QUESTIONS])
    terminal.expect(r"id=(\d+)\.")
    process = str(terminal.match[1])
    terminal.expect("Now log in from a second terminal")
    fresh.run(["kill", "-KILL", process])

    again = fresh.spawn(["smsotpctl", "setup", *WITHOUT_QUESTIONS, "--keys", "code"], timeout=30)
    again.expect("Nobody has confirmed sshd yet; its time begins anew")
    again.expect("Now log in from a second terminal")
    again.send("n\n")
    again.expect("sshd is as it was")

    wait_until(lambda: state_of_etc(fresh) == before, 10, "all is as it was")
    timers = fresh.run(["systemctl", "list-timers", "--all", "pam-smsotp-*"]).stdout
    assert "0 timers listed" in timers


def test_a_no_and_ctrl_c_undo_it_at_once(fresh: Machine) -> None:
    before = back_to_the_start(fresh)
    for leave in ("n\n", "\x03"):
        terminal = fresh.spawn(["smsotpctl", "setup", *WITHOUT_QUESTIONS], timeout=30)
        terminal.expect("Now log in from a second terminal")
        terminal.send(leave)
        terminal.expect("sshd is as it was")
        terminal.expect("Nothing was changed")
        wait_until(lambda: state_of_etc(fresh) == before, 10, "all is as it was")


def test_settings_of_sshd_that_another_file_overrules_are_undone_and_told(fresh: Machine) -> None:
    fresh.write_text("/etc/ssh/sshd_config.d/00-first.conf", "KbdInteractiveAuthentication no\n")
    before = back_to_the_start(fresh)

    done = fresh.run(["smsotpctl", "setup", *WITHOUT_QUESTIONS], check=False)

    assert done.returncode != 0
    assert "another file comes first" in done.stderr
    assert state_of_etc(fresh) == before
    fresh.run(["rm", "/etc/ssh/sshd_config.d/00-first.conf"])


def test_a_script_confirms_at_once(fresh: Machine) -> None:
    back_to_the_start(fresh)

    done = fresh.run(["smsotpctl", "setup", *WITHOUT_QUESTIONS, "--confirm", "--keys", "alone"])

    assert "sshd asks for the code from now on" in done.stdout
    assert "authenticationmethods publickey keyboard-interactive:pam" in (
        fresh.run(["sshd", "-T"]).stdout
    )
    assert log_in(fresh)
