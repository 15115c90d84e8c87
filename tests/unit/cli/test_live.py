# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A view on a real terminal: it moves, ends when asked, and leaves the terminal as it was."""

import os
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

DAEMON = Path(__file__).parents[3] / "daemon"

VIEW = """
import itertools
from rich.text import Text
from smsotpd.cli.live import is_screen, watch_on_screen
assert is_screen()
numbers = itertools.count()
watch_on_screen(lambda: Text(f"look {next(numbers)}"), 0.1)
print("over")
"""
LEAVE_SCREEN = "\x1b[?1049l"
SHOW_CURSOR = "\x1b[?25h"


@pytest.fixture
def view() -> Iterator[pexpect.spawn]:
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(DAEMON)}
    with pexpect.spawn(
        sys.executable, ["-c", VIEW], env=environment, timeout=20, encoding="utf-8"
    ) as child:
        yield child


@pytest.mark.parametrize("key", ["q", "Q", "\x03", "\x04"])
def test_it_moves_until_a_key_ends_it_and_restores_the_terminal(
    view: pexpect.spawn, key: str
) -> None:
    before = termios.tcgetattr(view.child_fd)
    view.expect("look 3")
    assert termios.tcgetattr(view.child_fd) != before

    begun = time.monotonic()
    view.send(key)
    view.expect("over")

    assert LEAVE_SCREEN in view.before
    assert SHOW_CURSOR in view.before
    assert "Traceback" not in view.before
    view.expect(pexpect.EOF)
    view.wait()
    assert view.exitstatus == 0
    assert time.monotonic() - begun < 10


def test_other_keys_change_nothing(view: pexpect.spawn) -> None:
    view.expect("look 1")
    view.send("x\n ")
    view.expect("look 5")
    view.send("q")
    view.expect("over")
