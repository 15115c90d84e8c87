# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl history`, over a journal in memory."""

import json
import os
import re

import pytest

from smsotpd.cli import records
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from smsotpd.cli.records import JournalRecords, Record, Wanted
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_host import FakeHost

DENIED = Record(
    1_700_000_000.5,
    "login-denied",
    "Login of anna to sshd denied: wrong PIN",
    {"user": "anna", "service": "sshd", "rhost": "192.0.2.7", "reason": "wrong PIN"},
    "c1",
)
SENT = Record(
    1_700_000_060.0, "code-sent", "Code for anna handed to gateway main", {"gateway": "main"}, "c2"
)


def test_events_are_listed_in_the_words_of_the_journal(shell: Shell) -> None:
    shell.records.entries = [DENIED, SENT]

    heading, first, second = shell.run("history").output.splitlines()

    assert heading.split() == ["Time", "From", "Event"]
    assert re.match(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  192\.0\.2\.7        Login of anna to sshd denied: w",
        first,
    )
    assert second.endswith("–                Code for anna handed to gateway main")
    assert all(len(line) <= 80 for line in (heading, first, second))


def test_json_is_one_object_a_line(shell: Shell) -> None:
    shell.records.entries = [DENIED, SENT]

    found = [json.loads(line) for line in shell.run("history", "--json").output.splitlines()]

    assert [each["event"] for each in found] == ["login-denied", "code-sent"]
    assert found[0]["reason"] == "wrong PIN"
    assert found[0]["time"].startswith("2023-11-1")


def test_options_choose_events(shell: Shell) -> None:
    shell.run(
        *("history", "anna", "--service", "sshd", "--gateway", "main", "--event", "user-locked"),
        *("--outcome", "denied", "--since", "2023-11-14T22:00:00Z", "--until", "2023-11-15T00:00Z"),
        *("--lines", "3"),
    )

    kinds = frozenset({"user-locked", "login-denied"})
    assert shell.records.asked == Wanted(
        "anna", "sshd", "main", kinds, 1_699_999_200.0, 1_700_006_400.0
    )
    assert shell.records.count == 3


def test_following_shows_what_comes_until_ctrl_c(shell: Shell) -> None:
    shell.records.entries, shell.records.later = [DENIED], [SENT]

    result = shell.run("history", "--follow")

    assert "wrong PIN" in result.output
    assert "handed to gateway main" in result.output
    assert result.exit_code == Exit.DONE
    assert "nothing more was done" not in result.output


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_damaged_file_of_the_journal_is_no_quiet_gap(
    form: list[str], shell: Shell, host: FakeHost
) -> None:
    said = "Journal file /var/log/journal/1/system@2.journal is truncated, ignoring file."
    host.answers["journalctl"] = Finished(0, "", f"{said}\nHint: You are not seeing others'.\n")

    result = shell.run("history", *form)

    assert f"what it holds is missing here: {said}" in result.output
    assert "Hint" not in result.output


def test_nothing_found_is_said_to_people_only(shell: Shell) -> None:
    assert "no such event" in shell.run("history", "anna").output
    assert shell.run("history", "anna", "--json").output == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "soon"],
        ["--event", "nonsense"],
        ["--outcome", "maybe"],
        ["--lines", "-1"],
        ["--follow", "--until", "now"],
    ],
)
def test_what_makes_no_sense_is_refused(shell: Shell, arguments: list[str]) -> None:
    result = shell.run("history", *arguments)

    assert result.exit_code == Exit.USAGE
    assert shell.records.count == -1


def test_what_a_user_name_holds_cannot_control_the_terminal(shell: Shell) -> None:
    shell.records.entries = [
        Record(0.0, "", "Login of \x1b[2J\u202enna", {"rhost": "a\rb", "user": "\x1b"}, "c")
    ]

    for output in (shell.run("history").output, shell.run("history", "--json").output):
        assert not any(char in output for char in "\x1b\r\u202e")
    assert "\\x1b[2J\\u202enna" in shell.run("history").output


def test_whoever_may_not_read_the_journal_is_told_who_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(records, "_DIRECTORIES", ())

    with pytest.raises(CliError, match="groups adm and systemd-journal") as caught:
        JournalRecords().newest(Wanted(), 1)

    assert caught.value.exit_code == Exit.NOT_AUTHORIZED
