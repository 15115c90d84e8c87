# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The store in SQLite: one file, one connection, used from the event loop's thread alone."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from smsotpd.core.errors import UnavailableError
from smsotpd.core.moment import Moment
from smsotpd.store.backup import backup_path, copy_database
from smsotpd.store.change import SqliteChange
from smsotpd.store.faults import damaged, unavailable
from smsotpd.store.files import (
    check_private_file,
    create_private_file,
    prepare_private_directory,
)
from smsotpd.store.schema import migrate, stored_version

DATABASE_NAME: Final = "smsotpd.db"

# SQLite keeps these beside the database, with its mode.
_COMPANIONS = ("-wal", "-shm", "-journal")

# At a restart the predecessor may need a moment to let go of the file.
_LOCK_SECONDS = 1.0

_SETTINGS = (
    # One owner: the lock on the database itself is taken with the first access and kept, so a
    # second daemon is refused at its start, and the kernel drops it however we die. A lock file
    # would not keep out anybody who does not know of it; and there is no -shm file this way.
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA foreign_keys = ON",
    # What was removed is overwritten: gateway secrets, numbers, digests.
    "PRAGMA secure_delete = ON",
)
_JOURNAL = (
    # Every commit is on disk before COMMIT returns. EXTRA would add nothing: it differs from FULL
    # for rollback journals only (https://sqlite.org/pragma.html#pragma_synchronous).
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 8388608",
)


class SqliteStore:
    """Keep the state in one SQLite database; made by `open_store`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._open_change = False

    @property
    def path(self) -> Path:
        """Return the path of the database."""
        return self._path

    @contextmanager
    def change(self) -> Iterator[SqliteChange]:
        """Open one atomic change; see `core.ports.Store`.

        A change that only read costs no write and no wait for the disk.

        Raises:
            UnavailableError: the database cannot be read or written; nothing was changed.
            RuntimeError: a change is open already, which is a mistake in the program.
        """
        if self._open_change:
            raise RuntimeError("a change of the store was opened within another")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.ProgrammingError:  # closed, or another thread
            raise
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from None
        self._open_change = True
        change = SqliteChange(self._connection, self._path)
        try:
            yield change
            change.commit()
        finally:
            self._open_change = False
            change.end()

    def prune(self, now: Moment) -> None:
        """Remove what is over; see `core.ports.Store`."""
        with self.change() as change:
            change.prune(now)

    def back_up(self) -> None:
        """Put a sound copy of the database beside it, in the place of the one before.

        Raises:
            UnavailableError: the copy cannot be written; the one before is as it was.
        """
        copy_database(self._connection, self._path)

    def seconds_since_backup(self, now: Moment) -> float:
        """Return how old the copy is; endless if there is none, or it is from the future."""
        try:
            age = now.wall - backup_path(self._path).stat().st_mtime
        except OSError:
            return math.inf
        return age if age >= 0 else math.inf

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_store(state_directory: Path) -> SqliteStore:
    """Open the database in the state directory, and make or update it as needed.

    Raises:
        ConfigurationError: directory or file may be touched by somebody else.
        UnavailableError: the database is damaged, in use, not ours, too new or not writable.
    """
    prepare_private_directory(state_directory)
    path = state_directory / DATABASE_NAME
    for companion in _COMPANIONS:
        check_private_file(path.with_name(path.name + companion))
    if not check_private_file(path):
        try:
            create_private_file(path)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be made: {error.strerror}") from error
    connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise unavailable(path, error) from None
    except OSError as error:
        connection.close()
        raise UnavailableError(
            f"{path} could not be copied before its update: {error.strerror}"
        ) from error
    except BaseException:
        connection.close()
        raise
    return SqliteStore(connection, path)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    for pragma in _SETTINGS:
        connection.execute(pragma)
    stored_version(connection, path)  # before anything is written to what may not be ours
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise UnavailableError(f"{path} lies on a file system where SQLite has no WAL; move it")
    for pragma in _JOURNAL:
        connection.execute(pragma)
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        raise damaged(path)
    migrate(connection, path)
