# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A change happens as a whole or not at all, and one after the other."""

import gc
from dataclasses import replace

import pytest

from smsotpd.core.errors import RefusedError
from smsotpd.core.ports import Store, StoreChange
from smsotpd.core.throttle import Counter, CounterKey
from tests.contract.store.values import ANNA, BEN, CHALLENGE, GUESSES, HTTP, NOON, SSH


def test_a_change_sees_what_it_has_changed_itself(store: Store) -> None:
    with store.change() as change:
        change.put_enrolment(ANNA)
        assert change.enrolment("anna") == ANNA
        change.drop_enrolment("anna")
        assert change.enrolment("anna") is None


def test_an_exception_takes_everything_back_and_passes_through(store: Store) -> None:
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_counter(GUESSES, Counter(NOON, 1, 60.0))

    def change_and_refuse() -> None:
        with store.change() as change:
            change.put_enrolment(replace(ANNA, disabled=True))
            change.put_enrolment(BEN)
            change.put_counter(GUESSES, Counter(NOON, 2, 60.0))
            change.put_challenge(CHALLENGE)
            change.put_gateway(HTTP)
            raise RefusedError("no")

    with pytest.raises(RefusedError, match="no"):
        change_and_refuse()
    with store.change() as change:
        assert list(change.enrolments()) == [ANNA]
        assert change.counter(GUESSES) == Counter(NOON, 1, 60.0)
        assert change.challenge(SSH) is None
        assert list(change.gateways()) == []


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interruption_takes_everything_back(
    store: Store, interruption: type[BaseException]
) -> None:
    def change_and_stop() -> None:
        with store.change() as change:
            change.put_enrolment(ANNA)
            raise interruption

    with pytest.raises(interruption):
        change_and_stop()
    with store.change() as change:
        assert change.enrolment("anna") is None


def test_a_change_within_a_change_is_a_mistake_and_neither_is_stored(store: Store) -> None:
    def change_within_a_change() -> None:
        with store.change() as change:
            change.put_enrolment(ANNA)
            with store.change() as inner:
                inner.put_enrolment(BEN)

    with pytest.raises(RuntimeError, match="within another"):
        change_within_a_change()
    with store.change() as change:
        assert list(change.enrolments()) == []


def test_pruning_within_a_change_is_a_mistake(store: Store) -> None:
    with pytest.raises(RuntimeError, match="within another"), store.change():
        store.prune(NOON)


def test_a_change_that_is_over_can_be_used_no_more(store: Store) -> None:
    with store.change() as kept:
        kept.put_enrolment(ANNA)
    _assert_over(kept)
    with store.change() as next_change:
        _assert_over(kept)
        assert next_change.enrolment("anna") == ANNA


def test_a_change_that_was_taken_back_can_be_used_no_more(store: Store) -> None:
    with pytest.raises(RefusedError), store.change() as kept:
        raise RefusedError("no")
    _assert_over(kept)
    with store.change() as change:
        assert list(change.enrolments()) == []


def _assert_over(kept: StoreChange) -> None:
    with pytest.raises(RuntimeError, match="over"):
        kept.put_enrolment(BEN)
    with pytest.raises(RuntimeError, match="over"):
        kept.enrolment("anna")


def test_an_abandoned_change_is_taken_back_and_blocks_nobody(store: Store) -> None:
    abandoned = store.change()
    change = abandoned.__enter__()
    change.put_enrolment(ANNA)
    del abandoned, change
    gc.collect()
    with store.change() as next_change:
        assert next_change.enrolment("anna") is None


def test_each_change_counts_on_what_the_one_before_has_counted(store: Store) -> None:
    for _ in range(100):
        with store.change() as change:
            counter = change.counter(GUESSES) or Counter(NOON, 0, 60.0)
            change.put_counter(GUESSES, replace(counter, count=counter.count + 1))
    with store.change() as change:
        assert change.counter(GUESSES) == Counter(NOON, 100, 60.0)


def test_counters_of_one_kind_and_scope_are_read_together(store: Store) -> None:
    counted = {"43": Counter(NOON, 1, 60.0), "49": Counter(NOON, 2, 60.0)}
    with store.change() as change:
        for subject, counter in counted.items():
            change.put_counter(CounterKey("send", "prefix", subject), counter)
        change.put_counter(CounterKey("guess", "prefix", "44"), Counter(NOON, 3, 60.0))
        change.put_counter(CounterKey("send", "phone", "45"), Counter(NOON, 4, 60.0))
        assert change.counters("send", "prefix") == counted
        assert change.counters("send", "origin") == {}
