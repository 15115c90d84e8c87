# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A change that writes to several tables, so that half of one would show."""

from dataclasses import replace

from smsotpd.core.ports import Store
from smsotpd.core.throttle import Cooldown, Counter, Failures
from tests.contract.store.values import CHALLENGE, GUESSES, NOON, SSH

FAILURES = Failures(1, 1, NOON)


def count_one(store: Store) -> int:
    """Raise the count in four tables at once, and return it."""
    with store.change() as change:
        counter = change.counter(GUESSES) or Counter(NOON, 0, 60.0)
        count = counter.count + 1
        change.put_counter(GUESSES, replace(counter, count=count))
        change.put_failures("anna", replace(FAILURES, in_all=count))
        change.put_cooldown("anna", Cooldown(NOON, count))
        change.put_challenge(replace(CHALLENGE, sends=count))
    return count


def counted(store: Store) -> int:
    """Return the count, on which all four tables must agree."""
    with store.change() as change:
        counter = change.counter(GUESSES)
        cooldown = change.cooldown("anna")
        challenge = change.challenge(SSH)
        failures = change.failures("anna")
    if counter is None:
        assert (cooldown, challenge, failures.in_all) == (None, None, 0)
        return 0
    assert cooldown is not None
    assert challenge is not None
    assert {counter.count} == {cooldown.sends, challenge.sends, failures.in_all}
    return counter.count
