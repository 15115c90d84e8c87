# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user authenticator`, `recovery` and `break-glass`."""

import json

import pytest

from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import RIGHT_CODE, FakeDaemon


def test_an_app_is_shown_as_picture_and_text_and_counts_after_a_right_code(ready: Shell) -> None:
    ready.interactive = True
    result = ready.run("user", "authenticator", "add", "anna", typed=f"000000\n{RIGHT_CODE}\n")
    assert result.exit_code == Exit.DONE
    assert any(block in result.output for block in "█▄▀") or "\x1b[" in result.output
    assert "ABCD EFGH" in result.output
    assert "wrong code" in result.output
    assert "anna may log in with codes of the app." in result.output


def test_an_app_whose_codes_are_all_wrong_does_not_count(ready: Shell) -> None:
    ready.interactive = True
    result = ready.run("user", "authenticator", "add", "anna", typed="000000\n" * 5)
    assert result.exit_code == Exit.REFUSED
    assert "may log in" not in result.output


def test_a_script_sets_an_app_up_in_two_commands(ready: Shell, daemon: FakeDaemon) -> None:
    shown = ready.run("user", "authenticator", "add", "anna", "--confirm-later", "--json")
    offer = json.loads(shown.output)
    assert (offer["authenticator"], offer["seed"]) == ("a1", "ABCDEFGH")
    command = ("user", "authenticator", "confirm", "a1", "--code-stdin")
    assert ready.run(*command, typed=f"{RIGHT_CODE}\n").exit_code == Exit.DONE
    assert ready.run(*command, typed="000000\n").exit_code == Exit.REFUSED
    assert daemon.calls.count("ConfirmAuthenticator") == 2


def test_who_confirms_later_is_told_how(ready: Shell) -> None:
    shown = ready.run("user", "authenticator", "add", "anna", "--digits", "8", "--confirm-later")
    assert "smsotpctl user authenticator confirm a1" in shown.output


def test_at_a_terminal_the_later_code_is_asked_for(ready: Shell) -> None:
    ready.interactive = True
    result = ready.run("user", "authenticator", "confirm", "a1", typed=f"{RIGHT_CODE}\n")
    assert (result.exit_code, "The app counts." in result.output) == (Exit.DONE, True)


def test_without_a_terminal_the_missing_option_is_named(ready: Shell, daemon: FakeDaemon) -> None:
    assert "--confirm-later" in ready.run("user", "authenticator", "add", "anna").output
    assert "--code-stdin" in ready.run("user", "authenticator", "confirm", "a1").output
    assert "--yes" in ready.run("user", "authenticator", "remove", "anna").output
    assert daemon.calls == []


def test_an_app_is_taken_away(ready: Shell, daemon: FakeDaemon) -> None:
    assert ready.run("user", "authenticator", "remove", "anna", "--yes").exit_code == Exit.DONE
    assert daemon.calls == ["RemoveAuthenticator"]


def test_recovery_codes_are_printed_one_a_line(ready: Shell) -> None:
    result = ready.run("user", "recovery", "anna")
    assert result.stdout.splitlines()[:2] == ["AAAA-BBBB-CCCC-DDDD", "BAAA-BBBB-CCCC-DDDD"]


def test_codes_that_are_left_die_only_if_somebody_says_so(ready: Shell, daemon: FakeDaemon) -> None:
    ready.run("user", "recovery", "anna")
    refused = ready.run("user", "recovery", "anna")
    assert "--yes" in refused.output
    again = ready.run("user", "recovery", "anna", "--yes", "--json")
    assert len(json.loads(again.output)["codes"]) == 2
    assert daemon.calls.count("RenewRecoveryCodes") == 2


@pytest.mark.parametrize(("given", "seconds"), [("15m", 900), ("2h", 7200), ("90s", 90)])
def test_the_glass_is_broken_for_a_time_and_a_reason(
    ready: Shell, daemon: FakeDaemon, given: str, seconds: int
) -> None:
    result = ready.run("user", "break-glass", "anna", "--for", given, "--reason", "phone lost")
    assert result.stdout.splitlines()[0] == "ZAAA-BBBB-CCCC-DDDD"
    assert daemon.glasses == [(seconds, "phone lost")]


def test_a_break_glass_code_for_a_program_is_json(ready: Shell) -> None:
    command = ("user", "break-glass", "anna", "--for", "15m", "--reason", "x", "--json")
    assert json.loads(ready.run(*command).output)["code"] == "ZAAA-BBBB-CCCC-DDDD"


@pytest.mark.parametrize("given", ["", "15", "m", "-5m", "0m", "1.5h", "15 m", "9999999s", "1w"])
def test_what_is_no_time_is_refused_before_anything_is_asked(
    ready: Shell, daemon: FakeDaemon, given: str
) -> None:
    result = ready.run("user", "break-glass", "anna", "--for", given, "--reason", "x")
    assert result.exit_code == Exit.USAGE
    assert daemon.calls == []
