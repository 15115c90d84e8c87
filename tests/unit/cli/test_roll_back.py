# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What nobody confirmed is undone after a restart, too, when its timer is forgotten.

On a machine that really restarts, tests/system/test_restart.py looks at it.
"""

import json
from pathlib import Path

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost

RUNS = {"systemctl is-active": Finished(0, "")}
FORGOTTEN = {"systemctl is-active": Finished(3, "")}


@pytest.fixture
def notes(host: FakeHost) -> Path:
    return host.places.backups / "unconfirmed"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def undone(host: FakeHost) -> list[tuple[str, ...]]:
    """Return the words behind smsotpctl of what was run to undo something."""
    own = len(host.ourselves)
    started = [words[own:] for words in host.ran if words[:own] == tuple(host.ourselves)]
    return [words for words in started if words != ("--version",)]


def test_what_to_undo_is_on_disk_before_the_timer_runs(
    ready: Shell, host: FakeHost, notes: Path
) -> None:
    assert ready.run("service", "enable", "sudo").exit_code == Exit.DONE

    assert json.loads((notes / "sudo").read_text()) == {"undo": ["service", "disable", "sudo"]}
    assert (notes / "sudo").stat().st_mode & 0o077 == 0
    assert notes.stat().st_mode & 0o077 == 0
    assert host.places.backups.stat().st_mode & 0o077 == 0


def test_nothing_is_noted_of_a_change_that_was_not_made(
    ready: Shell, host: FakeHost, notes: Path
) -> None:
    host.answers["systemd-run"] = Finished(1, "", "no bus")

    assert ready.run("service", "enable", "sudo").exit_code == Exit.FAILED
    assert names(notes) == []


@pytest.mark.parametrize("word", ["confirm", "disable"])
def test_what_is_confirmed_or_disabled_is_not_undone_later(
    word: str, ready: Shell, host: FakeHost, notes: Path
) -> None:
    ready.run("service", "enable", "sudo")

    assert ready.run("service", word, "sudo").exit_code == Exit.DONE

    assert names(notes) == []
    assert ready.run("service", "roll-back").output == ""
    assert undone(host) == []


def test_a_change_whose_timer_is_gone_is_undone_once(
    ready: Shell, host: FakeHost, notes: Path
) -> None:
    ready.run("service", "enable", "sudo")
    host.answers.update(FORGOTTEN)

    result = ready.run("service", "roll-back")

    assert result.exit_code == Exit.DONE
    assert "Nobody had confirmed sudo; it is as it was." in result.output
    assert undone(host) == [("service", "disable", "sudo")]
    assert names(notes) == []


def test_a_change_that_its_timer_will_undo_is_left_to_it(
    ready: Shell, host: FakeHost, notes: Path
) -> None:
    ready.run("service", "enable", "sudo")
    host.answers.update(RUNS)

    assert ready.run("service", "roll-back").exit_code == Exit.DONE
    assert undone(host) == []
    assert names(notes) == ["sudo"]


def test_one_that_cannot_be_undone_keeps_no_other_from_it_and_is_tried_again(
    ready: Shell, host: FakeHost, notes: Path
) -> None:
    for service in ("sshd", "sudo"):
        assert ready.run("service", "enable", service).exit_code == Exit.DONE
    host.answers[" ".join((*host.ourselves, "service", "disable", "sshd"))] = Finished(
        Exit.REFUSED, "", "sshd: the block was edited"
    )

    result = ready.run("service", "roll-back")

    assert result.exit_code == Exit.REFUSED
    assert "sshd could not be undone: sshd: the block was edited" in result.output
    assert "1 of 2 services could not be undone" in result.output
    assert names(notes) == ["sshd"]


def test_a_service_that_is_gone_needs_no_undoing(ready: Shell, host: FakeHost, notes: Path) -> None:
    ready.run("service", "enable", "sudo")
    host.answers[" ".join((*host.ourselves, "service", "disable"))] = Finished(Exit.NOT_FOUND, "")

    assert ready.run("service", "roll-back").exit_code == Exit.DONE
    assert names(notes) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"undo": 7}', "\x00"])
def test_of_a_note_that_makes_no_sense_the_service_counts(
    text: str, ready: Shell, host: FakeHost, notes: Path
) -> None:
    notes.mkdir(parents=True)
    (notes / "sudo").write_text(text)

    assert ready.run("service", "roll-back").exit_code == Exit.DONE
    assert undone(host) == [("service", "disable", "sudo")]


def test_a_half_written_note_is_none(ready: Shell, host: FakeHost, notes: Path) -> None:
    notes.mkdir(parents=True)
    (notes / ".sudo.smsotp-7").write_text("{")

    assert ready.run("service", "roll-back").exit_code == Exit.DONE
    assert undone(host) == []


def test_setup_is_undone_as_a_whole(ready: Shell, host: FakeHost, notes: Path) -> None:
    notes.mkdir(parents=True)
    (notes / "sshd").write_text(json.dumps({"undo": ["setup", "--undo", "sshd"]}))

    assert ready.run("service", "roll-back").exit_code == Exit.DONE
    assert undone(host) == [("setup", "--undo", "sshd")]


@pytest.mark.usefixtures("ready")
def test_only_root_may_roll_back(daemon: FakeDaemon, host: FakeHost) -> None:
    shell = Shell(daemon, FakeHost(host.places, host.answers, root=False))

    assert shell.run("service", "roll-back").exit_code == Exit.NOT_AUTHORIZED


def test_a_change_that_waits_for_a_restart_only_is_listed_and_found_by_the_doctor(
    ready: Shell, host: FakeHost
) -> None:
    ready.run("service", "enable", "sudo")
    host.answers.update(FORGOTTEN)

    assert "instead, unconfirmed" in ready.run("service", "list", "sudo").output
    found = json.loads(ready.run("doctor", "--json").stdout)["findings"]
    [finding] = [each for each in found if "Nobody has confirmed sudo" in each["what"]]
    assert finding["severity"] == "warning"
    assert finding["commands"] == ["smsotpctl service confirm sudo"]
