# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases that concern authenticator apps; the user is told, whoever the caller is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from smsotpd.core.authenticator import DIGITS, Authenticator, judge_app_code, seed_of
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import BadArgumentError, BusyError, NotFoundError, RefusedError
from smsotpd.core.events import EnrolmentChanged
from smsotpd.core.moment import Moment, may_have_passed
from smsotpd.core.old_address import APP_ADDED, APP_REMOVED, Tell, tell_of_way
from smsotpd.core.policy import Settings
from smsotpd.core.ports import AppCodes, Clock, CodeSource, Journal, Store, StoreChange
from smsotpd.core.request import normalised

_SALT_BITS = 128
_NAME_BITS = 128
_SECONDS_TO_CONFIRM = 600.0
_TRIES = 5
_MOST_PENDING = 256


@dataclass(frozen=True, slots=True)
class Offer:
    """What a user needs to set an app up; it counts only when a code of the app came back.

    Attributes:
        name: of the offer, for `confirm`.
        uri: that an app reads from a QR code.
        seed: the same to be typed, in base32.
    """

    name: str
    uri: str = field(repr=False)
    seed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Pending:
    authenticator: Authenticator
    since: Moment
    by_uid: int
    tries_left: int = _TRIES


class Authenticators:
    """Give users an authenticator app, and take it away."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        source: CodeSource,
        codes: AppCodes,
        journal: Journal,
        key: bytes,
        settings: Callable[[], Settings],
        tell: Tell,
    ) -> None:
        self._store = store
        self._clock = clock
        self._source = source
        self._codes = codes
        self._journal = journal
        self._key = key
        self._settings = settings
        self._tell = tell
        # Lost in a crash on purpose: the app is set up again, and nothing was changed.
        self._pending: dict[str, _Pending] = {}

    def add(self, user: str, digits: int, by_uid: int) -> Offer:
        """Make a seed for a user's app; one that the user has stays in force until `confirm`.

        Raises:
            NotFoundError: nobody of that name is enrolled.
            BadArgumentError: apps have no codes of so many digits.
        """
        if digits not in DIGITS:
            raise BadArgumentError("digits", f"must be {DIGITS[0]} or {DIGITS[1]}")
        now = self._clock.now()
        with self._store.change() as change:
            _require_enrolled(change, user)
        for name, pending in list(self._pending.items()):
            if may_have_passed(pending.since, _SECONDS_TO_CONFIRM, now):
                del self._pending[name]
        if len(self._pending) >= _MOST_PENDING:
            raise BusyError("too many authenticators wait for their first code; try again")
        salt = self._source.token(_SALT_BITS)
        authenticator = Authenticator(user, salt, digits, added_at=now.wall)
        name = self._source.token(_NAME_BITS)
        self._pending[name] = _Pending(authenticator, now, by_uid)
        seed = seed_of(self._key, user, salt)
        uri = self._codes.uri(seed, user, self._settings().host, digits)
        return Offer(name, uri, self._codes.text(seed))

    def confirm(self, name: str, code: str) -> None:
        """Make an authenticator count, since its app showed a right code; that code is used up.

        Raises:
            NotFoundError: no such authenticator waits, or it waited too long; or nobody of its
                user's name is enrolled any more.
            RefusedError: the code is wrong; says what to look at.
        """
        pending = self._pending.pop(name, None)
        now = self._clock.now()
        if pending is None or may_have_passed(pending.since, _SECONDS_TO_CONFIRM, now):
            raise NotFoundError("no such authenticator waits for a code; add it again")
        accepted = judge_app_code(
            pending.authenticator, normalised(code), self._key, self._codes.code, now.wall
        )
        if accepted is None:
            left = pending.tries_left - 1
            if not left:
                raise NotFoundError("the code was wrong too often; add the authenticator again")
            self._pending[name] = replace(pending, tries_left=left)
            raise RefusedError(
                f"wrong code; tries left: {left} (is the clock right, here and on the phone?)"
            )
        with self._store.change() as change:
            enrolment = _require_enrolled(change, accepted.user)
            change.put_authenticator(accepted)
        event = EnrolmentChanged(accepted.user, "authenticator added", pending.by_uid)
        self._journal.record(event)
        tell_of_way(self._tell, event, enrolment.recipients, APP_ADDED)

    def remove(self, user: str, by_uid: int) -> None:
        """Accept codes of a user's app no more.

        Raises:
            NotFoundError: the user has none.
        """
        with self._store.change() as change:
            enrolment = change.enrolment(user)
            if enrolment is None or change.authenticator(user) is None:
                raise NotFoundError("no user of that name has an authenticator")
            change.drop_authenticator(user)
        event = EnrolmentChanged(user, "authenticator removed", by_uid)
        self._journal.record(event)
        tell_of_way(self._tell, event, enrolment.recipients, APP_REMOVED)


def _require_enrolled(change: StoreChange, user: str) -> Enrolment:
    enrolment = change.enrolment(user)
    if enrolment is None:
        raise NotFoundError("no user of that name is enrolled")
    return enrolment
