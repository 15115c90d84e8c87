# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Proving that an address is the user's before it counts: a code is sent there and comes back.

What users bring about costs what logins cost: sends and guesses are counted in the same budgets.
"""

from collections.abc import Callable
from dataclasses import dataclass

from smsotpd.core.challenge import Challenge, Judgement, judge
from smsotpd.core.code_proving import CodeProof
from smsotpd.core.courier import Courier
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import Login
from smsotpd.core.guessing import Guesses
from smsotpd.core.issuing import code_message, new_code
from smsotpd.core.policy import Policy, Settings
from smsotpd.core.ports import Clock, CodeSource, Store
from smsotpd.core.recipient import Recipient
from smsotpd.core.request import normalised
from smsotpd.core.sending import Codes, NotSent
from smsotpd.core.throttle import Permit


@dataclass(frozen=True, slots=True)
class AskedAddress:
    """An address to which a code is on its way; in memory only, as nothing is changed yet."""

    recipient: Recipient
    challenge: Challenge


class AddressProofs:
    """Send a code to an address that does not count yet, and judge what comes back."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        source: CodeSource,
        courier: Courier,
        guesses: Guesses,
        codes: Codes,
        key: bytes,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._source = source
        self._courier = courier
        self._guesses = guesses
        self._codes = codes
        self._key = key
        self._settings = settings

    async def ask(
        self, login: Login, policy: Policy, recipient: Recipient
    ) -> AskedAddress | NotSent:
        """Send a code to an address, within the limits for the user and for that address."""
        refused = self._codes.reserve(login, policy, Enrolment(login.user, (recipient,)))
        if refused is not None:
            return refused
        settings, now = self._settings(), self._clock.now()
        code, challenge = new_code(login, policy, recipient.masked, self._source, self._key, now)
        message = code_message(login, policy, recipient, code, settings.host)
        delivery = await self._courier.deliver(login, message, settings.send_deadline)
        return AskedAddress(recipient, challenge) if delivery.may_arrive else NotSent(None)

    async def judge(
        self, login: Login, asked: AskedAddress, answer: str
    ) -> tuple[CodeProof, AskedAddress | None]:
        """Judge what came back; return what is left to answer, which is None once it is over."""
        limits = self._settings().limits
        enrolment = Enrolment(login.user, (asked.recipient,))
        with self._store.change() as change:
            now = self._clock.now()
            verdict = self._guesses.reserve(change, login, enrolment, limits, now, is_code=True)
        if not isinstance(verdict, Permit):
            return CodeProof(None, verdict), None
        await self._clock.sleep(verdict.wait)
        judgement, left = judge(asked.challenge, normalised(answer), self._key, self._clock.now())
        if judgement is Judgement.RIGHT:
            with self._store.change() as change:
                self._guesses.release(change, login, enrolment, limits, verdict, is_code=True)
        else:
            self._guesses.report(login, verdict)
        answers_left = left.answers_left if left else 0
        still = AskedAddress(asked.recipient, left) if left else None
        return CodeProof(judgement, answers_left=answers_left), still
