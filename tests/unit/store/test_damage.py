# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A damaged or foreign database is refused in words that name the file and the remedy."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smsotpd.core.errors import UnavailableError
from smsotpd.core.secret import Secret
from smsotpd.store.schema import APPLICATION_ID
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.contract.store.values import ANNA, HTTP
from tests.unit.store.counting import count_one

PAGE = 4096


@pytest.fixture
def database(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    with open_store(state) as store:
        count_one(store)
        with store.change() as change:
            change.put_gateway(HTTP)
            for number in range(200):
                change.put_enrolment(type(ANNA)(f"user-{number:04}", ANNA.recipients, "hash"))
    return state / DATABASE_NAME


def overwrite(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def refusal(database: Path) -> str:
    with pytest.raises(UnavailableError) as caught:
        open_store(database.parent)
    assert str(database) in str(caught.value)
    return str(caught.value)


def test_a_damaged_header_is_refused(database: Path) -> None:
    overwrite(database, 0, b"garbage!" * 4)
    assert "is damaged" in refusal(database)


def test_a_file_of_garbage_is_refused(database: Path) -> None:
    database.write_bytes(b"\xa5" * 50_000)
    assert ".recover" in refusal(database)


def test_a_truncated_database_is_refused(database: Path) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[: len(whole) // 2])
    assert "is damaged" in refusal(database)


def test_damage_in_any_page_is_refused(database: Path) -> None:
    whole = database.read_bytes()
    for page in range(1, len(whole) // PAGE):
        database.write_bytes(whole)
        overwrite(database, page * PAGE, b"\xff" * 64)
        assert "is damaged" in refusal(database), f"page {page}"


def test_damage_is_never_mended_by_starting_anew(database: Path) -> None:
    overwrite(database, PAGE, b"\xff" * 64)
    damaged = database.read_bytes()
    refusal(database)
    assert database.read_bytes() == damaged


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    database = state / DATABASE_NAME
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.commit()
    database.chmod(0o600)
    before = database.read_bytes()
    assert "not a database of smsotpd" in refusal(database)
    assert database.read_bytes() == before


def test_a_database_with_our_mark_and_no_version_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    database = state / DATABASE_NAME
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.chmod(0o600)
    assert "not a database of smsotpd" in refusal(database)


def test_damage_found_while_running_is_refused_without_quoting_the_page(database: Path) -> None:
    def read_the_gateways() -> None:
        with store.change() as change:
            change.gateways()

    with open_store(database.parent) as store:
        # As after a bit flip that no structure shows: a text that is no UTF-8.
        store._connection.execute(
            "UPDATE gateway_settings SET value = CAST(x'68756e746572ff32' AS TEXT) WHERE secret"
        )
        with pytest.raises(UnavailableError, match="is damaged") as caught:
            read_the_gateways()
        assert "hunter" not in str(caught.value)
        assert caught.value.__suppress_context__
        with store.change() as change:
            change.put_gateway(HTTP)
            assert change.gateways()[0].secrets == {"PASSWORD": Secret("hunter2")}
