# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The real sudo: setuid, with SIGINT blocked while PAM works."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.pam.private_host import ALICE_UID, IN_ANY_PROGRAM, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pam.private_host import PrivateHost

# sudo is not compiled with sanitizers.
pytestmark = pytest.mark.parametrize("terminal", IN_ANY_PROGRAM, indirect=True)

PIN = {"steps": [["hidden", "PIN: "]]}
GRANTED = {"steps": [["outcome", "PAM_SUCCESS"]]}
# A second where nothing else runs, and far from the 10 s of the timeout. In seconds.
SOON = 5


@contextmanager
def sudo(host: PrivateHost, *words: str) -> Iterator[pexpect.spawn[str]]:
    """Run sudo as alice on a terminal of its own."""
    host.write_service(
        "sudo",
        host.terminal_line("timeout=10"),
        "account required pam_permit.so",
        "session required pam_permit.so",
    )
    command, *rest = host.inside(
        "setpriv", f"--reuid={ALICE_UID}", f"--regid={ALICE_UID}", "--clear-groups",
        "sudo", "-k", *words,
    )  # fmt: skip
    terminal = pexpect.spawn(
        command, rest, timeout=10, encoding="utf-8",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": "/nonexistent"},
    )  # fmt: skip
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def test_sudo_reaches_the_daemon_with_its_effective_uid(host: PrivateHost) -> None:
    with host.daemon([PIN, GRANTED]) as daemon, sudo(host, "id", "-u") as terminal:
        terminal.expect_exact("PIN: ")
        terminal.sendline("2580")
        terminal.expect_exact("0\r\n")
        terminal.expect(pexpect.EOF)
        context = daemon.calls()[0][1][0]
        assert isinstance(context, dict)
        assert (context["user"], context["service"], context["ruser"]) == ("alice", "sudo", "alice")


@pytest.mark.parametrize("key", ["\x03", "\x1c"], ids=["SIGINT", "SIGQUIT"])
def test_ctrl_c_while_the_daemon_is_waited_for_ends_sudo_at_once(
    host: PrivateHost, key: str
) -> None:
    with host.daemon([PIN, {"silence": True}]) as daemon, sudo(host, "id", "-u") as terminal:
        terminal.expect_exact("PIN: ")
        terminal.sendline("2580")
        wait_until(lambda: daemon.members() == ["Begin", "Respond"])
        started = time.monotonic()
        terminal.send(key)
        terminal.expect(pexpect.EOF)
        assert time.monotonic() - started < SOON
        wait_until(lambda: daemon.members() == ["Begin", "Respond", "Cancel"])


def test_ctrl_c_at_the_prompt_ends_sudo_and_the_transaction(host: PrivateHost) -> None:
    with host.daemon([PIN, GRANTED]) as daemon, sudo(host, "id", "-u") as terminal:
        terminal.expect_exact("PIN: ")
        # sudo loses a signal between showing its prompt and reading.
        status = Path(f"/proc/{terminal.pid}/status")
        wait_until(lambda: "State:\tS" in status.read_text())
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        assert "PIN" not in terminal.before
        wait_until(lambda: daemon.members() == ["Begin", "Cancel"])


def test_sudo_without_a_prompt_ends_at_once(host: PrivateHost) -> None:
    with host.daemon([PIN, GRANTED]) as daemon:
        started = time.monotonic()
        with sudo(host, "-n", "id", "-u") as terminal:
            terminal.expect_exact("a password is required")
            terminal.expect(pexpect.EOF)
        assert time.monotonic() - started < SOON
        assert "Respond" not in daemon.members()


def test_sudo_tells_once_that_nobody_is_there(host: PrivateHost) -> None:
    with sudo(host, "id", "-u") as terminal:
        terminal.expect(pexpect.EOF)
        assert terminal.before.count("The second login step is not available now.") == 1
        assert "try again" not in terminal.before
