# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""When the disk gives out, a change is refused whole and the store goes on with what it has."""

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from smsotpd.core.errors import BadArgumentError, ConfigurationError, UnavailableError
from smsotpd.core.secret import Secret
from smsotpd.core.throttle import Counter
from smsotpd.store.sqlite import SqliteStore, open_store
from tests.contract.store.values import ANNA, GUESSES, HTTP, NOON
from tests.unit.store.children import Report, become_somebody_else, limit_file_size, run
from tests.unit.store.counting import count_one, counted

FRAME = 24 + 4096


@contextmanager
def full_database(store: SqliteStore) -> Iterator[None]:
    """Let the database not grow by a single page meanwhile."""
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        store._connection.execute("PRAGMA max_page_count = 1073741823")


def enrol_many(store: SqliteStore) -> None:
    with store.change() as change:
        for number in range(500):
            change.put_enrolment(replace(ANNA, user=f"user-{number}"))


def test_a_full_disk_refuses_the_change_and_says_so(tmp_path: Path) -> None:
    with open_store(tmp_path / "state") as store:
        count_one(store)
        with full_database(store), pytest.raises(UnavailableError, match="disk is full"):
            enrol_many(store)
        assert counted(store) == 1
        with store.change() as change:
            assert list(change.enrolments()) == []


def test_the_store_goes_on_when_there_is_space_again(tmp_path: Path) -> None:
    with open_store(tmp_path / "state") as store:
        with full_database(store), pytest.raises(UnavailableError):
            enrol_many(store)
        enrol_many(store)
        with store.change() as change:
            assert len(change.enrolments()) == 500


def test_a_change_whose_failed_step_was_overlooked_is_not_stored(tmp_path: Path) -> None:
    def overlook(store: SqliteStore) -> None:
        with full_database(store), store.change() as change:
            change.put_counter(GUESSES, Counter(NOON, 9, 60.0))
            with suppress(UnavailableError):
                for number in range(500):
                    change.put_enrolment(replace(ANNA, user=f"user-{number}"))
            with suppress(UnavailableError):
                change.put_counter(GUESSES, Counter(NOON, 10, 60.0))

    with open_store(tmp_path / "state") as store:
        count_one(store)
        with pytest.raises(UnavailableError, match="earlier step"):
            overlook(store)
        assert counted(store) == 1


def test_wherever_the_disk_ends_a_change_is_whole_or_absent(tmp_path: Path) -> None:
    state = tmp_path / "state"
    said = 0
    refused = 0

    def work(length: int, report: Report) -> None:
        store = open_store(state)
        # Python ignores SIGXFSZ, so that a write beyond the limit fails like one to a full disk.
        limit_file_size(length)
        try:
            for _ in range(5):
                report(f"counted {count_one(store)}")
        except UnavailableError as error:
            report(f"refused {error}")
        report(f"finds {counted(store)}")
        limit_file_size(resource.RLIM_INFINITY)
        report(f"counted {count_one(store)}")

    open_store(state).close()
    for length in range(24, 12 * FRAME, 1024):
        for line in run(partial(work, length)):
            word, _, rest = line.partition(" ")
            if word == "refused":
                refused += 1
                assert str(state) in rest
            else:
                assert word in {"counted", "finds"}, line
                assert int(rest) == (said if word == "finds" else said + 1), line
                said = int(rest)
        with open_store(state) as store:
            assert counted(store) == said
    assert refused > 10
    assert said > 50


@pytest.fixture
def reachable_state() -> Iterator[Path]:
    """Make a state directory that another user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        state = Path(directory) / "state"
        open_store(state).close()
        yield state


def test_a_database_in_a_directory_that_cannot_be_written_is_refused(reachable_state: Path) -> None:
    def work(report: Report) -> None:
        become_somebody_else(reachable_state)
        reachable_state.chmod(0o500)
        try:
            open_store(reachable_state)
        except UnavailableError as error:
            report(str(error))

    (line,) = run(work)
    assert f"{reachable_state}/smsotpd.db cannot be" in line
    assert "check mode, owner and mount" in line


def test_a_database_that_cannot_be_made_is_refused(reachable_state: Path) -> None:
    def work(report: Report) -> None:
        become_somebody_else(reachable_state)
        (reachable_state / "smsotpd.db").unlink()
        reachable_state.chmod(0o500)
        try:
            open_store(reachable_state)
        except UnavailableError as error:
            report(str(error))

    assert run(work) == [f"{reachable_state}/smsotpd.db cannot be made: Permission denied"]


def test_a_text_that_is_not_unicode_is_refused_without_being_shown(tmp_path: Path) -> None:
    gateway = replace(HTTP, secrets={"PASSWORD": Secret("hunter\udcff2")})

    def store_it(store: SqliteStore) -> None:
        with store.change() as change:
            change.put_gateway(gateway)

    with open_store(tmp_path / "state") as store:
        with pytest.raises(BadArgumentError) as caught:
            store_it(store)
        assert "hunter" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        with store.change() as change:
            assert list(change.gateways()) == []


def test_a_missing_parent_of_the_state_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be made"):
        open_store(tmp_path / "no" / "state")
