# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What SQLite reports, in words an administrator can act on."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from smsotpd.core.errors import UnavailableError

_DAMAGED = (
    "is damaged; stop smsotpd and put back the copy of the last day with: runuser -u smsotp -- "
    "smsotpd --restore; or salvage what is left with: sqlite3 FILE .recover"
)
_BUSY = "is in use by another process (a second smsotpd, or a tool that has it open); stop that one"

# https://www.sqlite.org/rescode.html, primary and extended result codes.
_REMEDIES: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "cannot be written; check mode, owner and mount of its directory",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check mode, owner and mount of its directory",
    sqlite3.SQLITE_PERM: "cannot be opened; check mode, owner and mount of its directory",
    sqlite3.SQLITE_IOERR: "could not be read or written; see the kernel log for the disk's errors",
    # What SQLite reports of a database on a read-only mount, whose lock it cannot take.
    sqlite3.SQLITE_IOERR_LOCK: "cannot be written; check mode, owner and mount of its directory",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
_PRIMARY = 0xFF


def damaged(path: Path) -> UnavailableError:
    """Return the error for a database whose pages contradict each other."""
    return UnavailableError(f"{path} {_DAMAGED}")


def unavailable(path: Path, error: sqlite3.Error) -> UnavailableError:
    """Return the error to raise in place of SQLite's own, whose text may quote stored values."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's module: a stored text that is no UTF-8
        return damaged(path)
    remedy = _REMEDIES.get(code) or _REMEDIES.get(code & _PRIMARY, "could not be used")
    return UnavailableError(f"{path} {remedy} ({error.sqlite_errorname})")
