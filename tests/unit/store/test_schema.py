# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The database is brought up to date in one step, after a copy; a newer one is refused."""

import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from smsotpd.core.errors import UnavailableError
from smsotpd.store.schema import APPLICATION_ID, MIGRATIONS, migrate
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.contract.store.values import ANNA

NEXT = "CREATE TABLE added (word TEXT NOT NULL) STRICT; INSERT INTO added VALUES ('new');"
BROKEN = "CREATE TABLE more (word TEXT NOT NULL) STRICT; INSERT INTO nowhere VALUES (1);"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(tmp_path / "state") as store, store.change() as change:
        change.put_enrolment(ANNA)
    return tmp_path / "state" / DATABASE_NAME


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        yield opened


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def tables(connection: sqlite3.Connection) -> Sequence[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows]


def test_a_new_database_bears_our_mark_and_the_newest_version(
    connection: sqlite3.Connection, path: Path
) -> None:
    assert pragma(connection, "application_id") == APPLICATION_ID
    assert pragma(connection, "user_version") == len(MIGRATIONS)
    assert list(path.parent.glob("*.bak-*")) == []


def test_every_table_checks_the_types_of_what_is_put_in(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    strict = {name: bool(value) for name, value in rows if not name.startswith("sqlite_")}
    assert set(strict) == set(tables(connection))
    assert all(strict.values())


def test_an_old_database_is_copied_and_then_brought_up_to_date(
    connection: sqlite3.Connection, path: Path
) -> None:
    migrate(connection, path, [*MIGRATIONS, NEXT])
    assert pragma(connection, "user_version") == len(MIGRATIONS) + 1
    assert connection.execute("SELECT word FROM added").fetchall() == [("new",)]
    assert connection.execute("SELECT user FROM enrolments").fetchall() == [("anna",)]

    copy = path.with_name(f"{DATABASE_NAME}.bak-v{len(MIGRATIONS)}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as copied:
        assert pragma(copied, "user_version") == len(MIGRATIONS)
        assert copied.execute("SELECT user FROM enrolments").fetchall() == [("anna",)]
        assert "added" not in tables(copied)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_database_of_each_earlier_version_is_opened(tmp_path: Path, version: int) -> None:
    state = tmp_path / "old"
    state.mkdir(mode=0o700)
    old = state / DATABASE_NAME
    old.touch(mode=0o600)
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        migrate(connection, old, MIGRATIONS[:version])
        connection.execute("INSERT INTO enrolments VALUES ('anna', 'hash', 0, 1.0)")
    with open_store(state) as store, store.change() as change:
        assert change.enrolment("anna") is not None
        assert change.authenticator("anna") is None
        assert change.recovery_codes("anna") == {}
        assert change.break_glass("anna") is None
        assert change.invitation("anna") is None
    assert old.with_name(f"{DATABASE_NAME}.bak-v{version}").exists()


def test_the_copy_can_be_put_back(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path, [*MIGRATIONS, NEXT])
    connection.close()
    path.with_name(f"{DATABASE_NAME}.bak-v{len(MIGRATIONS)}").rename(path)
    with open_store(path.parent) as store, store.change() as change:
        assert list(change.enrolments()) == [ANNA]


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    connection: sqlite3.Connection, path: Path
) -> None:
    before = tables(connection)
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(connection, path, [*MIGRATIONS, NEXT, BROKEN])
    assert not connection.in_transaction
    assert tables(connection) == before
    assert pragma(connection, "user_version") == len(MIGRATIONS)


def test_a_database_that_is_up_to_date_is_not_copied(path: Path) -> None:
    open_store(path.parent).close()
    assert list(path.parent.glob("*.bak-*")) == []


def test_a_copy_that_cannot_be_made_stops_the_migration(
    connection: sqlite3.Connection, path: Path
) -> None:
    path.with_name(f"{DATABASE_NAME}.bak-v{len(MIGRATIONS)}").mkdir()
    with pytest.raises(OSError, match="directory"):
        migrate(connection, path, [*MIGRATIONS, NEXT])
    assert pragma(connection, "user_version") == len(MIGRATIONS)


def test_the_copy_replaces_a_link_and_does_not_follow_it(
    connection: sqlite3.Connection, path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    copy = path.with_name(f"{DATABASE_NAME}.bak-v{len(MIGRATIONS)}")
    copy.symlink_to(target)
    migrate(connection, path, [*MIGRATIONS, NEXT])
    assert target.read_text() == "precious"
    assert not copy.is_symlink()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 6}")
    before = path.read_bytes()
    with pytest.raises(UnavailableError, match="written by a newer smsotpd") as caught:
        open_store(path.parent)
    assert str(path) in str(caught.value)
    assert str(len(MIGRATIONS) + 6) in str(caught.value)
    assert path.read_bytes() == before
