# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl setup`: what it asks, what it changes, and what it leaves behind when it fails.

On a booted machine, with sshd and its timer, it runs in tests/system/people.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from smsotpd.cli.pam.block import State
from smsotpd.cli.pam.sshd import DROP_IN
from smsotpd.cli.records import Record, Wanted
from smsotpd.cli.setup.sshd_step import Keys, lines_wanted, locks_root_out
from smsotpd.cli.setup.waiting import Seen, await_login
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost, state_of, text_of
from tests.unit.cli.fake_records import FakeRecords

SSHD = {"usepam": "yes", "kbdinteractiveauthentication": "yes", "passwordauthentication": "no"}


@pytest.fixture
def drop_in(host: FakeHost) -> Path:
    path = host.places.root / DROP_IN.lstrip("/")
    path.parent.mkdir(parents=True)
    return path


def lacking(host: FakeHost, *keys: str) -> None:
    """Make sshd lack settings until our drop-in has them."""
    host.answers["sshd -T"] = Finished(
        0, "".join(f"{key} {'no' if key in keys else value}\n" for key, value in SSHD.items())
    )


@pytest.mark.parametrize(
    ("settings", "keys", "lines"),
    [
        ({}, Keys.KEEP, []),
        ({"usepam": "no"}, Keys.KEEP, ["UsePAM yes"]),
        (
            {"kbdinteractiveauthentication": "no", "passwordauthentication": "yes"},
            Keys.KEEP,
            ["KbdInteractiveAuthentication yes", "PasswordAuthentication no"],
        ),
        ({"logingracetime": "30"}, Keys.KEEP, ["LoginGraceTime 120"]),
        ({"logingracetime": "0"}, Keys.KEEP, []),
        ({}, Keys.ALONE, ["AuthenticationMethods publickey keyboard-interactive:pam"]),
        (
            {"authenticationmethods": "publickey"},
            Keys.CODE,
            ["AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam"],
        ),
    ],
)
def test_sshd_gets_the_lines_that_it_lacks(
    settings: dict[str, str], keys: Keys, lines: list[str]
) -> None:
    assert lines_wanted(SSHD | settings, keys) == lines


def test_a_root_who_comes_by_key_only_is_seen_before_it_is_locked_out() -> None:
    assert locks_root_out({"permitrootlogin": "without-password"}, Keys.CODE)
    assert not locks_root_out({"permitrootlogin": "without-password"}, Keys.KEEP)
    assert not locks_root_out({"permitrootlogin": "no"}, Keys.CODE)


