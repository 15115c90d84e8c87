# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes that do something to a store and die of it."""

import os
import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Report = Callable[[str], None]

NOBODY = 65534


@dataclass(frozen=True)
class Child:
    """A forked process and the end of the pipe on which it reports, line by line."""

    pid: int
    pipe: int

    def line(self) -> str:
        """Wait for the next line; empty when the child is dead."""
        text = b""
        while (byte := os.read(self.pipe, 1)) not in {b"", b"\n"}:
            text += byte
        return text.decode()

    def rest(self) -> list[str]:
        """Wait for the child's end and return what else it has reported."""
        lines = []
        while line := self.line():
            lines.append(line)
        return lines

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@contextmanager
def child(work: Callable[[Report], None]) -> Iterator[Child]:
    """Fork a child that does the work and then dies without closing anything."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_the_child(work, writing)
    os.close(writing)
    try:
        yield Child(pid, reading)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)


def _be_the_child(work: Callable[[Report], None], writing: int) -> None:
    try:
        work(lambda line: _report(writing, line))
    except BaseException as error:  # noqa: BLE001  # nothing may get back into pytest's process
        traceback.print_exc()
        _report(writing, f"{type(error).__name__}: {error}")
    # Not even the interpreter may tidy up: SQLite would write its log back.
    os.kill(os.getpid(), signal.SIGKILL)


def _report(writing: int, line: str) -> None:
    os.write(writing, line.replace("\n", " ").encode() + b"\n")


def run(work: Callable[[Report], None]) -> list[str]:
    """Let a child do the work, and return what it reported."""
    with child(work) as process:
        return process.rest()


def become_somebody_else(directory: Path) -> None:
    """Give up root's power over modes, if we have it; the directory goes to the new identity."""
    if os.geteuid() == 0:
        for path in [*directory.iterdir(), directory]:
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)


def limit_file_size(size: int) -> None:
    """Let no file grow beyond so many bytes, as on a full disk; the limit can be lifted again."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
