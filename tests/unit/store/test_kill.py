# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What change() returned from outlives kill -9; what it did not return from never was."""

import signal
from pathlib import Path

from smsotpd.core.throttle import Counter
from smsotpd.store.sqlite import open_store
from tests.contract.store.values import ANNA, CHALLENGE, GUESSES, NOON, SSH
from tests.unit.store import counting
from tests.unit.store.children import Report, child, run


def test_a_change_that_has_returned_outlives_a_kill(tmp_path: Path) -> None:
    def work(report: Report) -> None:
        store = open_store(tmp_path / "state")
        with store.change() as change:
            change.put_enrolment(ANNA)
            change.put_challenge(CHALLENGE)
        report("returned")

    assert run(work) == ["returned"]
    with open_store(tmp_path / "state") as store, store.change() as change:
        assert change.enrolment("anna") == ANNA
        assert change.challenge(SSH) == CHALLENGE


def test_a_change_that_is_killed_in_its_middle_never_was(tmp_path: Path) -> None:
    def work(report: Report) -> None:
        store = open_store(tmp_path / "state")
        with store.change() as change:
            change.put_counter(GUESSES, Counter(NOON, 1, 60.0))
        with store.change() as change:
            change.put_counter(GUESSES, Counter(NOON, 2, 60.0))
            change.drop_challenge(SSH)
            for number in range(8000):  # more than SQLite keeps in memory
                change.put_failures(f"{number:x<500}", counting.FAILURES)
            report("inside")
            signal.pause()

    with child(work) as process:
        assert process.line() == "inside"
        process.kill()
        assert process.rest() == []
    with open_store(tmp_path / "state") as store, store.change() as change:
        assert change.counter(GUESSES) == Counter(NOON, 1, 60.0)
        assert change.failures(f"{7:x<500}") != counting.FAILURES


def test_no_count_is_lost_and_none_is_half_done_whenever_the_kill_comes(tmp_path: Path) -> None:
    def work(report: Report) -> None:
        store = open_store(tmp_path / "state")
        for _ in range(100_000):
            report(str(counting.count_one(store)))

    said = 0
    for kill_after in range(1, 40, 3):
        with child(work) as process:
            for _ in range(kill_after):
                said = int(process.line())
            process.kill()
            said = max([said, *map(int, process.rest())])
        with open_store(tmp_path / "state") as store:
            stored = counting.counted(store)
        # The last one may have been stored and killed before it could say so.
        assert said <= stored <= said + 1
    assert said >= 40


def test_the_lock_does_not_outlive_a_kill(tmp_path: Path) -> None:
    def work(report: Report) -> None:
        store = open_store(tmp_path / "state")
        with store.change():
            report(store.path.name)

    assert run(work) == ["smsotpd.db"]
    with open_store(tmp_path / "state") as store:
        assert counting.counted(store) == 0