def test_methods_without_room_for_a_code_are_refused_before_anything_changes(
    ready: Shell, host: FakeHost
) -> None:
    host.answers["sshd -T"] = Finished(
        0,
        "usepam yes\nkbdinteractiveauthentication yes\npasswordauthentication no\n"
        "authenticationmethods publickey\n",
    )

    result = ready.run("setup", "--yes", "--user", "anna", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "--keys code" in result.output
    assert state_of(host, "sshd") is State.OFF


def test_what_is_there_is_kept_and_the_service_enabled(ready: Shell, host: FakeHost) -> None:
    result = ready.run("setup", "--yes", "--user", "anna", "--confirm")

    assert result.exit_code == Exit.DONE, result.output
    assert "anna is enrolled already" in result.output
    assert state_of(host, "sshd") is State.INSTEAD
    assert "EnrolUser" not in ready.daemon.calls
    assert "ConfigureGateway" not in ready.daemon.calls


def test_from_nothing_without_a_question(
    shell: Shell, daemon: FakeDaemon, host: FakeHost, holding: Callable[[str], str]
) -> None:
    result = shell.run(
        "setup", "--yes", "--gateway", "main", "--type", "http", "--set", "URL=https://x.example",
        "--set-secret", "TOKEN", "--user", "anna",
        "--address-fd", holding("+491701234567\n"), "--pin-fd", holding("fishbone7"),
        "--no-verify", "--no-recovery", "--confirm", typed="token-of-ours",
    )  # fmt: skip

    assert result.exit_code == Exit.DONE, result.output
    assert daemon.pins == {"anna": "fishbone7"}
    assert daemon.secrets["main"] == {"TOKEN": "token-of-ours"}
    assert "TestGateway" in daemon.calls
    assert state_of(host, "sshd") is State.INSTEAD
    assert "fishbone7" not in result.output
    assert "token-of-ours" not in result.output


def test_a_gateway_that_takes_no_message_ends_it_and_what_is_kept_is_told(
    shell: Shell, daemon: FakeDaemon, host: FakeHost
) -> None:
    daemon.test_outcome = "rejected"

    result = shell.run(
        "setup", "--yes", "--type", "outbox", "--user", "anna", "--address-fd", "0",
        typed="+491701234567\n",
    )  # fmt: skip

    assert result.exit_code == Exit.FAILED
    assert "did not take the test message" in result.output
    allowed = host.places.policies / "10-outbox.toml"
    assert allowed.is_file()
    assert f"Kept: {allowed}, the gateway outbox. To go on: smsotpctl setup" in result.output
    assert state_of(host, "sshd") is State.OFF


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        ("--type", ()),
        ("--address-fd", ("--type", "outbox")),
        ("--user", ("--type", "outbox", "--no-test")),
    ],
)
def test_without_a_terminal_the_missing_option_is_named(
    missing: str, arguments: tuple[str, ...], shell: Shell
) -> None:
    result = shell.run("setup", "--yes", *arguments)

    assert result.exit_code == Exit.USAGE
    assert f"{missing} is missing" in result.output


def test_a_timer_is_armed_before_the_first_change(
    ready: Shell, host: FakeHost, drop_in: Path
) -> None:
    lacking(host, "kbdinteractiveauthentication")
    before = text_of(host, "sshd")

    # sshd goes on without the setting, so all is undone.
    result = ready.run("setup", "--yes", "--user", "anna", "--rollback", "30")

    assert result.exit_code == Exit.FAILED
    assert "another file comes first" in result.output
    assert "sshd is as it was" in result.output
    assert not drop_in.exists()
    assert text_of(host, "sshd") == before
    armed = next(index for index, words in enumerate(host.ran) if words[0] == "systemd-run")
    changed = next(index for index, words in enumerate(host.ran) if words == ("sshd", "-t"))
    assert armed < changed
    assert host.ran[armed][-3:] == ("setup", "--undo", "sshd")


def test_an_older_drop_in_comes_back_with_its_bytes(
    ready: Shell, host: FakeHost, drop_in: Path
) -> None:
    drop_in.write_bytes(b"# mine \xff\nX11Forwarding no\n")
    lacking(host, "usepam")

    result = ready.run("setup", "--yes", "--user", "anna", "--confirm")

    assert result.exit_code == Exit.FAILED
    assert drop_in.read_bytes() == b"# mine \xff\nX11Forwarding no\n"


def test_a_service_that_was_on_stays_on_when_only_sshd_is_put_back(
    ready: Shell, host: FakeHost, drop_in: Path
) -> None:
    assert ready.run("setup", "--yes", "--user", "anna", "--confirm").exit_code == Exit.DONE
    enabled = text_of(host, "sshd")
    lacking(host, "passwordauthentication")
    host.answers["sshd -T"] = Finished(0, "usepam yes\nkbdinteractiveauthentication yes\n")

    result = ready.run("setup", "--yes", "--user", "anna", "--confirm")

    assert result.exit_code == Exit.FAILED
    assert not drop_in.exists()
    assert text_of(host, "sshd") == enabled


def granted(cursor: str, at: float) -> Record:
    return Record(at, "login-granted", "anna was let in to sshd", {"service": "sshd"}, cursor)


