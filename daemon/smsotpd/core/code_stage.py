# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a login that asks for a code: a sent one, an app's, or one kept for bad days."""

from dataclasses import dataclass

from smsotpd.core import prompts
from smsotpd.core.challenge import Challenge, ChallengeKey, Judgement, is_live
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.code_proving import CodeProof, CodeProofs, reason_of
from smsotpd.core.ending import deny, require_open
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import LoginDenied
from smsotpd.core.ports import Clock, Journal, Store
from smsotpd.core.proving import CHANGED_MEANWHILE, is_proven_by
from smsotpd.core.request import (
    AnotherChannel,
    AnotherCode,
    Explanation,
    Request,
    Typed,
    request_of,
)
from smsotpd.core.sending import Codes, NotSent, Sent
from smsotpd.core.text import has_control_characters
from smsotpd.core.throttle import Refusal
from smsotpd.core.transaction import Result, Stage, Steps, Transaction
from smsotpd.core.ways import Ways, ways_of


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user stands.

    Attributes:
        enrolment: None if there is none that may log in.
        challenge: the live one of this service and host; None if no code is out.
        ways: what else may be typed.
    """

    enrolment: Enrolment | None
    challenge: Challenge | None
    ways: Ways


class CodeStage:
    """Send codes, explain, and judge what is typed."""

    def __init__(
        self, store: Store, clock: Clock, proofs: CodeProofs, codes: Codes, journal: Journal
    ) -> None:
        self._store = store
        self._clock = clock
        self._proofs = proofs
        self._codes = codes
        self._journal = journal

    def look_up(self, transaction: Transaction) -> Standing:
        """Return how the user stands at this moment."""
        login, now = transaction.login, self._clock.now()
        with self._store.change() as change:
            enrolment = change.enrolment(login.user)
            challenge = change.challenge(ChallengeKey(login.user, login.service, login.rhost))
            ways = ways_of(change, login.user, transaction.policy.codes, now)
        if challenge is not None and not is_live(challenge, now):
            challenge = None
        usable = enrolment if enrolment and not enrolment.disabled else None
        return Standing(usable, challenge, ways)

    def open(self, transaction: Transaction) -> Steps:
        """Return the first steps where nothing is asked for before the code."""
        policy, context = transaction.policy, transaction.context
        if CodeKind.SENT not in policy.codes:
            return self._wait_for_other(transaction, prompts.ask_other(policy, None))
        standing = self.look_up(transaction)
        masked = self._codes.masked(context.user, standing.enrolment)
        if standing.challenge is None:
            return prompts.ask_send(policy, masked)
        transaction.stage = Stage.CODE
        return prompts.ask_code(policy, context, Sent(masked, is_new=False))

    async def begin(self, transaction: Transaction, enrolment: Enrolment | None) -> Steps:
        """Return the steps after the PIN was right; a code is sent unless an app comes first."""
        policy, context = transaction.policy, transaction.context
        standing = self.look_up(transaction)
        ways = standing.ways
        notes = prompts.at_hand(policy, ways)
        if CodeKind.SENT not in policy.codes:
            if not ways:
                reason = "the policy has codes sent to nobody, and the user has no others"
                told = prompts.NOTHING_AT_HAND
                return deny(self._journal, transaction, Result.AUTH_ERR, reason, told)
            return self._wait_for_other(transaction, notes + prompts.ask_other(policy, ways))
        is_app_first = policy.first is CodeKind.AUTHENTICATOR and ways.authenticator
        if is_app_first and standing.challenge is None:
            return self._wait_for_other(transaction, notes + prompts.ask_app(policy))
        sent = await self.send(transaction, enrolment)
        if isinstance(sent, NotSent):
            if _may_go_on(transaction, sent, ways):
                return self._wait_for_other(transaction, prompts.ask_unsent(policy, sent, ways))
            return self.unsent(transaction, sent)
        transaction.stage = Stage.CODE
        return notes + prompts.ask_code(policy, context, sent)

    async def answer(self, transaction: Transaction, answer: str) -> Steps | CodeProof:
        """Return the steps after an answer, or the proof if it was a right code."""
        if has_control_characters(answer):
            reason = "no code was typed"
            return deny(self._journal, transaction, Result.AUTH_ERR, reason)
        request = request_of(answer, transaction.policy.texts)
        if isinstance(request, Typed):
            return await self._judge(transaction, request.code)
        return await self._after_request(transaction, request)

    async def _after_request(self, transaction: Transaction, request: Request) -> Steps:
        standing = self.look_up(transaction)
        if transaction.pin_hash and not is_proven_by(transaction.pin_hash, standing.enrolment):
            return deny(self._journal, transaction, Result.AUTH_ERR, CHANGED_MEANWHILE)
        match request:
            case AnotherCode():
                return await self._send_again(transaction, standing, transaction.recipient)
            case AnotherChannel(channel):
                return await self._change_channel(transaction, standing, channel)
            case Explanation():
                explanation = prompts.explain(
                    transaction.policy,
                    standing.ways if transaction.pin_hash else None,
                    _channels(standing.enrolment),
                )
                return explanation + self._asked_again(transaction, standing)
            case _:
                return self._asked_again(transaction, standing)

    async def send(
        self,
        transaction: Transaction,
        enrolment: Enrolment | None,
        *,
        again: bool = False,
        first: int = 0,
    ) -> Sent | NotSent:
        """Send a code to the user, at first by the channel of this number."""
        masked = self._codes.masked(transaction.context.user, enrolment, first)
        sent = await self._codes.send(
            transaction.login, transaction.policy, enrolment, masked, again=again, first=first
        )
        require_open(transaction)
        return sent

    def unsent(self, transaction: Transaction, not_sent: NotSent) -> Steps:
        """End a login whose code cannot be sent."""
        reason = "the code could not be sent"
        if not_sent.refusal is not None:
            reason = f"no code may be sent now: {not_sent.refusal.value}"
        self._journal.record(LoginDenied(transaction.login, reason))
        return prompts.end_unsent(not_sent)

    async def _judge(self, transaction: Transaction, code: str) -> Steps | CodeProof:
        policy, login = transaction.policy, transaction.login
        proof = await self._proofs.judge(login, code, policy, pin_hash=transaction.pin_hash)
        match proof.judgement:
            case Judgement.RIGHT:
                return proof
            case Judgement.WRONG:
                return prompts.ask_again(policy, proof.answers_left)
            case Judgement.EXPIRED if not transaction.waits_for_other:
                return prompts.ask_after_expiry(policy)
            case Judgement.EXPIRED:
                transaction.wrong_answers += 1
                left = policy.wrong_answers - transaction.wrong_answers
                if left > 0:
                    return prompts.ask_other_again(left)
                proof = CodeProof(Judgement.EXHAUSTED)
            case _:
                pass
        told = prompts.TOO_MANY_WRONG
        return deny(self._journal, transaction, Result.MAXTRIES, reason_of(proof), told)

    async def _send_again(self, transaction: Transaction, standing: Standing, first: int) -> Steps:
        """Send a code because the user asked for one."""
        policy, context = transaction.policy, transaction.context
        if CodeKind.SENT not in policy.codes:
            return prompts.NOTHING_IS_SENT + self._asked_again(transaction, standing)
        sent = await self.send(transaction, standing.enrolment, again=True, first=first)
        if isinstance(sent, NotSent):
            if standing.challenge is not None:
                return prompts.ask_after_refusal(sent)
            if _may_go_on(transaction, sent, standing.ways):
                ways = standing.ways if transaction.pin_hash else None
                return self._wait_for_other(transaction, prompts.ask_unsent(policy, sent, ways))
            return self.unsent(transaction, sent)
        transaction.stage = Stage.CODE
        transaction.waits_for_other = False
        transaction.recipient = first
        return prompts.ask_code(policy, context, sent)

    async def _change_channel(
        self, transaction: Transaction, standing: Standing, channel: str
    ) -> Steps:
        channels = [name for name, _masked in _channels(standing.enrolment)]
        if channel:
            known = channel in channels
            position = channels.index(channel) if known else -1
        else:
            present = _position(standing, transaction.recipient)
            position = (present + 1) % len(channels) if len(channels) > 1 else -1
        if position < 0:
            return prompts.NO_OTHER_CHANNEL + self._asked_again(transaction, standing)
        return await self._send_again(transaction, standing, position)

    def _asked_again(self, transaction: Transaction, standing: Standing) -> Steps:
        """Ask again and send nothing: at a closed terminal ssh answers, too, with nothing."""
        policy, context = transaction.policy, transaction.context
        masked = self._codes.masked(context.user, standing.enrolment)
        if transaction.stage is Stage.SEND:
            return prompts.ask_send(policy, masked)
        if standing.challenge is not None:
            return prompts.ask_code(policy, context, Sent(standing.challenge.masked, is_new=False))
        if transaction.waits_for_other:
            return prompts.ask_other(policy, standing.ways if transaction.pin_hash else None)
        return prompts.ask_after_expiry(policy)

    def _wait_for_other(self, transaction: Transaction, steps: Steps) -> Steps:
        """Set the stage for a code that is not sent."""
        transaction.stage = Stage.CODE
        transaction.waits_for_other = True
        return steps


def _may_go_on(transaction: Transaction, not_sent: NotSent, ways: Ways) -> bool:
    """Tell whether a login that gets no code may be finished with another.

    Without a PIN, limits end it for everybody, since they are kept for decoys, too; that a gateway
    fails only enrolled users ever feel.
    """
    if not ways or not_sent.refusal is Refusal.LOCKED:
        return False
    return bool(transaction.pin_hash) or not_sent.refusal is None


def _channels(enrolment: Enrolment | None) -> list[tuple[str, str]]:
    """Return channel and masked address of each recipient."""
    recipients = enrolment.recipients if enrolment else ()
    return [(recipient.channel, recipient.masked) for recipient in recipients]


def _position(standing: Standing, default: int) -> int:
    """Return which recipient the code that is out went to, as far as its mask tells."""
    masks = [masked for _name, masked in _channels(standing.enrolment)]
    out = standing.challenge.masked if standing.challenge is not None else ""
    if default < len(masks) and masks[default] == out:
        return default
    return masks.index(out) if out in masks else default
