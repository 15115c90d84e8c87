# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Pruning removes what is over, by the clocks' rules, and nothing that still binds."""

from dataclasses import replace

import pytest

from smsotpd.core.moment import Moment
from smsotpd.core.ports import Store
from smsotpd.core.throttle import NO_FAILURES, Cooldown, Counter, Failures
from tests.contract.store.values import (
    ANNA,
    CHALLENGE,
    DAY,
    GUESSES,
    HTTP,
    NOON,
    SSH,
    after_reboot,
    later,
)

WALL_AHEAD = replace(NOON, wall=NOON.wall + 10 * DAY)
WALL_BACK = replace(later(10 * DAY), wall=NOON.wall - DAY)


@pytest.mark.parametrize(
    ("now", "remains"),
    [
        (NOON, True),
        (later(299.9), True),
        (later(300), False),
        (WALL_AHEAD, False),
        (WALL_BACK, False),
        (after_reboot(0), False),
    ],
    ids=["at-once", "just-before", "expired", "wall-ahead", "wall-back", "rebooted"],
)
def test_a_challenge_goes_when_it_may_be_over(store: Store, now: Moment, *, remains: bool) -> None:
    with store.change() as change:
        change.put_challenge(CHALLENGE)
    store.prune(now)
    with store.change() as change:
        assert (change.challenge(SSH) is not None) is remains


OVER_AFTER_A_DAY = [
    (NOON, True),
    (later(DAY - 0.1), True),
    (later(DAY), False),
    (WALL_AHEAD, True),
    (WALL_BACK, False),
    (after_reboot(DAY - 0.1), True),
    (after_reboot(DAY), False),
    (after_reboot(-DAY), True),
]
OVER_IDS = [
    "at-once",
    "just-before",
    "a-day-later",
    "wall-ahead",
    "wall-back",
    "rebooted-before",
    "rebooted-after",
    "rebooted-into-the-past",
]


@pytest.mark.parametrize(("now", "remains"), OVER_AFTER_A_DAY, ids=OVER_IDS)
def test_a_counter_goes_when_its_window_is_surely_over(
    store: Store, now: Moment, *, remains: bool
) -> None:
    with store.change() as change:
        change.put_counter(GUESSES, Counter(NOON, 5, DAY))
    store.prune(now)
    with store.change() as change:
        assert (change.counter(GUESSES) is not None) is remains


@pytest.mark.parametrize(("now", "remains"), OVER_AFTER_A_DAY, ids=OVER_IDS)
def test_a_cooldown_goes_after_a_day(store: Store, now: Moment, *, remains: bool) -> None:
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_cooldown("anna", Cooldown(NOON, 3))
    store.prune(now)
    with store.change() as change:
        assert (change.cooldown("anna") is not None) is remains


@pytest.mark.parametrize(("now", "remains"), OVER_AFTER_A_DAY, ids=OVER_IDS)
def test_failures_of_a_name_that_is_not_enrolled_go_after_a_day(
    store: Store, now: Moment, *, remains: bool
) -> None:
    failures = Failures(2, 2, NOON)
    with store.change() as change:
        change.put_failures("nobody", failures)
    store.prune(now)
    with store.change() as change:
        assert change.failures("nobody") == (failures if remains else NO_FAILURES)


@pytest.mark.parametrize(("now", "remains"), OVER_AFTER_A_DAY, ids=OVER_IDS)
def test_a_lock_of_a_name_that_is_not_enrolled_stays_for_a_day(
    store: Store, now: Moment, *, remains: bool
) -> None:
    locked = Failures(10, 10, later(-2 * DAY), NOON)
    with store.change() as change:
        change.put_failures("nobody", locked)
    store.prune(now)
    with store.change() as change:
        assert change.failures("nobody") == (locked if remains else NO_FAILURES)


def test_failures_of_an_enrolled_user_stay_for_ever(store: Store) -> None:
    failures = Failures(0, 99, NOON, disabled=True)
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_failures("anna", failures)
    store.prune(later(1000 * DAY))
    with store.change() as change:
        assert change.failures("anna") == failures


def test_undated_failures_of_a_name_that_is_not_enrolled_go(store: Store) -> None:
    with store.change() as change:
        change.put_failures("nobody", Failures(1, 1))
    store.prune(NOON)
    with store.change() as change:
        assert change.failures("nobody") == NO_FAILURES


def test_enrolments_and_gateways_are_never_pruned(store: Store) -> None:
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_gateway(HTTP)
    store.prune(later(1000 * DAY))
    with store.change() as change:
        assert list(change.enrolments()) == [ANNA]
        assert list(change.gateways()) == [HTTP]


def test_pruning_an_empty_store_is_no_error(store: Store) -> None:
    store.prune(NOON)
    with store.change() as change:
        assert list(change.enrolments()) == []
