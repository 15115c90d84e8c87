# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The tables, as a list of migrations; a database knows how many of them it has been through."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from smsotpd.core.errors import UnavailableError
from smsotpd.store.database_copy import write_copy

# "smot" in ASCII: file(1) and we can tell the database from anybody else's.
APPLICATION_ID: Final = 0x736D6F74

_V1 = """
CREATE TABLE enrolments (
    user TEXT NOT NULL PRIMARY KEY,
    pin_hash TEXT NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    enrolled_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recipients (
    user TEXT NOT NULL REFERENCES enrolments (user) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (user, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE challenges (
    user TEXT NOT NULL,
    service TEXT NOT NULL,
    rhost TEXT NOT NULL,
    salt TEXT NOT NULL,
    digest BLOB NOT NULL,
    issued_wall REAL NOT NULL,
    issued_boot REAL NOT NULL,
    issued_boot_id TEXT NOT NULL,
    lifetime REAL NOT NULL,
    answers_left INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    masked TEXT NOT NULL,
    digits INTEGER NOT NULL,
    id_digest BLOB,
    PRIMARY KEY (user, service, rhost)
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_by_id ON challenges (id_digest) WHERE id_digest IS NOT NULL;

-- Of names that are not enrolled, too: they meet the same delays.
CREATE TABLE failures (
    user TEXT NOT NULL PRIMARY KEY,
    towards_lock INTEGER NOT NULL,
    in_all INTEGER NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    next_slot REAL NOT NULL,
    last_wall REAL,
    last_boot REAL,
    last_boot_id TEXT,
    locked_wall REAL,
    locked_boot REAL,
    locked_boot_id TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE cooldowns (
    user TEXT NOT NULL PRIMARY KEY,
    sends INTEGER NOT NULL,
    last_wall REAL NOT NULL,
    last_boot REAL NOT NULL,
    last_boot_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    count INTEGER NOT NULL,
    window_seconds REAL NOT NULL,
    since_wall REAL NOT NULL,
    since_boot REAL NOT NULL,
    since_boot_id TEXT NOT NULL,
    PRIMARY KEY (kind, scope, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_by_end ON counters (since_boot_id, since_boot + window_seconds);

CREATE TABLE gateways (
    name TEXT NOT NULL PRIMARY KEY,
    type_id TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE gateway_settings (
    gateway TEXT NOT NULL REFERENCES gateways (name) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    secret INTEGER NOT NULL CHECK (secret IN (0, 1)),
    PRIMARY KEY (gateway, position)
) STRICT, WITHOUT ROWID;
"""

# What gateways did of late; not tied to `gateways`, since files define gateways, too.
_V2 = """
CREATE TABLE gateway_health (
    name TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    wait REAL NOT NULL,
    opened_wall REAL,
    opened_boot REAL,
    opened_boot_id TEXT,
    recent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Not tied to `enrolments`, whose rows are replaced at each change. Of an authenticator the salt is
# kept, from which its seed is derived by a key that is not in here.
_V3 = """
CREATE TABLE authenticators (
    user TEXT NOT NULL PRIMARY KEY,
    salt TEXT NOT NULL,
    digits INTEGER NOT NULL,
    newest_step INTEGER NOT NULL,
    drift INTEGER NOT NULL,
    added_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user TEXT NOT NULL,
    letter TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (user, letter)
) STRICT, WITHOUT ROWID;

CREATE TABLE break_glass_codes (
    user TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    by_uid INTEGER NOT NULL,
    made_wall REAL NOT NULL,
    made_boot REAL NOT NULL,
    made_boot_id TEXT NOT NULL,
    lifetime REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Hosts from which every factor was proven not long ago.
_V4 = """
CREATE TABLE remembered_hosts (
    user TEXT NOT NULL,
    service TEXT NOT NULL,
    address TEXT NOT NULL,
    since_wall REAL NOT NULL,
    since_boot REAL NOT NULL,
    since_boot_id TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (user, service, address)
) STRICT, WITHOUT ROWID;
"""

# What lets users who are not enrolled do it themselves, once.
_V5 = """
CREATE TABLE invitations (
    user TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    by_uid INTEGER NOT NULL,
    made_wall REAL NOT NULL,
    made_boot REAL NOT NULL,
    made_boot_id TEXT NOT NULL,
    lifetime REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""

# How many failures were guesses of codes, which a login by PIN alone does not forget. Of those from
# before nobody knows; they count as guesses of PINs.
_V6 = """
ALTER TABLE failures ADD COLUMN of_codes INTEGER NOT NULL DEFAULT 0;
"""

# The first brings an empty database to version 1, the second that to version 2, and so on.
# One that has been released is never edited.
MIGRATIONS: Final[Sequence[str]] = (_V1, _V2, _V3, _V4, _V5, _V6)


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[str] = MIGRATIONS
) -> None:
    """Bring the tables up to date in one step, after a copy of what was there.

    Raises:
        UnavailableError: the database is not ours, or was written by a newer smsotpd.
        sqlite3.Error: a statement failed; the database is as it was.
        OSError: the copy could not be made; the database is as it was.
    """
    version = stored_version(connection, path, len(migrations))
    if version == len(migrations):
        return
    if version > 0:
        # A copy of the same version stems from a migration that failed: this one is no older.
        write_copy(connection, path.with_name(f"{path.name}.bak-v{version}"))
    script = "\n".join(migrations[version:])
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE; {script}\n"
            f"PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {len(migrations)}; COMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def stored_version(
    connection: sqlite3.Connection, path: Path, newest: int = len(MIGRATIONS)
) -> int:
    """Return how many migrations the database has been through: 0 for an empty one.

    Raises:
        UnavailableError: the database is not ours, or was written by a newer smsotpd.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (application, version, objects) == (0, 0, 0):
        return 0
    if application != APPLICATION_ID or not isinstance(version, int) or version < 1:
        raise UnavailableError(f"{path} is not a database of smsotpd; move it away")
    if version > newest:
        raise UnavailableError(
            f"{path} was written by a newer smsotpd (tables of version {version}; this program"
            f" knows up to {newest}); install that smsotpd again, or put back {path.name}.bak-v…"
        )
    return version
