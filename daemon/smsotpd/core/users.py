# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases of administration that concern users."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from smsotpd.core.challenge import Challenge, Judgement, judge
from smsotpd.core.channel import parse_recipient
from smsotpd.core.courier import Courier
from smsotpd.core.enrolment import Enrolment, parse_user, with_recipient
from smsotpd.core.errors import BusyError, NotFoundError, RefusedError, UnavailableError
from smsotpd.core.events import EnrolmentChanged, Login
from smsotpd.core.issuing import code_message, new_code
from smsotpd.core.moment import Moment, may_have_passed
from smsotpd.core.old_address import Tell, tell_old_addresses
from smsotpd.core.phrase import Languages
from smsotpd.core.pin import check_pin
from smsotpd.core.policy import Settings
from smsotpd.core.ports import Clock, CodeSource, Journal, PinHasher, Store
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.core.throttle import NO_FAILURES, Failures, is_locked
from smsotpd.core.ways import ALL_KINDS, Ways, ways_of, ways_of_all

_SERVICE = "enrolment"
_NAME_BITS = 128
_MOST_PENDING = 256


@dataclass(frozen=True, slots=True)
class UserState:
    """An enrolment and what its failures make of it.

    Attributes:
        ways: what the user has besides the codes that are sent.
    """

    enrolment: Enrolment
    failures: Failures
    is_locked: bool
    ways: Ways

    @property
    def word(self) -> str:
        """Return `active`, `locked` or `disabled`."""
        return word_of(self.enrolment, self.failures, is_locked=self.is_locked)


