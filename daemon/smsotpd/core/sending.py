# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Making a challenge and getting its code to the user."""

import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from smsotpd.core.challenge import (
    Challenge,
    ChallengeKey,
    is_live,
    transaction_id_digest,
)
from smsotpd.core.courier import Courier
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import CodeNotSent, Login
from smsotpd.core.guessing import subject_of
from smsotpd.core.issuing import code_message, new_code
from smsotpd.core.limits import Budget
from smsotpd.core.moment import Moment
from smsotpd.core.origin import origin_of
from smsotpd.core.policy import Policy, Settings
from smsotpd.core.ports import Clock, CodeSource, Journal, Store, StoreChange
from smsotpd.core.recipient import Recipient, country_prefix, mask
from smsotpd.core.throttle import (
    Cooldown,
    CounterKey,
    Refusal,
    cooldown_seconds,
    count_within,
    is_locked,
    next_cooldown,
)

TRANSACTION_ID_BITS = 128
_UNMEASURED_LATENCY = 0.3


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way, or was already.

    Attributes:
        masked: where to, as the prompt shows it.
        is_new: False if a live challenge was reused and nothing was sent.
        is_sure: False if no gateway said for certain that it took the message.
        transaction_id: stands for the PIN in Verify; empty if the policy names none.
    """

    masked: str
    is_new: bool
    is_sure: bool = True
    transaction_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotSent:
    """No code is on its way.

    Attributes:
        wait: seconds after which one may be sent, 0 if that is not the reason.
    """

    refusal: Refusal | None
    wait: float = 0.0


class Codes:
    """Send codes, within the limits, and keep one live challenge per user, service and host."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        source: CodeSource,
        courier: Courier,
        journal: Journal,
        key: bytes,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._source = source
        self._courier = courier
        self._journal = journal
        self._key = key
        self._settings = settings
        self._latencies: deque[float] = deque(maxlen=32)
        self._prefix = ""

    def masked(self, user: str, enrolment: Enrolment | None, position: int = 0) -> str:
        """Return where a user's codes go, as prompts show it.

        For users who are not enrolled it is made up, and always the same for the same name; the
        country is the one that most enrolled users have.
        """
        if enrolment is not None:
            return _in_turn(enrolment, position)[0].masked
        digest = hmac.digest(self._key, b"decoy\0" + user.encode(), hashlib.sha256)
        return mask(self._usual_prefix(), f"{int.from_bytes(digest[:4]) % 100:02}")

    async def send(
        self,
        login: Login,
        policy: Policy,
        enrolment: Enrolment | None,
        masked: str,
        *,
        again: bool = False,
        first: int = 0,
    ) -> Sent | NotSent:
        """Send a code, or reuse the live challenge.

        Without enrolment the same is written and the same time passes, but nothing is sent.

        Args:
            again: the user asks for a new code instead of the live one.
            first: number of the recipient to begin with; the others follow in their order.
        """
        key = ChallengeKey(login.user, login.service, login.rhost)
        transaction_id = self._source.token(TRANSACTION_ID_BITS) if policy.transaction_id else ""
        now = self._clock.now()
        code, challenge = new_code(login, policy, masked, self._source, self._key, now)
        with self._store.change() as change:
            previous = change.challenge(key)
            if previous is not None and not is_live(previous, now):
                previous = None
            if previous is not None and not again:
                if transaction_id:
                    change.put_challenge(self._with_id(previous, transaction_id))
                return Sent(previous.masked, is_new=False, transaction_id=transaction_id)
            cooldown = change.cooldown(login.user)
            refused = self._count(change, login, policy, enrolment, previous, cooldown, now)
            if refused is None:
                if previous is not None:
                    challenge = replace(
                        challenge, answers_left=previous.answers_left, sends=previous.sends + 1
                    )
                if transaction_id:
                    challenge = self._with_id(challenge, transaction_id)
                change.put_challenge(challenge)
        if refused is not None:
            self._journal.record(CodeNotSent(login, str(refused.refusal)))
            return refused
        if enrolment is None:
            await self._clock.sleep(self._usual_latency())
            return Sent(masked, is_new=True, transaction_id=transaction_id)
        for recipient in _in_turn(enrolment, first):
            age = self._clock.now().boot - now.boot
            left = self._settings().send_deadline - age
            if left <= 0:
                break
            message = code_message(login, policy, recipient, code, self._settings().host)
            delivery = await self._courier.deliver(login, message.aged(age), left)
            if delivery.may_arrive:
                self._latencies.append(self._clock.now().boot - now.boot)
                self._name_recipient(challenge, recipient)
                return Sent(
                    recipient.masked,
                    is_new=True,
                    is_sure=delivery.was_accepted,
                    transaction_id=transaction_id,
                )
        self._take_back(challenge, previous, cooldown)
        return NotSent(None)

    def reserve(self, login: Login, policy: Policy, enrolment: Enrolment) -> NotSent | None:
        """Count one send to an address that does not count yet, or say which limit forbids it."""
        now = self._clock.now()
        with self._store.change() as change:
            cooldown = change.cooldown(login.user)
            refused = self._count(change, login, policy, enrolment, None, cooldown, now)
        if refused is not None:
            self._journal.record(CodeNotSent(login, str(refused.refusal)))
        return refused

    def _take_back(
        self, unsent: Challenge, previous: Challenge | None, cooldown: Cooldown | None
    ) -> None:
        """Let the older code live on, since the newer one never left; the next try need not wait.

        What happened while the gateways were tried stays: answers that were given, a code that
        was used up or replaced, an enrolment that was changed.
        """
        key = unsent.key
        with self._store.change() as change:
            counted = change.cooldown(key.user)
            if counted is not None and counted.last == unsent.issued:
                change.put_cooldown(key.user, cooldown)
            present = change.challenge(key)
            if present is None or present.salt != unsent.salt:
                return
            if previous is None:
                change.drop_challenge(key)
            else:
                change.put_challenge(replace(previous, answers_left=present.answers_left))

    def _name_recipient(self, sent: Challenge, recipient: Recipient) -> None:
        """Let later prompts name where the code went, if that was not the first choice."""
        if sent.masked == recipient.masked:
            return
        with self._store.change() as change:
            present = change.challenge(sent.key)
            if present is not None and present.salt == sent.salt:
                change.put_challenge(replace(present, masked=recipient.masked))

    def _count(
        self,
        change: StoreChange,
        login: Login,
        policy: Policy,
        enrolment: Enrolment | None,
        previous: Challenge | None,
        cooldown: Cooldown | None,
        now: Moment,
    ) -> NotSent | None:
        """Count one send within all limits, or say which one forbids it."""
        limits = self._settings().limits
        if previous is not None and previous.sends > policy.resends:
            return NotSent(Refusal.BUDGET)
        failures = change.failures(login.user)
        if failures.disabled or is_locked(failures, limits, now):
            return NotSent(Refusal.LOCKED)
        wait = cooldown_seconds(cooldown, limits, now)
        if wait:
            return NotSent(Refusal.COOLDOWN, wait)
        raised = {}
        for name, budget in self._scopes(login, enrolment):
            counter = count_within(change.counter(name), budget, now)
            if counter is None:
                return NotSent(Refusal.BUDGET)
            raised[name] = counter
        for name, counter in raised.items():
            change.put_counter(name, counter)
        change.put_cooldown(login.user, next_cooldown(cooldown, limits, now))
        return None

    def _scopes(self, login: Login, enrolment: Enrolment | None) -> list[tuple[CounterKey, Budget]]:
        limits = self._settings().limits
        scopes = [(CounterKey("send", "user", login.user), limits.sends_per_user)]
        if login.rhost:
            scopes.append(
                (CounterKey("send", "origin", origin_of(login.rhost)), limits.sends_per_origin)
            )
        if enrolment is not None:
            scopes.append((CounterKey("send", "all", ""), limits.sends_in_all))
            phones = {subject_of(recipient, self._key) for recipient in enrolment.recipients}
            prefixes = {country_prefix(recipient) for recipient in enrolment.recipients} - {""}
            scopes += [(CounterKey("send", "phone", p), limits.sends_per_phone) for p in phones]
            scopes += [(CounterKey("send", "prefix", p), limits.sends_per_prefix) for p in prefixes]
        return scopes

    def _with_id(self, challenge: Challenge, transaction_id: str) -> Challenge:
        return replace(challenge, id_digest=transaction_id_digest(self._key, transaction_id))

    def _usual_prefix(self) -> str:
        """Return the country prefix of most enrolled users; read once, as it hardly changes."""
        if not self._prefix:
            with self._store.change() as change:
                found = [country_prefix(known.recipients[0]) for known in change.enrolments()]
            self._prefix = max(sorted(set(found)), key=found.count, default="")
        return self._prefix

    def _usual_latency(self) -> float:
        if not self._latencies:
            return _UNMEASURED_LATENCY
        return sorted(self._latencies)[len(self._latencies) // 2]


def _in_turn(enrolment: Enrolment, first: int) -> tuple[Recipient, ...]:
    """Return all recipients, beginning with this one; with the first if there is no such."""
    recipients = enrolment.recipients
    return (*recipients[first:], *recipients[:first])
