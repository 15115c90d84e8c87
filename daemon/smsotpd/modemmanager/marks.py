# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which messages in ModemManager are ours: whoever comes after a crash deletes them.

They hold codes, and anybody on this machine may ask ModemManager for its messages.
"""

import contextlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

FILE_NAME: Final = "modemmanager-messages"

_PARTS: Final = 3
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """One message of ours.

    Attributes:
        instance: of ModemManager; one that was restarted has forgotten all messages.
        modem: path of the modem's object.
        message: path of the message's object.
    """

    instance: str
    modem: str
    message: str


class Marks(Protocol):
    """What is remembered over a crash of ours."""

    def add(self, mark: Mark) -> None:
        """Remember a message; never raises."""
        ...

    def drop(self, mark: Mark) -> None:
        """Forget a message; never raises."""
        ...

    def left(self, instance: str) -> frozenset[Mark]:
        """Return the messages in one instance, and forget all others."""
        ...


class MarkFile:
    """Marks in a file, for the threads of several gateways.

    A mark that cannot be written costs a message that stays in ModemManager after a crash, and no
    login: so errors of the disk are passed over.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._lock = threading.Lock()

    def add(self, mark: Mark) -> None:
        """Remember a message."""
        with self._lock:
            self._write(self._read() | {mark})

    def drop(self, mark: Mark) -> None:
        """Forget a message."""
        with self._lock:
            self._write(self._read() - {mark})

    def left(self, instance: str) -> frozenset[Mark]:
        """Return the messages in one instance, and forget all others."""
        with self._lock:
            marks = self._read()
            ours = frozenset(mark for mark in marks if mark.instance == instance)
            if ours != marks:
                self._write(ours)
        return ours

    def _read(self) -> frozenset[Mark]:
        try:
            lines = self._path.read_text("ascii").splitlines()[:_MOST]
        except (OSError, UnicodeDecodeError):
            return frozenset()
        parts = (line.split() for line in lines)
        return frozenset(Mark(*each) for each in parts if len(each) == _PARTS)

    def _write(self, marks: frozenset[Mark]) -> None:
        lines = sorted(f"{mark.instance} {mark.modem} {mark.message}\n" for mark in marks)
        new = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(new, flags, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.writelines(lines)
            new.replace(self._path)
