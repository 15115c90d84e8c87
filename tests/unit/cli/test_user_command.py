# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user`."""

import json
import os
from collections.abc import Callable

import pytest

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import RIGHT_CODE, FakeDaemon

PHONE = "+491701234567"


def enrol_anna(shell: Shell) -> None:
    result = shell.run(
        "user", "enrol", "anna", "--answers-stdin", "--no-verify", typed=f"{PHONE}\n8259\n"
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
    assert "--no-verify" in shell.run("user", "enrol", "anna").output
    assert "--address-fd" in shell.run("user", "enrol", "anna", "--no-verify").output
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

    typed = "\n".join([PHONE, "8259", "8259", "1", "2", "3"])
    result = shell.run("user", "enrol", "anna", typed=f"{typed}\n")

    assert result.exit_code == Exit.REFUSED
    assert result.output.count("wrong code") == 3


def test_a_verification_may_be_finished_later(shell: Shell) -> None:
    arguments = ["user", "enrol", "anna", "--answers-stdin", "--verify-later"]

    enrolled = shell.run(*arguments, "--json", typed=f"{PHONE}\n8259\n")

    assert json.loads(enrolled.output)["enrolment"] == "e1"
    wrong = shell.run("user", "verify", "e1", "--code-stdin", typed="1\n")
    assert wrong.exit_code == Exit.REFUSED
    right = shell.run("user", "verify", "e1", "--code-stdin", typed=f"{RIGHT_CODE}\n")
    assert right.exit_code == Exit.DONE


def test_an_enrolled_user_may_keep_the_pin(shell: Shell, daemon: FakeDaemon) -> None:
    enrol_anna(shell)

    words = ["user", "enrol", "anna", "--no-verify"]
    results = [
        shell.run(*words, "--keep-pin", "--address-fd", "0", typed=f"{PHONE}\n"),
        shell.run(*words, "--keep-pin", "--answers-stdin", typed=f"{PHONE}\n"),
        shell.run(*words, "--answers-stdin", typed=f"{PHONE}\n\n"),
    ]
    shell.interactive = True
    results.append(shell.run(*words, typed=f"{PHONE}\n\n"))

    assert [result.exit_code for result in results] == [Exit.DONE] * 4, shell.outputs
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


@pytest.mark.parametrize(
    "options",
    [
        ("--no-verify", "--verify-later"),
        ("--no-verify", "--pin-stdin", "--pin-fd", "5"),
        ("--no-verify", "--pin-stdin", "--answers-stdin"),
        ("--no-verify", "--pin-stdin", "--address-fd", "0"),
        ("--no-verify", "--pin-fd", "0", "--address-fd", "0"),
        ("--no-verify", "--answers-stdin", "--address-fd", "0"),
    ],
)
def test_contradicting_options_are_refused(
    options: tuple[str, ...], shell: Shell, daemon: FakeDaemon
) -> None:
    result = shell.run("user", "enrol", "anna", *options, typed=f"{PHONE}\n8259\n")

    assert result.exit_code == Exit.USAGE
    assert daemon.users == {}


def test_the_code_is_not_asked_for_where_something_else_is_read(shell: Shell) -> None:
    shell.interactive = True

    for options in (("--pin-stdin",), ("--address-fd", "0")):
        result = shell.run("user", "enrol", "anna", *options, typed="8259\n")
        assert result.exit_code == Exit.USAGE
        assert "--no-verify or --verify-later" in result.output


def test_a_program_gives_address_pin_and_code_line_by_line(
    shell: Shell, daemon: FakeDaemon
) -> None:
    words = ["user", "enrol", "anna", "--answers-stdin"]

    wrong = shell.run(*words, typed=f"{PHONE}\n8259\n000000\n{RIGHT_CODE}\n")
    assert wrong.exit_code == Exit.REFUSED
    assert wrong.output.count("wrong code") == 1
    short = shell.run(*words, typed=f"{PHONE}\n8259\n")
    assert short.exit_code == Exit.ABORTED
    right = shell.run(*words, typed=f"{PHONE}\r\n8259\r\n{RIGHT_CODE}\r\n")
    assert right.exit_code == Exit.DONE, right.output
    assert daemon.pins == {"anna": "8259"}


@pytest.mark.parametrize("bad", [b"gr\xfcn-7351", b"1" * 70_000])
def test_a_line_that_is_no_text_is_not_made_into_a_pin_that_nobody_can_type(
    bad: bytes, shell: Shell, daemon: FakeDaemon
) -> None:
    typed = PHONE.encode() + b"\n" + bad + b"\n"

    result = shell.run("user", "enrol", "anna", "--answers-stdin", "--no-verify", typed=typed)

    assert result.exit_code == Exit.USAGE
    assert "standard input" in result.output
    assert daemon.pins == {}


def test_address_and_pin_come_by_descriptors_of_their_own(
    shell: Shell, daemon: FakeDaemon, holding: Callable[[str], str]
) -> None:
    result = shell.run(
        "user", "enrol", "anna", "--no-verify",
        "--address-fd", holding(f"{PHONE}\n"), "--pin-fd", holding("8259"),
    )  # fmt: skip

    assert result.exit_code == Exit.DONE, result.output
    assert daemon.pins == {"anna": "8259"}
    assert daemon.users["anna"]["phone"] == "+49 ••• ••67"


@pytest.mark.parametrize("bad", ["", "\n", " \n", f"{PHONE}\n+491701234568\n"])
def test_a_descriptor_without_one_address_is_refused_without_being_repeated(
    bad: str, shell: Shell, daemon: FakeDaemon
) -> None:
    result = shell.run("user", "enrol", "anna", "--no-verify", "--address-fd", "0", typed=bad)

    assert result.exit_code == Exit.USAGE
    assert "address" in result.output
    assert "1234567" not in result.output
    assert daemon.calls == []
