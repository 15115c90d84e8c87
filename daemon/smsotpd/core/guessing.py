# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Counting guesses on disk before they are judged."""

import hashlib
import hmac
from dataclasses import replace

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import Login, UserLocked
from smsotpd.core.limits import Budget, Limits
from smsotpd.core.moment import Moment
from smsotpd.core.origin import origin_of
from smsotpd.core.ports import Journal, StoreChange
from smsotpd.core.recipient import Recipient, country_prefix
from smsotpd.core.throttle import (
    NO_FAILURES,
    Counter,
    CounterKey,
    Permit,
    Refusal,
    count_within,
    release_guess,
    reserve_guess,
)

_MINUTE = 60.0
_SCOPES = ("all", "phone", "prefix")
# Of names that are not enrolled; no number, address or prefix reads like that.
_INVENTED = "not enrolled"
_NOTHING = CounterKey("guess", "nothing", "")


def subject_of(recipient: Recipient, key: bytes) -> str:
    """Return the name under which a recipient is counted: a keyed digest, never the number.

    Names on Telegram and XMPP are the same in whatever case they are written.
    """
    text = f"{recipient.channel}\0{recipient.address.casefold()}".encode()
    return hmac.digest(key, b"recipient\0" + text, hashlib.sha256).hex()[:32]


class Guesses:
    """Count guesses of PINs and codes, per user, phone, origin, country prefix and in all."""

    def __init__(self, key: bytes, journal: Journal) -> None:
        self._key = key
        self._journal = journal

    def reserve(
        self,
        change: StoreChange,
        login: Login,
        enrolment: Enrolment | None,
        limits: Limits,
        now: Moment,
        *,
        is_code: bool,
    ) -> Permit | Refusal:
        """Count one guess; the change must be on disk before the guess is judged.

        Names that are not enrolled are counted like those that are, so that nobody can tell them
        apart by when they lock; a refused guess costs the same write as a counted one.
        """
        before = change.failures(login.user)
        verdict, failures = reserve_guess(before, limits, now, is_code=is_code)
        raised: dict[CounterKey, Counter] = {}
        if isinstance(verdict, Permit):
            for name, budget in self._scopes(login, enrolment, limits):
                counter = count_within(change.counter(name), budget, now)
                if counter is None:
                    verdict, failures = Refusal.BUDGET, before
                    raised.clear()
                    break
                raised[name] = counter
        change.put_failures(login.user, failures)
        for name, counter in raised.items():
            change.put_counter(name, counter)
        if not raised:
            self.pay(change, now)
        return verdict

    def pay(self, change: StoreChange, now: Moment) -> None:
        """Have something to write, so that what is not counted takes the time of what is."""
        change.put_counter(_NOTHING, Counter(now, 0, _MINUTE))

    def report(self, login: Login, permit: Permit) -> None:
        """Tell the journal if a guess that was not right locked its user."""
        if permit.lock is not None or permit.disables:
            self._journal.record(UserLocked(login, permit.failures, permit.disables))

    def release(
        self,
        change: StoreChange,
        login: Login,
        enrolment: Enrolment | None,
        limits: Limits,
        permit: Permit,
        *,
        is_code: bool,
    ) -> None:
        """Take back one guess that was right."""
        failures = release_guess(change.failures(login.user), permit, is_code=is_code)
        change.put_failures(login.user, failures)
        self._uncount(change, login, enrolment, limits)

    def clear(
        self, change: StoreChange, login: Login, enrolment: Enrolment | None, limits: Limits
    ) -> None:
        """Forget a user's failures after a granted login (NIST SP 800-63B rev. 3, 5.2.2)."""
        change.put_failures(login.user, NO_FAILURES)
        change.put_cooldown(login.user, None)
        self._uncount(change, login, enrolment, limits)

    def _uncount(
        self, change: StoreChange, login: Login, enrolment: Enrolment | None, limits: Limits
    ) -> None:
        for name, _budget in self._scopes(login, enrolment, limits):
            counter = change.counter(name)
            if counter is not None:
                change.put_counter(name, replace(counter, count=max(0, counter.count - 1)))

    def _scopes(
        self, login: Login, enrolment: Enrolment | None, limits: Limits
    ) -> list[tuple[CounterKey, Budget]]:
        scopes = []
        if login.rhost:
            origin = CounterKey("guess", "origin", origin_of(login.rhost))
            scopes.append((origin, limits.guesses_per_origin))
        if enrolment is None:
            # Invented names are many, so what they use up is theirs: it must not lock out those
            # who can log in. As many counters are written for them as for others.
            budget = limits.guesses_in_all
            return [
                *scopes,
                *((CounterKey("guess", scope, _INVENTED), budget) for scope in _SCOPES),
            ]
        recipient = enrolment.recipients[0]
        phone = CounterKey("guess", "phone", subject_of(recipient, self._key))
        prefix = CounterKey("guess", "prefix", country_prefix(recipient))
        return [
            *scopes,
            (CounterKey("guess", "all", ""), limits.guesses_in_all),
            (phone, limits.guesses_per_phone),
            (prefix, limits.guesses_per_prefix),
        ]
