# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One open transaction of the database, and how a statement of it fails."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from smsotpd.core.errors import BadArgumentError, UnavailableError
from smsotpd.store.faults import unavailable
from smsotpd.store.rows import Row

_Value = TypeVar("_Value")


class Statements:
    """One open transaction of the database; unusable once it is over or a statement has failed."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._over = False
        self._failed = False

    def commit(self) -> None:
        """Put the change on disk.

        Raises:
            UnavailableError: it could not be written, or a statement had failed before.
        """
        self._write("COMMIT")

    def end(self) -> None:
        """Take back what was not committed, and let nothing more happen under this name."""
        self._over = True
        # SQLite takes back by itself what it could not write (sqlite.org/lang_transaction.html). If
        # it cannot even do that, the next change is refused; the error that led here says more.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _read(self, sql: str, values: Row = ()) -> list[Row]:
        with self._statement() as connection:
            return connection.execute(sql, values).fetchall()

    def _read_one(self, sql: str, values: Row, read: Callable[[Row], _Value]) -> _Value | None:
        found = self._read(sql, values)
        return read(found[0]) if found else None

    def _write(self, sql: str, values: Row | Mapping[str, float | str] = ()) -> None:
        with self._statement() as connection:
            connection.execute(sql, values)

    def _write_all(self, sql: str, values: Iterable[Row]) -> None:
        with self._statement() as connection:
            connection.executemany(sql, values)

    @contextmanager
    def _statement(self) -> Iterator[sqlite3.Connection]:
        if self._over:
            raise RuntimeError("this change of the store is over")
        # After a failed statement SQLite may have ended the transaction: the next one would then
        # be stored alone. So a caller that swallowed the error gets it again, at the commit too.
        if self._failed:
            raise UnavailableError(f"{self._path}: an earlier step of this change has failed")
        try:
            yield self._connection
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
            self._failed = True
            raise
        except sqlite3.Error as error:
            self._failed = True
            # The cause is left out: Python quotes a stored text that it cannot decode.
            raise unavailable(self._path, error) from None
        except UnicodeEncodeError:
            self._failed = True
            # The cause is left out: it carries the whole text, which may be a secret.
            raise BadArgumentError("text", "is not Unicode") from None
