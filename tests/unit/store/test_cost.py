# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a change costs does not grow with the number of users."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from smsotpd.core.ports import StoreChange
from smsotpd.core.throttle import Cooldown, Counter, Failures
from smsotpd.store import pruning
from smsotpd.store.sqlite import SqliteStore, open_store
from tests.contract.store.values import ANNA, CHALLENGE, GUESSES, HTTP, NOON, SSH
from tests.unit.store.counting import count_one


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with open_store(tmp_path / "state") as opened:
        yield opened


@contextmanager
def traced(store: SqliteStore) -> Iterator[list[str]]:
    """Gather the statements that are executed meanwhile."""
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        store._connection.set_trace_callback(None)


def plan(
    store: SqliteStore, statement: str, parameters: Mapping[str, float | str]
) -> Sequence[str]:
    rows = store._connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [row[3] for row in rows]


def test_all_enrolments_take_one_statement_however_many_they_are(store: SqliteStore) -> None:
    with store.change() as change:
        for number in range(300):
            change.put_enrolment(replace(ANNA, user=f"user-{number}"))
    with store.change() as change, traced(store) as statements:
        assert len(change.enrolments()) == 300
    assert sum("SELECT" in statement for statement in statements) == 1


ON_A_LOGIN: Sequence[Callable[[StoreChange], object]] = [
    lambda change: change.enrolment("anna"),
    lambda change: change.challenge(SSH),
    lambda change: change.challenge_by_id(b"x"),
    lambda change: change.put_challenge(CHALLENGE),
    lambda change: change.drop_challenge(SSH),
    lambda change: change.drop_challenges_of("anna"),
    lambda change: change.failures("anna"),
    lambda change: change.put_failures("anna", Failures(1, 1, NOON)),
    lambda change: change.cooldown("anna"),
    lambda change: change.put_cooldown("anna", Cooldown(NOON, 1)),
    lambda change: change.counter(GUESSES),
    lambda change: change.put_counter(GUESSES, Counter(NOON, 1, 60.0)),
    lambda change: change.put_enrolment(ANNA),
    lambda change: change.drop_enrolment("anna"),
    lambda change: change.put_gateway(HTTP),
]


def test_nothing_that_a_login_does_reads_a_whole_table(store: SqliteStore) -> None:
    with store.change() as change, traced(store) as statements:
        for step in ON_A_LOGIN:
            step(change)
    asked = {s for s in statements if not s.startswith("--")}
    assert len(asked) >= len(ON_A_LOGIN)
    for statement in asked:
        for line in plan(store, statement, {}):
            assert not line.startswith("SCAN"), f"{statement}: {line}"


def test_pruning_finds_finished_counters_by_an_index(store: SqliteStore) -> None:
    parameters = pruning.parameters(NOON)
    of_counters = [s for s in pruning.STATEMENTS if "FROM counters" in s]
    assert len(of_counters) == 3
    for statement in of_counters:
        lines = plan(store, statement, parameters)
        assert any("counters_by_end" in line for line in lines)
        assert not any(line.startswith("SCAN") for line in lines)


@pytest.mark.parametrize("work", ["read", "prune"])
def test_a_change_that_changes_nothing_writes_nothing(store: SqliteStore, work: str) -> None:
    count_one(store)
    log = store.path.with_name(f"{store.path.name}-wal")
    before = log.stat()
    if work == "prune":
        store.prune(NOON)
    else:
        with store.change() as change:
            assert change.counter(GUESSES) is not None
    after = log.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def test_what_was_committed_is_waited_for(store: SqliteStore) -> None:
    # FULL: the log is synced before COMMIT returns (https://sqlite.org/pragma.html).
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_removed_secret_is_not_left_in_the_database(store: SqliteStore) -> None:
    with store.change() as change:
        change.put_gateway(HTTP)
    with store.change() as change:
        change.drop_gateway("main")
    store.close()
    content = store.path.read_bytes()
    assert b"gateway_settings" in content
    assert b"hunter2" not in content


def test_the_log_does_not_grow_without_end(store: SqliteStore) -> None:
    log = store.path.with_name(f"{store.path.name}-wal")
    for _ in range(3000):
        count_one(store)
    assert log.stat().st_size < 16 * 2**20
