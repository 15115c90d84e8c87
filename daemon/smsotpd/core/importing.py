# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Enrolling many users at once: each of them wholly or not at all, whatever becomes of the rest."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from smsotpd.core.channel import parse_recipient
from smsotpd.core.enrolment import Enrolment, parse_user
from smsotpd.core.errors import BadArgumentError, RefusedError
from smsotpd.core.events import EnrolmentChanged
from smsotpd.core.old_address import Tell, tell_old_addresses
from smsotpd.core.pin import check_pin
from smsotpd.core.policy import Factor, Settings
from smsotpd.core.ports import Clock, Journal, PinHasher, Store
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret

MOST_AT_ONCE = 200

# Of a PIN that would be hashed if this were no dry run; no encoded hash reads like that.
_NOT_HASHED = "not hashed"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an administrator wants one user to have.

    Attributes:
        addresses: by channel, first choice first; channels that are not named stay as they are.
        pin: empty to keep the present one.
    """

    user: str
    addresses: Mapping[str, str] = field(repr=False)
    pin: Secret


class Verdict(StrEnum):
    """What became, or would become, of a wish."""

    ENROLLED = "enrolled"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict, and why if it is a refusal."""

    user: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A wish that can be met; `before` is the enrolment that it was compared with."""

    before: Enrolment | None
    after: Enrolment


class Imports:
    """Enrol many users; their numbers count at once, since an administrator vouches for them."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        journal: Journal,
        settings: Callable[[], Settings],
        tell: Tell,
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._journal = journal
        self._settings = settings
        self._tell = tell

    async def enrol(
        self, wishes: Sequence[Wish], by_uid: int, *, dry_run: bool, without_pin: bool
    ) -> list[Answer]:
        """Meet each wish that can be met, and say what became of all, in their order.

        Args:
            dry_run: change nothing, and say what would become of them.
            without_pin: whether new users may have none; some service must ask for the code alone.

        Raises:
            BadArgumentError: there are too many at once.
            RefusedError: no service asks for the code alone.
            BusyError, UnavailableError: nothing was changed.
        """
        if len(wishes) > MOST_AT_ONCE:
            raise BadArgumentError("users", f"are more than {MOST_AT_ONCE} at once")
        if without_pin and not self._some_service_asks_no_pin():
            raise RefusedError(
                'every service asks for a PIN: no policy has factors = ["code"]; '
                "users without a PIN could not log in"
            )
        with self._store.change() as change:
            present = {wish.user: change.enrolment(wish.user) for wish in wishes}
        times = Counter(wish.user for wish in wishes)
        plans: list[_Plan | Answer] = []
        for wish in wishes:
            if times[wish.user] > 1:
                plans.append(Answer(wish.user, Verdict.REFUSED, "the user is named twice"))
                continue
            try:
                plan = await self._plan(
                    wish, present[wish.user], dry_run=dry_run, without_pin=without_pin
                )
                plans.append(plan)
            except (BadArgumentError, RefusedError) as error:
                plans.append(Answer(wish.user, Verdict.REFUSED, str(error)))
        if dry_run:
            return [each if isinstance(each, Answer) else _answer(each) for each in plans]
        return self._carry_out(plans, by_uid)

    async def _plan(
        self, wish: Wish, before: Enrolment | None, *, dry_run: bool, without_pin: bool
    ) -> _Plan:
        """Return what to store for a wish.

        One PIN is hashed after the other, so that logins meanwhile find the other threads free.
        """
        parse_user(wish.user)
        recipients = [parse_recipient(*each) for each in wish.addresses.items()]
        if wish.pin:
            check_pin(wish.pin, wish.user)
        if before is None:
            if not recipients:
                raise RefusedError("the user is not enrolled yet and needs an address")
            if not (wish.pin or without_pin):
                raise RefusedError("the user is not enrolled yet and needs a PIN")
            before_hash, enrolled_at = "", self._clock.now().wall
            start = Enrolment(wish.user, tuple(recipients), enrolled_at=enrolled_at)
        else:
            before_hash = before.pin_hash
            start = replace(before, recipients=_merged(before.recipients, recipients))
        pin_hash = before_hash
        if wish.pin and not (before_hash and await self._hasher.verify(before_hash, wish.pin)):
            pin_hash = _NOT_HASHED if dry_run else await self._hasher.hash(wish.pin)
        return _Plan(before, replace(start, pin_hash=pin_hash))

    def _carry_out(self, plans: Sequence[_Plan | Answer], by_uid: int) -> list[Answer]:
        answers: list[Answer] = []
        before: dict[str, Enrolment] = {}
        after: dict[str, Enrolment] = {}
        with self._store.change() as change:
            for plan in plans:
                if isinstance(plan, Answer):
                    answers.append(plan)
                    continue
                user = plan.after.user
                if change.enrolment(user) != plan.before:
                    reason = "the enrolment was changed meanwhile; try again"
                    answers.append(Answer(user, Verdict.REFUSED, reason))
                    continue
                answers.append(_answer(plan))
                if plan.before is not None:
                    before[user], after[user] = plan.before, plan.after
                if plan.after != plan.before:
                    change.put_enrolment(plan.after)
                if plan.before is None:
                    change.drop_invitation(user)
                    change.drop_challenges_of(user)
                    change.drop_remembered_of(user)
        words = {Verdict.ENROLLED: "enrolled", Verdict.CHANGED: "enrolment changed"}
        for answer in answers:
            if answer.verdict in words:
                told = EnrolmentChanged(answer.user, words[answer.verdict], by_uid)
                self._journal.record(told)
                if old := before.get(answer.user):
                    now = after[answer.user].recipients
                    tell_old_addresses(self._tell, told, old.recipients, now)
        return answers

    def _some_service_asks_no_pin(self) -> bool:
        settings = self._settings()
        policies = (settings.default_policy, *settings.services.values())
        return any(Factor.PIN not in policy.factors for policy in policies)


def _answer(plan: _Plan) -> Answer:
    if plan.before is None:
        return Answer(plan.after.user, Verdict.ENROLLED)
    verdict = Verdict.UNCHANGED if plan.after == plan.before else Verdict.CHANGED
    return Answer(plan.after.user, verdict)


def _merged(present: tuple[Recipient, ...], wanted: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Return the recipients with those wanted in the places of the old ones, or behind them."""
    by_channel = {each.channel: each for each in present}
    by_channel |= {each.channel: each for each in wanted}
    return tuple(by_channel.values())
