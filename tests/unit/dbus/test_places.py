# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Other users' calls: so many in progress, so many in a time, and none of them root's."""

from contextlib import ExitStack

import pytest

from smsotpd.core.errors import BusyError
from smsotpd.dbus.places import (
    CALLS_AT_ONCE,
    CALLS_AT_ONCE_OF_OTHERS,
    CALLS_PER_SECOND,
    MOST_OF_ONE_USER,
    MOST_OF_OTHERS,
    ROOT,
    Places,
)

UID = 1000
NOW = 5000.0


def calls_taken(places: Places, uid: int, now: float, most: int) -> int:
    """Call one after the other; return how many calls were taken."""
    for number in range(most):
        try:
            with places.of_user(uid, now):
                pass
        except BusyError:
            return number
    return most


def test_a_user_makes_so_many_calls_at_once_and_then_so_many_a_second() -> None:
    places = Places()
    assert calls_taken(places, UID, NOW, 1000) == CALLS_AT_ONCE
    assert calls_taken(places, UID, NOW, 1000) == 0
    assert calls_taken(places, UID, NOW + 3.0, 1000) == 3 * CALLS_PER_SECOND
    assert calls_taken(places, UID, NOW + 3600.0, 1000) == CALLS_AT_ONCE, "and no more for waiting"


def test_many_users_together_make_no_more_than_all_may_and_root_any_number() -> None:
    places = Places()
    taken = sum(calls_taken(places, UID + each, NOW, 1000) for each in range(100))
    assert taken == CALLS_AT_ONCE_OF_OTHERS
    assert calls_taken(places, ROOT, NOW, 5000) == 5000


def test_what_is_refused_to_one_user_costs_the_others_nothing() -> None:
    places = Places()
    for _ in range(10):
        calls_taken(places, UID, NOW, 1000)
    for _ in range(1000):
        with pytest.raises(BusyError), places.of_user(UID, NOW):
            pass
    assert calls_taken(places, UID + 1, NOW, 1000) == CALLS_AT_ONCE


def test_users_whom_nobody_remembers_any_more_make_room() -> None:
    places = Places()
    for each in range(5000):
        assert calls_taken(places, UID + each, NOW + each, 1) == 1
    assert len(places._each) < 2100


def test_calls_in_progress_are_few_for_one_user_and_for_all_and_take_none_of_roots() -> None:
    places = Places()
    with ExitStack() as stack:
        users = MOST_OF_OTHERS // MOST_OF_ONE_USER
        for each in range(users):
            for _ in range(MOST_OF_ONE_USER):
                stack.enter_context(places.of_user(UID + each, NOW))
            with pytest.raises(BusyError):
                stack.enter_context(places.of_user(UID + each, NOW))
        with pytest.raises(BusyError):
            stack.enter_context(places.of_user(UID + users, NOW))
        with places.of_user(ROOT, NOW):
            pass
    with places.of_user(UID, NOW):
        pass
