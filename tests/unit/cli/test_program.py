# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The program as a whole: start-up, help, and what it does with faults."""

import subprocess
import sys
from pathlib import Path

import pytest

from smsotpd import VERSION
from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon

DAEMON = Path(__file__).parents[3] / "daemon"
SLOW = {"asyncio", "dbus_next", "rich", "phonenumbers", "requests", "sqlite3", "argon2"}


def modules_after(*arguments: str) -> set[str]:
    """Return which modules a run of the program imports."""
    program = (
        "import sys\n"
        "from smsotpd.cli.main import program\n"
        "program.main(sys.argv[1:], prog_name='smsotpctl', standalone_mode=False)\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"PYTHONPATH": str(DAEMON)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


@pytest.mark.parametrize("words", ["--version", "--help", "user --help", "service list"])
def test_what_needs_no_daemon_starts_without_the_slow_imports(words: str) -> None:
    assert modules_after(*words.split()) & SLOW == set()


@pytest.mark.parametrize(
    "words", ["", "gateway", "user", "service", "gateway configure", "user enrol", "status"]
)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_explains_itself(words: str, option: str, shell: Shell) -> None:
    assert "Usage: smsotpctl" in shell.run(*words.split(), option).output


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert VERSION in shell.run("--version").output


@pytest.mark.parametrize("words", ["nonsense", "user nonsense", "user show", "user show a b"])
def test_a_wrong_command_line_is_a_usage_error(words: str, shell: Shell) -> None:
    assert shell.run(*words.split()).exit_code == Exit.USAGE


def test_a_fault_of_ours_is_one_line_and_its_text_stays_inside(
    shell: Shell, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> object:
        raise ValueError("t0p-s3cret")

    monkeypatch.setattr(daemon, "_Status", fail)
    result = shell.run("status")

    assert result.exit_code == Exit.INTERNAL
    assert "ValueError" in result.output
    assert "t0p-s3cret" not in result.output
    assert "Traceback" not in result.output


def test_an_answer_outside_of_the_contract_is_an_error(
    shell: Shell, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "_Status", lambda: ["not", "a", "dictionary"])
    monkeypatch.setattr(daemon, "_ListUsers", lambda: {"not": "a list"})

    for words in ("status", "user list"):
        assert shell.run(*words.split()).exit_code == Exit.FAILED


def test_ctrl_c_ends_a_command_with_its_own_code(
    shell: Shell, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(daemon, "_Status", interrupted)

    assert shell.run("status").exit_code == Exit.ABORTED


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--version", Exit.DONE),
        ("user enrol anna", Exit.USAGE),
        ("user enrol anna --no-verify --answers-stdin", Exit.ABORTED),
        ("gateway test main --to-fd 0", Exit.USAGE),
    ],
)
def test_a_closed_standard_stream_is_no_riddle(words: str, code: Exit, closed: str) -> None:
    script = f'exec "$0" -m smsotpd.cli {words} {closed}'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable],
        env={"PYTHONPATH": str(DAEMON), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip

    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_octets_that_are_no_text_are_a_usage_error(shell: Shell) -> None:
    result = shell.run("history", "\udcff")

    assert result.exit_code == Exit.USAGE
    assert "something that was given is no UTF-8 text" in result.output
