# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user import`."""

import csv
import json
from pathlib import Path

import pytest

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon

PHONE = "+491701234567"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text(f"user,phone,pin\nanna,{PHONE},Rosenkohl7\nbob,0170,Blumenkohl8\n")
    path.chmod(0o600)
    return path


def pins_in(path: Path) -> dict[str, str]:
    with path.open(newline="") as stream:
        return {row["user"]: row["pin"] for row in csv.DictReader(stream)}


def test_each_line_is_reported_and_a_bad_one_does_not_stop_the_rest(
    shell: Shell, daemon: FakeDaemon, file: Path
) -> None:
    with file.open("a") as stream:
        stream.write(f"anna too,{PHONE}\nzoe,{PHONE},Rotkohl9\n")

    result = shell.run("user", "import", str(file))

    assert result.exit_code == Exit.FAILED
    assert daemon.pins == {"anna": "Rosenkohl7", "zoe": "Rotkohl9"}
    assert [line.split(None, 3) for line in result.output.splitlines()] == [
        ["Line", "User", "Result", "Why"],
        ["2", "anna", "enrolled"],
        ["3", "bob", "refused", "phone must begin with +"],
        ["4", "anna", "too", "refused            there are 2 cells, and 3 columns"],
        ["5", "zoe", "enrolled", "no account of that name is on this machine"],
        ["2", "enrolled,", "0", "changed, 0 unchanged, 2 refused."],
    ]


def test_the_same_file_again_changes_nothing(shell: Shell, daemon: FakeDaemon, file: Path) -> None:
    file.write_text(f"user,phone,pin\nanna,{PHONE},Rosenkohl7\n")
    shell.run("user", "import", str(file))
    before = dict(daemon.pins)

    result = shell.run("user", "import", str(file), "--json")

    assert result.exit_code == Exit.DONE
    assert json.loads(result.output) == [
        {"line": 2, "user": "anna", "result": "unchanged", "reason": "", "warning": "",
         "dry_run": False}
    ]  # fmt: skip
    assert daemon.pins == before


def test_a_dry_run_says_what_would_be_and_does_nothing(
    shell: Shell, daemon: FakeDaemon, file: Path, tmp_path: Path
) -> None:
    pins = tmp_path / "pins.csv"

    result = shell.run("user", "import", str(file), "--dry-run", "--pins-to", str(pins))

    assert "anna              would be enrolled" in result.output
    assert "Nothing was changed." in result.output
    assert (daemon.users, pins.exists()) == ({}, False)


def test_a_file_with_pins_that_others_may_read_is_refused(
    shell: Shell, daemon: FakeDaemon, file: Path
) -> None:
    file.chmod(0o640)

    result = shell.run("user", "import", str(file))

    assert result.exit_code == Exit.USAGE
    assert f"chmod 600 {file}" in result.output
    assert daemon.calls == []


def test_a_pin_is_never_printed(shell: Shell, file: Path) -> None:
    outputs = [shell.run("user", "import", str(file), *more).output for more in ([], ["--json"])]

    assert not any("kohl" in output or PHONE in output for output in outputs)


def test_pins_are_made_for_those_who_have_none_and_written_for_the_owner_alone(
    shell: Shell, daemon: FakeDaemon, file: Path, tmp_path: Path
) -> None:
    daemon.users["bob"], daemon.pins["bob"] = {"user": "bob", "has_pin": True}, "old"
    file.write_text(f"user,phone\nanna,{PHONE}\nbob,{PHONE}\ncarl,0170\nzoe,{PHONE}\n")
    pins = tmp_path / "pins.csv"

    result = shell.run("user", "import", str(file), "--pins-to", str(pins))

    made = pins_in(pins)
    assert made.keys() == {"anna", "zoe"}
    assert daemon.pins == {**made, "bob": "old"}
    assert all(len(pin) == 8 for pin in made.values())
    assert pins.stat().st_mode & 0o777 == 0o600
    assert "2 new PIN(s)" in result.output
    assert not any(pin in result.output for pin in made.values())


def test_a_file_of_pins_is_not_overwritten(
    shell: Shell, daemon: FakeDaemon, file: Path, tmp_path: Path
) -> None:
    pins = tmp_path / "pins.csv"
    pins.write_text("precious")

    result = shell.run("user", "import", str(file), "--pins-to", str(pins))

    assert result.exit_code == Exit.EXISTS
    assert (pins.read_text(), daemon.users) == ("precious", {})


