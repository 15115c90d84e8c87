# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What stood on a terminal, kept in `docs/transcripts` and compared with what stands there now.

`RECORD=1` in the environment writes the files anew; without it, a difference is a failure.
"""

import difflib
import os
import re
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.testhost.machine import Machine
from tests.testhost.tree import ROOT

TRANSCRIPTS: Final = ROOT / "docs" / "transcripts"
WIDTH: Final = 100
# What is another with every run: shown as an example in its place.
VOLATILE: Final = (
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\b"), "2027-01-31 08:00:00"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "2027-01-31"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "08:00:00"),
    (re.compile(r"^ *\d+\.\d ms", re.MULTILINE), "    10.0 ms"),
    # What moves the cursor, names the window or changes the way of pasting is not seen.
    (re.compile("\x1b(?:\\[[0-9;?]*[A-Za-z]|\\][^\x07]*\x07)"), ""),
)


class Recording:
    """A command on a terminal, answered prompt by prompt, with all that a person sees of it."""

    def __init__(
        self, machine: Machine, command: str, *, user: str = "root", timeout: float = 60.0
    ) -> None:
        """Type a command at a shell's prompt.

        Args:
            machine: where.
            command: for the shell; one program.
            user: who types it.
            timeout: seconds to wait for anything.
        """
        self.command = command
        self.seen = ""
        self._shown = f"{'#' if user == 'root' else '$'} {command}\n"
        self._terminal = machine.spawn(
            ["sh", "-c", f"exec {command}"],
            user=user,
            timeout=timeout,
            env={
                "COLUMNS": str(WIDTH),
                "HOME": "/root" if user == "root" else f"/home/{user}",
                # ssh shows other letters than ASCII as numbers where the locale has none.
                "LANG": "C.UTF-8",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._terminal.close()

    @property
    def text(self) -> str:
        """Return what a person has seen, and in ‹ › what was typed unseen."""
        text = self._shown.replace("\r", "")
        for pattern, example in VOLATILE:
            text = pattern.sub(example, text)
        return "\n".join(line.rstrip() for line in text.split("\n"))

    def wait_for(self, text: str, *, seconds: float = -1.0) -> str:
        """Wait for a text and return what stood before it.

        Raises:
            AssertionError: it did not come; the message shows what came instead.
        """
        try:
            self._terminal.expect_exact(text, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            shown = self._terminal.before
            raise AssertionError(f"“{self.command}” did not show {text!r} but {shown!r}") from None
        before = str(self._terminal.before)
        self._keep(before + text)
        return before

    def answer(self, text: str) -> None:
        """Type a line that the terminal shows."""
        self._terminal.sendline(text)

    def reply(self, question: str, answer: str) -> str:
        """Wait for a question and its colon, answer it, and return what stood before it."""
        before = self.wait_for(question)
        self.wait_for(": ")
        self.answer(answer)
        return before

    def answer_unseen(self, text: str, what: str) -> None:
        """Type a line that the terminal does not show; the transcript names what it was."""
        self._shown += f"‹{what}, typed unseen›"
        self._terminal.sendline(text)

    def end(self) -> int:
        """Wait until the command ends, and return its status.

        Raises:
            AssertionError: it does not end; the message shows what it shows.
        """
        try:
            self._terminal.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            shown = self._terminal.before
            raise AssertionError(f"“{self.command}” does not end but shows {shown!r}") from None
        self._keep(str(self._terminal.before))
        self._terminal.close()
        status = self._terminal.exitstatus
        return -self._terminal.signalstatus if status is None else int(status)

    def _keep(self, text: str) -> None:
        self.seen += text
        self._shown += text


def compare(name: str, *recordings: Recording, hide: tuple[tuple[str, str], ...] = ()) -> None:
    """Compare with the transcript of that name, or write it where `RECORD` says so.

    Args:
        name: of the file, without its suffix.
        recordings: in the order in which they were made.
        hide: pairs of what this run alone had, and what stands for it.
    """
    text = "\n".join(recording.text.rstrip("\n") + "\n" for recording in recordings)
    for secret, example in hide:
        text = text.replace(secret, example)
    path = TRANSCRIPTS / f"{name}.txt"
    if os.environ.get("RECORD"):
        TRANSCRIPTS.mkdir(exist_ok=True)
        path.write_text(text)
    recorded, shown = (each.splitlines(keepends=True) for each in (path.read_text(), text))
    changed = "".join(difflib.unified_diff(recorded, shown, "recorded", "shown now", n=0))
    assert not changed, f"{path} is not what is shown now: make transcripts\n{changed}"
