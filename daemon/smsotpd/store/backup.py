# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A copy of the database for the day on which it is damaged, and the way back.

The copy replaces the one before only after it was found sound, so that damage is not copied over
the last good one. What is put back is older than what was lost: nothing in it that could let in
somebody a second time is kept.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from smsotpd.core.authenticator import MOST_DRIFT, STEP_SECONDS, WINDOW
from smsotpd.core.errors import UnavailableError
from smsotpd.store.database_copy import write_copy
from smsotpd.store.faults import damaged, unavailable
from smsotpd.store.files import check_private_file, sync_directory
from smsotpd.store.schema import stored_version

SUFFIX: Final = ".backup"

_UNFINISHED: Final = ".backup-unfinished"
_ASIDE: Final = ".damaged"
_COMPANIONS: Final = ("-wal", "-journal", "-shm")

# Codes, break-glass codes and invitations may have been used since; so may the authenticator's
# present one.
_FORGET: Final = """
DELETE FROM challenges;
DELETE FROM remembered_hosts;
DELETE FROM break_glass_codes;
DELETE FROM invitations;
UPDATE authenticators SET newest_step = max(newest_step, {step});
"""


def backup_path(database: Path) -> Path:
    """Return where the copy of a database is."""
    return database.with_name(database.name + SUFFIX)


def copy_database(connection: sqlite3.Connection, database: Path) -> None:
    """Put a sound copy of the open database in the place of the one before.

    Raises:
        UnavailableError: the copy cannot be written or is not sound; the one before is as it was.
    """
    unfinished = database.with_name(database.name + _UNFINISHED)
    try:
        write_copy(connection, unfinished)
        _require_sound(unfinished)
        unfinished.replace(backup_path(database))
        sync_directory(database.parent)
    except sqlite3.Error as error:
        raise unavailable(unfinished, error) from None
    except OSError as error:
        raise UnavailableError(f"{unfinished} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def restore(database: Path) -> Path | None:
    """Put the copy in the place of a database; return where the database is now, if there was one.

    Raises:
        ConfigurationError: a file may be touched by somebody else.
        UnavailableError: there is no sound copy, or a daemon has the database open; nothing was
            changed.
    """
    copy = backup_path(database)
    if not check_private_file(copy):
        raise UnavailableError(f"there is no copy to put back: {copy} is not there")
    _require_sound(copy)
    aside = database.with_name(f"{database.name}{_ASIDE}-{time.strftime('%Y%m%dT%H%M%S')}")
    fresh = database.with_name(database.name + _UNFINISHED)
    with _unused(database):
        with closing(sqlite3.connect(copy)) as source:
            write_copy(source, fresh)
        with closing(sqlite3.connect(fresh)) as target:
            here = int(time.time()) // STEP_SECONDS  # noqa: TID251  # as RFC 6238 counts
            step = here + WINDOW + MOST_DRIFT  # the newest that may have been accepted
            target.executescript(_FORGET.format(step=step))
        was_there = database.exists()
        for suffix in ("", *_COMPANIONS):
            lost = database.with_name(database.name + suffix)
            if lost.exists():
                lost.rename(aside.with_name(aside.name + suffix))
        fresh.replace(database)
        sync_directory(database.parent)
    return aside if was_there else None


def _require_sound(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        try:
            version = stored_version(connection, copy)
            (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            raise unavailable(copy, error) from None
    if version == 0 or finding != "ok":
        raise damaged(copy)


@contextmanager
def _unused(database: Path) -> Iterator[None]:
    """Hold the lock of a database, so that no daemon has it open; a damaged one has no lock."""
    if not database.exists():
        yield
        return
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            # Any other complaint is the damage for which we are here.
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise unavailable(database, error) from None
        yield
