# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daily copy of the store: sound, private, and put back without letting anybody in twice."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from smsotpd.core.authenticator import MOST_DRIFT, STEP_SECONDS, WINDOW
from smsotpd.core.errors import UnavailableError
from smsotpd.core.moment import Moment
from smsotpd.store.backup import backup_path, restore
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.contract.store.values import ANNA, APP, CHALLENGE, SSH
from tests.unit.store.counting import count_one


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A store with a user and a code that is out, and a copy of it."""
    state = tmp_path / "state"
    with open_store(state) as store:
        with store.change() as change:
            change.put_enrolment(ANNA)
            change.put_challenge(CHALLENGE)
        count_one(store)
        store.back_up()
    return state / DATABASE_NAME


def spoil(path: Path) -> None:
    """Overwrite all pages but the first."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def test_the_copy_is_the_daemons_alone(database: Path) -> None:
    assert backup_path(database).stat().st_mode & 0o777 == 0o600


def test_a_damaged_store_comes_back_with_its_users(database: Path) -> None:
    spoil(database)
    aside = restore(database)
    assert aside is not None
    assert aside.exists()
    with open_store(database.parent) as store, store.change() as change:
        assert change.enrolment(ANNA.user) == ANNA


def test_no_code_that_was_out_comes_back(database: Path) -> None:
    restore(database)
    with open_store(database.parent) as store, store.change() as change:
        assert change.challenge(SSH) is None


def test_failures_come_back_as_they_were(database: Path) -> None:
    restore(database)
    with open_store(database.parent) as store, store.change() as change:
        assert change.failures("anna").in_all == 1


def test_a_lost_store_comes_back(database: Path) -> None:
    database.unlink()
    assert restore(database) is None
    with open_store(database.parent) as store, store.change() as change:
        assert change.enrolment(ANNA.user) == ANNA


def test_nothing_is_put_back_under_a_running_daemon(database: Path) -> None:
    with open_store(database.parent) as store:
        with store.change() as change:
            change.put_enrolment(ANNA)  # the lock is taken with the first access
        with pytest.raises(UnavailableError) as caught:
            restore(database)
    assert "in use" in str(caught.value)


def test_a_damaged_copy_is_not_put_back(database: Path) -> None:
    spoil(backup_path(database))
    before = database.read_bytes()
    with pytest.raises(UnavailableError):
        restore(database)
    assert database.read_bytes() == before


def test_without_a_copy_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        restore(tmp_path / DATABASE_NAME)
    assert str(backup_path(tmp_path / DATABASE_NAME)) in str(caught.value)


def test_damage_is_not_copied_over_the_last_good_copy(database: Path) -> None:
    good = backup_path(database).read_bytes()
    with open_store(database.parent) as store:
        spoil(database)
        store._connection.execute("PRAGMA shrink_memory")  # what is read next comes from the disk
        with pytest.raises(UnavailableError):
            store.back_up()
    assert backup_path(database).read_bytes() == good


def test_a_copy_that_finds_no_room_leaves_the_one_before(database: Path) -> None:
    good = backup_path(database).read_bytes()
    unfinished = database.with_name(f"{database.name}.backup-unfinished")
    with open_store(database.parent) as store:
        unfinished.mkdir()  # nothing can be written there
        with pytest.raises(UnavailableError):
            store.back_up()
        unfinished.rmdir()
    assert backup_path(database).read_bytes() == good


def test_its_age_is_told_and_a_copy_from_the_future_is_none(database: Path) -> None:
    with open_store(database.parent) as store:
        made = backup_path(database).stat().st_mtime
        assert store.seconds_since_backup(Moment(made + 60, 0, "b")) == pytest.approx(60)
        assert store.seconds_since_backup(Moment(made - 60, 0, "b")) == float("inf")
        backup_path(database).unlink()
        assert store.seconds_since_backup(Moment(made, 0, "b")) == float("inf")


def test_an_authenticators_present_code_cannot_be_given_again(database: Path) -> None:
    with closing(sqlite3.connect(backup_path(database))) as copy:
        copy.execute("INSERT INTO authenticators VALUES ('anna', 's', 6, 5, 0, 0.0)")
        copy.commit()
    restore(database)
    with closing(sqlite3.connect(database)) as connection:
        (step,) = connection.execute("SELECT newest_step FROM authenticators").fetchone()
    assert step > 50_000_000


def test_no_step_of_an_authenticator_that_may_have_been_used_counts_again(database: Path) -> None:
    with open_store(database.parent) as store:
        with store.change() as change:
            change.put_authenticator(replace(APP, newest_step=1))
        store.back_up()
    here = int(datetime.now().astimezone().timestamp()) // STEP_SECONDS
    restore(database)
    with open_store(database.parent) as store, store.change() as change:
        app = change.authenticator(APP.user)
    assert app is not None
    assert app.newest_step >= here + WINDOW + MOST_DRIFT
