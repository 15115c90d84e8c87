# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which PINs were tried: each value once, ever, so that no restart uses up a SIM's tries.

A mark is on disk before its PIN leaves for the SIM, and is taken off only when the SIM is open.
"""

import contextlib
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

FILE_NAME: Final = "modem-pins-tried"

_PRIVATE: Final = 0o600


class PinMarks(Protocol):
    """What the unlocking of a SIM asks of the disk."""

    def is_tried(self, holder: str, pin: str) -> bool:
        """Tell whether a PIN was tried for a holder (a modem or a gateway) and never accepted."""
        ...

    def mark(self, holders: Iterable[str], pin: str) -> None:
        """Write down for all of them that a PIN is about to be tried; on disk when this returns.

        Raises:
            OSError: it is not, for none of them; the PIN must not be tried.
        """
        ...

    def clear(self, holders: Iterable[str], pin: str) -> None:
        """Forget a PIN's try; never raises."""
        ...


class PinMarkFile:
    """Marks in a file of digests: without the daemon's key they tell nobody a PIN."""

    def __init__(self, directory: Path, key: bytes) -> None:
        self._path = directory / FILE_NAME
        self._key = key
        # Each modem has a thread of its own, and all of them this file.
        self._lock = threading.Lock()

    def is_tried(self, holder: str, pin: str) -> bool:
        """Tell whether a PIN was tried and never accepted; yes, if the file cannot be read."""
        try:
            with self._lock:
                return self._digest(holder, pin) in self._read()
        except (OSError, UnicodeDecodeError):
            return True

    def mark(self, holders: Iterable[str], pin: str) -> None:
        """Write down that a PIN is about to be tried."""
        with self._lock:
            self._write(self._read() | self._digests(holders, pin))

    def clear(self, holders: Iterable[str], pin: str) -> None:
        """Forget a PIN's try."""
        with self._lock, contextlib.suppress(OSError, UnicodeDecodeError):
            marks = self._read()
            if gone := marks & self._digests(holders, pin):
                self._write(marks - gone)

    def _digests(self, holders: Iterable[str], pin: str) -> set[str]:
        return {self._digest(holder, pin) for holder in holders}

    def _digest(self, holder: str, pin: str) -> str:
        text = f"SIM PIN\0{holder}\0{pin}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def _read(self) -> set[str]:
        try:
            return set(self._path.read_text("ascii").split())
        except FileNotFoundError:
            return set()

    def _write(self, marks: set[str]) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with _opened(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
            os.write(file, "".join(f"{mark}\n" for mark in sorted(marks)).encode())
            os.fsync(file)
        new.replace(self._path)
        with _opened(self._path.parent, os.O_RDONLY | os.O_DIRECTORY) as directory:
            os.fsync(directory)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
