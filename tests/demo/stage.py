# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Run commands in a machine before an audience: what is shown is what ran."""

import sys
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.testhost.machine import Machine

SECONDS: Final = 30.0


class DemoError(Exception):
    """A command did not do what the demonstration says it does."""


def say(text: str) -> None:
    """Tell the audience something."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Echo:
    """The file to which pexpect logs: standard output, without a terminal's carriage returns."""

    def write(self, text: str) -> None:
        """Show what a program wrote."""
        sys.stdout.write(text.replace("\r", ""))

    def flush(self) -> None:
        """Show it now."""
        sys.stdout.flush()


class Dialogue:
    """A command on a terminal, answered prompt by prompt, as a context manager."""

    def __init__(self, machine: Machine, command: str, user: str = "root") -> None:
        """Show the command and start it."""
        say(f"# {command}")
        self.command = command
        self.terminal = machine.spawn(["sh", "-c", f"exec {command}"], user=user, timeout=SECONDS)
        self.terminal.logfile_read = Echo()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.terminal.close()

    def wait_for(self, prompt: str) -> None:
        """Wait until the command asks for something."""
        try:
            self.terminal.expect_exact(prompt)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise DemoError(f"“{self.command}” did not show “{prompt}”") from None

    def answer(self, prompt: str, answer: str) -> None:
        """Type an answer that the terminal shows."""
        self.wait_for(prompt)
        self.terminal.sendline(answer)

    def answer_unseen(self, prompt: str, answer: str) -> None:
        """Type an answer that the terminal does not show, and tell the audience what it was."""
        self.wait_for(prompt)
        sys.stdout.write(f"‹{answer}, typed unseen›")
        self.terminal.sendline(answer)

    def end(self) -> int:
        """Wait until the command ends, and return its status."""
        try:
            self.terminal.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            raise DemoError(f"“{self.command}” does not end") from None
        self.terminal.close()
        status = self.terminal.exitstatus
        return -self.terminal.signalstatus if status is None else int(status)

    def end_well(self) -> None:
        """Wait until the command ends as it should."""
        if status := self.end():
            raise DemoError(f"“{self.command}” ended with status {status}")


def run(machine: Machine, command: str) -> None:
    """Show a shell command, run it as root, and show what it printed."""
    say(f"# {command}")
    done = machine.run(["sh", "-c", command], check=False)
    sys.stdout.write(done.stdout + done.stderr)
    if done.returncode:
        raise DemoError(f"“{command}” ended with status {done.returncode}")