def word_of(enrolment: Enrolment, failures: Failures, *, is_locked: bool) -> str:
    """Return `active`, `locked` or `disabled`."""
    if enrolment.disabled or failures.disabled:
        return "disabled"
    return "locked" if is_locked else "active"


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to become of an enrolment.

    Attributes:
        pin_hash: of the new PIN; empty to keep the present one.
    """

    user: str
    recipient: Recipient
    pin_hash: str


@dataclass(frozen=True, slots=True)
class _Pending:
    """An enrolment that counts only when its code comes back."""

    change: _Change = field(repr=False)
    challenge: Challenge
    by_uid: int


class Users:
    """Enrol, show, change and remove users."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        source: CodeSource,
        courier: Courier,
        journal: Journal,
        key: bytes,
        settings: Callable[[], Settings],
        tell: Tell,
        languages: Languages,
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._source = source
        self._courier = courier
        self._journal = journal
        self._key = key
        self._settings = settings
        self._tell = tell
        self._languages = languages
        # Lost in a crash on purpose: the administrator enrols again, and nothing was changed.
        self._pending: dict[str, _Pending] = {}

    def list(self) -> list[UserState]:
        """Return all enrolled users, ordered by name."""
        now = self._clock.now()
        # A few questions, however many users there are: logins wait meanwhile.
        with self._store.change() as change:
            enrolments, failures = change.enrolments(), change.all_failures()
            ways = ways_of_all(change, now)
        return [
            self._state(enrolment, failures.get(enrolment.user, NO_FAILURES), ways(enrolment), now)
            for enrolment in enrolments
        ]

    def show(self, user: str) -> UserState:
        """Return one user.

        Raises:
            NotFoundError: nobody of that name is enrolled.
        """
        with self._store.change() as change:
            enrolment, now = _require(change.enrolment(user)), self._clock.now()
            ways = ways_of(change, user, ALL_KINDS, now)
            return self._state(enrolment, change.failures(user), ways, now)

    async def enrol(
        self, user: str, channel: str, address: str, pin: Secret, by_uid: int, *, verify: bool
    ) -> str:
        """Enrol a user, or change the PIN or the address on one channel of an enrolled one.

        Returns:
            The name of the enrolment that waits for its code; empty if it counts already.

        Raises:
            BadArgumentError: user, channel, address or PIN is not acceptable.
            RefusedError: a new user has no PIN.
            UnavailableError: the code could not be sent; nothing was changed.
        """
        parse_user(user)
        recipient = parse_recipient(channel, address)
        with self._store.change() as change:
            is_new = change.enrolment(user) is None
        if is_new and not pin:
            raise _needs_pin(user)
        encoded = await self._hasher.hash(check_pin(pin, user)) if pin else ""
        wanted = _Change(user, recipient, encoded)
        if verify:
            return await self._ask_for_proof(wanted, by_uid)
        self._put(wanted, by_uid)
        return ""

    def confirm(self, name: str, code: str) -> None:
        """Make a pending enrolment count, since the code sent to its phone came back.

        Raises:
            NotFoundError: no such enrolment waits, or it waited too long.
            RefusedError: the code is wrong; says whether another try is left. Or the user was
                removed meanwhile, and a new one needs a PIN.
        """
        pending = self._pending.pop(name, None)
        if pending is None:
            raise NotFoundError("no such enrolment waits for a code; enrol the user again")
        judgement, left = judge(pending.challenge, code, self._key, self._clock.now())
        if judgement is Judgement.RIGHT:
            self._put(pending.change, pending.by_uid)
            return
        if left is None:
            raise NotFoundError("the code has expired or was wrong too often; enrol the user again")
        self._pending[name] = replace(pending, challenge=left)
        raise RefusedError(f"wrong code; tries left: {left.answers_left}")

    async def set_pin(self, user: str, pin: Secret, by_uid: int) -> None:
        """Give an enrolled user a new PIN; codes that are out die."""
        encoded = await self._hasher.hash(check_pin(pin, user))
        with self._store.change() as change:
            enrolment = _require(change.enrolment(user))
            change.put_enrolment(replace(enrolment, pin_hash=encoded))
            change.drop_challenges_of(user)
            change.drop_remembered_of(user)
        self._journal.record(EnrolmentChanged(user, "PIN set", by_uid))

    def unlock(self, user: str, by_uid: int) -> None:
        """Forget a user's failures, lock and cool-down; a disabled user is active again."""
        with self._store.change() as change:
            enrolment = change.enrolment(user)
            if enrolment is not None and enrolment.disabled:
                change.put_enrolment(replace(enrolment, disabled=False))
                # Made while the user was disabled, they are of codes that went to nobody.
                change.drop_challenges_of(user)
            elif enrolment is None and change.failures(user) == NO_FAILURES:
                _require(enrolment)
            change.put_failures(user, NO_FAILURES)
            change.put_cooldown(user, None)
            change.drop_remembered_of(user)
        self._journal.record(EnrolmentChanged(user, "unlocked", by_uid))

    def disable(self, user: str, by_uid: int) -> None:
        """Let a user log in no more until unlocked; codes that are out die."""
        with self._store.change() as change:
            change.put_enrolment(replace(_require(change.enrolment(user)), disabled=True))
            change.drop_challenges_of(user)
            change.drop_remembered_of(user)
            change.drop_break_glass(user)
        self._journal.record(EnrolmentChanged(user, "disabled", by_uid))

    def prefer(self, user: str, channel: str, by_uid: int) -> None:
        """Send a user's codes by this channel first.

        Raises:
            NotFoundError: the user has no address on it.
        """
        with self._store.change() as change:
            enrolment = _require(change.enrolment(user))
            first = _on(enrolment, channel)
            others = tuple(other for other in enrolment.recipients if other != first)
            change.put_enrolment(replace(enrolment, recipients=(first, *others)))
        self._journal.record(EnrolmentChanged(user, f"prefers {channel}", by_uid))

    def drop_recipient(self, user: str, channel: str, by_uid: int) -> None:
        """Forget a user's address on a channel; codes that are out die.

        Raises:
            NotFoundError: the user has none on it.
            RefusedError: it is the only one.
        """
        with self._store.change() as change:
            enrolment = _require(change.enrolment(user))
            dropped = _on(enrolment, channel)
            left = tuple(other for other in enrolment.recipients if other != dropped)
            if not left:
                raise RefusedError(f"{channel} is the only channel of {user}; remove the user")
            change.put_enrolment(replace(enrolment, recipients=left))
            change.drop_challenges_of(user)
            change.drop_remembered_of(user)
        event = EnrolmentChanged(user, f"{channel} dropped", by_uid)
        self._journal.record(event)
        tell_old_addresses(self._tell, event, enrolment.recipients, left)

    def forget_hosts(self, user: str, by_uid: int) -> int:
        """Ask a user for the code again wherever it comes from; return how many hosts it were."""
        with self._store.change() as change:
            _require(change.enrolment(user))
            forgotten = len(change.remembered_of(user))
            change.drop_remembered_of(user)
        self._journal.record(EnrolmentChanged(user, "remembered hosts forgotten", by_uid))
        return forgotten

    def remove(self, user: str, by_uid: int) -> None:
        """Forget a user; the addresses are told, since another may be enrolled in their place."""
        with self._store.change() as change:
            enrolment = _require(change.enrolment(user))
            change.drop_enrolment(user)
        event = EnrolmentChanged(user, "removed", by_uid)
        self._journal.record(event)
        tell_old_addresses(self._tell, event, enrolment.recipients, ())

    def _state(
        self, enrolment: Enrolment, failures: Failures, ways: Ways, now: Moment
    ) -> UserState:
        locked = is_locked(failures, self._settings().limits, now)
        return UserState(enrolment, failures, locked, ways)

    def _put(self, wanted: _Change, by_uid: int) -> None:
        """Make a change count, on top of what the enrolment is by now; codes that are out die."""
        user = wanted.user
        with self._store.change() as change:
            present = change.enrolment(user)
            if present is not None:
                pin_hash = wanted.pin_hash or present.pin_hash
                enrolment = replace(with_recipient(present, wanted.recipient), pin_hash=pin_hash)
            elif wanted.pin_hash:
                now = self._clock.now().wall
                to = (wanted.recipient,)
                enrolment = Enrolment(user, to, wanted.pin_hash, enrolled_at=now)
            else:
                raise _needs_pin(user)
            change.put_enrolment(enrolment)
            change.drop_invitation(user)
            change.drop_challenges_of(user)
            change.drop_remembered_of(user)
        change_made = "enrolled" if present is None else "enrolment changed"
        event = EnrolmentChanged(user, change_made, by_uid)
        self._journal.record(event)
        before = present.recipients if present is not None else ()
        tell_old_addresses(self._tell, event, before, enrolment.recipients)

    async def _ask_for_proof(self, wanted: _Change, by_uid: int) -> str:
        """Send a code to the phone, and remember what it will make true."""
        settings = self._settings()
        policy = settings.default_policy
        policy = policy.said_in(self._languages.catalogue(policy.language))
        now = self._clock.now()
        for name in [
            name
            for name, pending in self._pending.items()
            if may_have_passed(pending.challenge.issued, pending.challenge.lifetime, now)
        ]:
            del self._pending[name]
        if len(self._pending) >= _MOST_PENDING:
            raise BusyError("too many enrolments wait for their codes; try again")
        login, recipient = Login(wanted.user, _SERVICE), wanted.recipient
        masked = recipient.masked
        code, challenge = new_code(login, policy, masked, self._source, self._key, now)
        message = code_message(login, policy, recipient, code, settings.host)

        delivery = await self._courier.deliver(login, message, settings.send_deadline)
        if not delivery.may_arrive:
            why = "no gateway took it" if delivery.attempts else "no gateway is there for it"
            raise UnavailableError(f"the code could not be sent: {why}; nothing was changed")
        name = self._source.token(_NAME_BITS)
        self._pending[name] = _Pending(wanted, challenge, by_uid)
        return name


def _on(enrolment: Enrolment, channel: str) -> Recipient:
    for recipient in enrolment.recipients:
        if recipient.channel == channel:
            return recipient
    raise NotFoundError("the user has no address on that channel")


def _needs_pin(user: str) -> RefusedError:
    return RefusedError(f"{user} is not enrolled yet and needs a PIN")


def _require(enrolment: Enrolment | None) -> Enrolment:
    if enrolment is None:
        raise NotFoundError("no user of that name is enrolled")
    return enrolment