def test_nor_is_what_a_link_leads_to(shell: Shell, file: Path, tmp_path: Path) -> None:
    target, pins = tmp_path / "target", tmp_path / "pins.csv"
    pins.symlink_to(target)

    assert shell.run("user", "import", str(file), "--pins-to", str(pins)).exit_code == Exit.EXISTS
    assert not target.exists()


def test_without_any_new_pin_no_file_is_left(shell: Shell, file: Path, tmp_path: Path) -> None:
    file.write_text("user,phone\ncarl,0170\n")
    pins = tmp_path / "pins.csv"

    shell.run("user", "import", str(file), "--pins-to", str(pins))

    assert not pins.exists()


def test_when_the_daemon_goes_away_what_was_done_is_still_told(
    shell: Shell, daemon: FakeDaemon, file: Path, tmp_path: Path
) -> None:
    lines = "".join(f"user{number},{PHONE}\n" for number in range(150))
    file.write_text(f"user,phone\n{lines}")
    daemon.fail_at = ("ImportUsers", 2, CliError("it went away", exit_code=Exit.UNAVAILABLE))
    pins = tmp_path / "pins.csv"

    result = shell.run("user", "import", str(file), "--pins-to", str(pins))

    assert result.exit_code == Exit.UNAVAILABLE
    assert result.output.count(" enrolled") == 100
    assert "lines 102 to 151 may be done or not" in result.output
    assert len(daemon.pins) == 100
    # Of the others, any may count: the answer may have been lost, not the work.
    assert len(pins_in(pins)) == 150
    assert daemon.pins.items() <= pins_in(pins).items()
    assert len(pins.read_text().splitlines()) == 151


def test_when_the_daemon_refuses_the_whole_no_pin_is_left_behind(
    shell: Shell, daemon: FakeDaemon, file: Path, tmp_path: Path
) -> None:
    file.write_text(f"user,phone\nanna,{PHONE}\n")
    daemon.fail_at = ("ImportUsers", 1, CliError("not you", exit_code=Exit.NOT_AUTHORIZED))
    pins = tmp_path / "pins.csv"

    result = shell.run("user", "import", str(file), "--pins-to", str(pins))

    assert (result.exit_code, pins.exists()) == (Exit.NOT_AUTHORIZED, False)


def test_a_part_of_bad_lines_alone_asks_the_daemon_nothing(
    shell: Shell, daemon: FakeDaemon, file: Path
) -> None:
    file.write_text("user,phone\nanna\n")

    assert shell.run("user", "import", str(file)).exit_code == Exit.FAILED
    assert "ImportUsers" not in daemon.calls


def test_users_without_a_pin_are_enrolled_only_if_that_is_asked_for(
    shell: Shell, daemon: FakeDaemon, file: Path
) -> None:
    file.write_text(f"user,phone\nanna,{PHONE}\n")

    assert shell.run("user", "import", str(file)).exit_code == Exit.FAILED
    assert shell.run("user", "import", str(file), "--without-pin").exit_code == Exit.DONE
    assert daemon.pins == {"anna": ""}


def test_a_list_comes_by_standard_input_too(shell: Shell, daemon: FakeDaemon) -> None:
    result = shell.run("user", "import", "-", typed=f"user,phone,pin\nanna,{PHONE},Rosenkohl7\n")

    assert result.exit_code == Exit.DONE
    assert daemon.pins == {"anna": "Rosenkohl7"}


def test_a_name_cannot_control_the_terminal(shell: Shell) -> None:
    typed = f"user,phone,pin\n\x1b[2J\u202ea\x00,{PHONE},Rosenkohl7\n"

    output = shell.run("user", "import", "-", typed=typed).output

    assert "\\x1b[2J\\u202ea\\x00" in output


def test_long_lines_fit_into_calls(shell: Shell, daemon: FakeDaemon, file: Path) -> None:
    lines = "".join(f"user{number},{'ä' * 1500}@x.example,{'ö' * 60}\n" for number in range(100))
    file.write_text(f"user,xmpp,pin\n{lines}")

    assert shell.run("user", "import", str(file)).exit_code == Exit.DONE
    assert len(daemon.users) == 100
