# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One daemon owns the database; whoever comes second is told so."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from smsotpd.core.errors import UnavailableError
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.unit.store.children import Report, child, run
from tests.unit.store.counting import count_one, counted


def try_to_open(state: Path, report: Report) -> None:
    try:
        open_store(state).close()
    except UnavailableError as error:
        report(str(error))
    else:
        report("opened")


def test_a_second_daemon_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with open_store(state) as store:
        count_one(store)
        (line,) = run(lambda report: try_to_open(state, report))
        assert f"{state / DATABASE_NAME} is in use by another process" in line
        assert count_one(store) == 2
        (line,) = run(lambda report: try_to_open(state, report))
        assert "is in use" in line
    assert run(lambda report: try_to_open(state, report)) == ["opened"]


def test_of_two_daemons_that_start_on_nothing_one_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"

    def work(report: Report) -> None:
        store = open_store(state)
        report("opened")
        count_one(store)
        threading.Event().wait()

    with child(work) as first:
        assert first.line() == "opened"
        (line,) = run(lambda report: try_to_open(state, report))
        assert "is in use" in line


def test_a_tool_that_reads_the_database_is_named_as_the_reason(tmp_path: Path) -> None:
    state = tmp_path / "state"
    open_store(state).close()
    with closing(sqlite3.connect(state / DATABASE_NAME, isolation_level=None)) as tool:
        tool.execute("BEGIN")
        tool.execute("SELECT count(*) FROM enrolments").fetchone()
        with pytest.raises(UnavailableError, match="a tool that has it open"):
            open_store(state)
    with open_store(state) as store:
        assert counted(store) == 0


def test_another_thread_may_not_use_the_store(tmp_path: Path) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            with store.change():
                pass
        except sqlite3.ProgrammingError as error:
            caught.append(error)

    with open_store(tmp_path / "state") as store:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert len(caught) == 1
        assert count_one(store) == 1


def test_a_closed_store_is_a_mistake_to_use(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    store.close()
    with pytest.raises(sqlite3.ProgrammingError), store.change():
        pass