@dataclass
class LoginsThatCome(FakeRecords):
    """A journal in which a login appears while somebody waits."""

    coming: list[Record] = field(default_factory=list)

    def newest(self, wanted: Wanted, count: int) -> list[Record]:
        found = super().newest(wanted, count)[-1:]
        self.entries, self.coming = [*self.entries, *self.coming], []
        return found


def test_a_service_that_is_about_to_undo_itself_is_not_called_done(
    ready: Shell, host: FakeHost
) -> None:
    assert ready.run("service", "enable", "sshd").exit_code == Exit.DONE
    ready.records = LoginsThatCome([granted("a", 1000.0)], coming=[granted("b", 1001.0)])

    result = ready.run("setup", "--yes", "--user", "anna", "--rollback", "30")

    assert result.exit_code == Exit.DONE
    assert "asks for the code already" not in result.output
    assert "its time begins anew" in result.output
    assert "A login to sshd by PIN and code has worked" in result.output
    assert not (host.places.backups / "unconfirmed/sshd").exists()
    again = ready.run("setup", "--yes", "--user", "anna", "--rollback", "30")
    assert "sshd asks for the code already" in again.output


def test_after_a_killed_setup_the_next_one_comes_back_to_the_start_and_not_to_the_middle(
    ready: Shell, host: FakeHost, drop_in: Path
) -> None:
    original = text_of(host, "sshd")
    assert ready.run("setup", "--yes", "--user", "anna", "--confirm").exit_code == Exit.DONE
    # As somebody leaves it who is killed: all is written, and nothing confirmed.
    (host.places.backups / "unconfirmed").mkdir(exist_ok=True)
    (host.places.backups / "unconfirmed/sshd").write_text('{"undo": ["setup", "--undo", "sshd"]}')
    (host.places.backups / "setup-sshd.json").write_text('{"drop_in": null, "is_on": false}')
    drop_in.write_text("UsePAM yes\n")
    lacking(host, "kbdinteractiveauthentication")

    result = ready.run("setup", "--yes", "--user", "anna", "--rollback", "30")

    assert "another file comes first" in result.output
    assert text_of(host, "sshd") == original
    assert not drop_in.exists()
    stopped = host.ran.index(("systemctl", "stop", "pam-smsotp-rollback-sshd.timer"))
    armed = next(index for index, words in enumerate(host.ran) if words[0] == "systemd-run")
    assert stopped < armed


@pytest.mark.parametrize(
    ("at", "cursor", "seen"), [(9e9, "a", Seen.TIME_IS_UP), (5.0, "b", Seen.LOGIN)]
)
def test_a_login_counts_by_its_place_in_the_journal_whatever_the_clock_said(
    at: float, cursor: str, seen: Seen
) -> None:
    records = FakeRecords([granted(cursor, at)])
    in_a_moment = time.monotonic() + 0.1

    assert await_login(records, "sshd", "a", in_a_moment, can_ask=lambda: False) is seen


def test_what_was_made_good_is_not_undone_by_a_late_timer(ready: Shell, host: FakeHost) -> None:
    ready.run("setup", "--yes", "--user", "anna", "--confirm")

    result = ready.run("setup", "--undo", "sshd")

    assert result.exit_code == Exit.NOT_FOUND
    assert state_of(host, "sshd") is State.INSTEAD


def test_a_stack_that_mentions_us_by_hand_is_left_alone(ready: Shell, host: FakeHost) -> None:
    path = host.places.pam / "sshd"
    path.write_text(f"auth optional pam_smsotp.so\n{path.read_text()}")
    before = path.read_text()

    result = ready.run("setup", "--yes", "--user", "anna", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "smsotpctl doctor" in result.output
    assert path.read_text() == before


def test_only_root_may_set_up(ready: Shell, host: FakeHost) -> None:
    object.__setattr__(host, "root", False)

    assert ready.run("setup", "--yes").exit_code == Exit.NOT_AUTHORIZED
