# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user`."""

import json
import os

import pytest

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import RIGHT_CODE, FakeDaemon

PHONE = "+491701234567"


def enrol_anna(shell: Shell) -> None:
    result = shell.run(
        "user", "enrol", "anna", "--phone", PHONE, "--pin-stdin", "--no-verify", typed="8259\n"
    )
    assert result.exit_code == Exit.DONE, result.output


def test_a_script_enrols_without_a_terminal(shell: Shell, daemon: FakeDaemon) -> None:
    enrol_anna(shell)

    assert daemon.pins == {"anna": "8259"}


def test_a_pin_comes_by_any_descriptor(shell: Shell, daemon: FakeDaemon) -> None:
    enrol_anna(shell)
    reading, writing = os.pipe()
    os.write(writing, b"73 51\r\n")
    os.close(writing)

    result = shell.run("user", "pin", "anna", "--pin-fd", str(reading))

    os.close(reading)
    assert result.exit_code == Exit.DONE
    assert daemon.pins == {"anna": "73 51"}


@pytest.mark.parametrize("bad", [b"", b"\n", b"\xff\xfe\n", b"1" * 70_000])
def test_a_pin_that_is_no_text_is_refused_before_it_is_sent(
    bad: bytes, shell: Shell, daemon: FakeDaemon
) -> None:
    enrol_anna(shell)

    result = shell.run("user", "pin", "anna", "--pin-stdin", typed=bad)

    assert result.exit_code == Exit.USAGE
    assert "standard input" in result.output
    assert daemon.pins == {"anna": "8259"}


def test_without_a_terminal_a_missing_answer_is_named_not_asked_for(shell: Shell) -> None:
    assert "--no-verify" in shell.run("user", "enrol", "anna", "--phone", PHONE).output
    assert "--phone" in shell.run("user", "enrol", "anna", "--no-verify", "--pin-stdin").output
    assert "--pin-stdin" in shell.run("user", "pin", "anna").output
    assert "--yes" in shell.run("user", "remove", "anna").output
    assert "--code-stdin" in shell.run("user", "verify", "e1").output


def test_a_person_is_asked_for_phone_pin_and_code(shell: Shell, daemon: FakeDaemon) -> None:
    shell.interactive = True
    answers = [PHONE, "8259", "8259", "000000", RIGHT_CODE]

    result = shell.run("user", "enrol", "anna", typed="\n".join(answers) + "\n")

    assert result.exit_code == Exit.DONE, result.output
    assert "wrong code" in result.output
    assert daemon.pins == {"anna": "8259"}


def test_a_pin_typed_differently_the_second_time_is_asked_for_again(
    shell: Shell, daemon: FakeDaemon
) -> None:
    enrol_anna(shell)
    shell.interactive = True

    result = shell.run("user", "pin", "anna", typed="1111\n2222\n7351\n7351\n")

    assert "differ" in result.output
    assert daemon.pins == {"anna": "7351"}


def test_a_pin_is_not_shown_while_it_is_typed(shell: Shell) -> None:
    enrol_anna(shell)
    shell.interactive = True

    assert "7351" not in shell.run("user", "pin", "anna", typed="7351\n7351\n").output


def test_three_wrong_codes_end_the_enrolment_with_the_daemons_reason(shell: Shell) -> None:
    shell.interactive = True

    result = shell.run("user", "enrol", "anna", "--phone", PHONE, typed="8259\n8259\n1\n2\n3\n")

    assert result.exit_code == Exit.REFUSED
    assert result.output.count("wrong code") == 3


def test_a_verification_may_be_finished_later(shell: Shell) -> None:
    arguments = ["user", "enrol", "anna", "--phone", PHONE, "--pin-stdin", "--verify-later"]

    enrolled = shell.run(*arguments, "--json", typed="8259\n")

    assert json.loads(enrolled.output)["enrolment"] == "e1"
    wrong = shell.run("user", "verify", "e1", "--code-stdin", typed="1\n")
    assert wrong.exit_code == Exit.REFUSED
    right = shell.run("user", "verify", "e1", "--code-stdin", typed=f"{RIGHT_CODE}\n")
    assert right.exit_code == Exit.DONE


def test_an_enrolled_user_may_keep_the_pin(shell: Shell, daemon: FakeDaemon) -> None:
    enrol_anna(shell)

    kept = shell.run("user", "enrol", "anna", "--phone", PHONE, "--keep-pin", "--no-verify")
    shell.interactive = True
    left_empty = shell.run("user", "enrol", "anna", "--phone", PHONE, "--no-verify", typed="\n")

    assert (kept.exit_code, left_empty.exit_code) == (Exit.DONE, Exit.DONE)
    assert daemon.pins == {"anna": "8259"}


def test_users_are_listed_with_masked_numbers_and_readable_times(shell: Shell) -> None:
    enrol_anna(shell)

    table = shell.run("user", "list").output

    assert "+49 ••• ••67" in table
    assert "2023-11-1" in table
    assert json.loads(shell.run("user", "list", "--json").output)[0]["enrolled_at"] == 1_700_000_000


def test_json_may_be_asked_for_before_the_noun(shell: Shell) -> None:
    assert json.loads(shell.run("--json", "user", "list").output) == []


def test_an_empty_list_says_what_to_do_next(shell: Shell) -> None:
    assert "smsotpctl user enrol" in shell.run("user", "list").output


def test_a_user_is_shown_unlocked_disabled_and_removed(shell: Shell, daemon: FakeDaemon) -> None:
    enrol_anna(shell)

    assert shell.run("user", "disable", "anna").exit_code == Exit.DONE
    assert "disabled" in shell.run("user", "show", "anna").output
    assert shell.run("user", "unlock", "anna").exit_code == Exit.DONE
    assert json.loads(shell.run("user", "show", "anna", "--json").output)["state"] == "active"
    assert shell.run("user", "remove", "anna", "--yes").exit_code == Exit.DONE
    assert daemon.users == {}


def test_nothing_is_removed_on_any_answer_but_yes(shell: Shell, daemon: FakeDaemon) -> None:
    enrol_anna(shell)
    shell.interactive = True

    assert shell.run("user", "remove", "anna", typed="n\n").exit_code == Exit.ABORTED
    assert shell.run("user", "remove", "anna", typed="\n").exit_code == Exit.ABORTED
    assert "anna" in daemon.users
    assert shell.run("user", "remove", "anna", typed="y\n").exit_code == Exit.DONE


def test_an_unknown_user_has_its_own_exit_code(shell: Shell) -> None:
    for verb in ("show", "unlock", "disable"):
        assert shell.run("user", verb, "nobody").exit_code == Exit.NOT_FOUND


def test_what_a_daemon_says_cannot_control_the_terminal(shell: Shell, daemon: FakeDaemon) -> None:
    daemon.failure = CliError(
        "bad \x1b]0;title\x07 \u202enwod", remedy="none\r", exit_code=Exit.REFUSED
    )

    output = shell.run("user", "list").output

    assert "\\x1b]0;title\\x07 \\u202enwod" in output
    assert output.isascii() or not any(char in output for char in "\x1b\x07\r\u202e")


def test_two_sources_of_a_pin_are_refused(shell: Shell) -> None:
    enrol_anna(shell)

    result = shell.run("user", "pin", "anna", "--pin-stdin", "--pin-fd", "5", typed="1\n")

    assert result.exit_code == Exit.USAGE


def test_contradicting_options_are_refused(shell: Shell) -> None:
    result = shell.run("user", "enrol", "anna", "--no-verify", "--verify-later")

    assert result.exit_code == Exit.USAGE
