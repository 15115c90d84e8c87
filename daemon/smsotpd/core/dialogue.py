# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What to show, ask and decide after each answer of a login."""

from collections.abc import Callable

from smsotpd.core import prompts
from smsotpd.core.admission import Admission
from smsotpd.core.challenge import ChallengeKey, Judgement, is_live
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import FIRST_ATTEMPT, CodeSkipped, LoginDenied, LoginGranted
from smsotpd.core.policy import Factor, Mode, Settings
from smsotpd.core.ports import Clock, Journal, Store
from smsotpd.core.proving import (
    CHANGED_MEANWHILE,
    CodeProof,
    PinProof,
    Proofs,
    is_proven_by,
    normalised,
)
from smsotpd.core.ruling import Check
from smsotpd.core.sending import Codes, NotSent, Sent
from smsotpd.core.text import has_control_characters
from smsotpd.core.throttle import NO_FAILURES
from smsotpd.core.transaction import Result, Stage, Steps, Transaction

MOST_ANSWERS = 20


class Dialogue:
    """Lead a login from PIN to outcome; one instance serves all transactions."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        proofs: Proofs,
        codes: Codes,
        admission: Admission,
        journal: Journal,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._proofs = proofs
        self._codes = codes
        self._admission = admission
        self._journal = journal
        self._settings = settings

    def open(self, transaction: Transaction) -> Steps:
        """Return the first steps of a login and set the stage for its first answer."""
        context, policy = transaction.context, transaction.policy
        if transaction.stage is Stage.SEND:
            enrolment, is_code_out = self._look_up(transaction)
            masked = self._codes.masked(context.user, enrolment)
            if is_code_out:
                transaction.stage = Stage.CODE
                return prompts.ask_code(policy, context, Sent(masked, is_new=False))
            return prompts.ask_send(policy, masked)
        if context.use_first_pass or context.try_first_pass:
            transaction.has_authtok = True
            return prompts.use_authtok()
        if transaction.stage is Stage.SINGLE:
            return prompts.ask_single(policy, context)
        return prompts.ask_pin(policy, context)

    async def answer(self, transaction: Transaction, answer: str) -> Steps:
        """Return the steps after an answer; an outcome among them ends the transaction."""
        if transaction.stage is Stage.FAREWELL:
            return transaction.outcome
        steps = await self._after(transaction, answer)
        last_words = prompts.farewell(steps, transaction.context)
        if not last_words or transaction.mode is not Mode.CONVERSATION:
            return steps
        transaction.stage = Stage.FAREWELL
        transaction.outcome = steps[-1:]
        return last_words

    async def _after(self, transaction: Transaction, answer: str) -> Steps:
        transaction.answers += 1
        if transaction.answers > MOST_ANSWERS:
            return self.deny(transaction, Result.MAXTRIES, "too many answers")
        if transaction.stage is Stage.PIN:
            return await self._after_pin(transaction, answer)
        if transaction.stage is Stage.SINGLE:
            return await self._after_single(transaction, answer)
        return await self._after_code(transaction, answer)

    def deny(self, transaction: Transaction, result: Result, reason: str, told: str = "") -> Steps:
        """End a login without a grant; `reason` is for the journal, `told` for the user."""
        self._journal.record(LoginDenied(transaction.login, reason))
        return prompts.end(result, told)

    def _look_up(self, transaction: Transaction) -> tuple[Enrolment | None, bool]:
        """Return a usable enrolment, and whether a code for this login is out already."""
        login = transaction.login
        with self._store.change() as change:
            enrolment = change.enrolment(login.user)
            challenge = change.challenge(ChallengeKey(login.user, login.service, login.rhost))
        is_code_out = challenge is not None and is_live(challenge, self._clock.now())
        return enrolment if enrolment and not enrolment.disabled else None, is_code_out

    async def _after_pin(self, transaction: Transaction, answer: str) -> Steps:
        was_authtok, transaction.has_authtok = transaction.has_authtok, False
        proof = await self._proofs.pin(transaction.login, answer)
        _require_open(transaction)
        if not proof.is_right:
            if was_authtok and transaction.context.try_first_pass:
                return prompts.ask_pin(transaction.policy, transaction.context)
            return self.deny(transaction, Result.AUTH_ERR, proof.reason)
        if transaction.pin_suffices:
            return self._grant_by_pin(transaction, transaction.pin_suffices)
        transaction.pin_hash = proof.pin_hash
        sent = await self._send(transaction, proof.enrolment)
        if isinstance(sent, NotSent):
            return self._unsent(transaction, sent)
        transaction.stage = Stage.CODE
        return prompts.ask_code(transaction.policy, transaction.context, sent)

    async def _after_single(self, transaction: Transaction, answer: str) -> Steps:
        was_authtok, transaction.has_authtok = transaction.has_authtok, False
        policy = transaction.policy
        if Factor.PIN in policy.factors:
            proof = await self._proofs.pin(transaction.login, answer, policy.code_digits)
            _require_open(transaction)
            if not proof.is_right:
                if was_authtok and transaction.context.try_first_pass:
                    return prompts.ask_single(policy, transaction.context)
                return self.deny(transaction, Result.AUTH_ERR, proof.reason)
        elif has_control_characters(answer):
            return self.deny(transaction, Result.AUTH_ERR, "no code was typed")
        else:
            proof = PinProof("", self._look_up(transaction)[0], answer)
        return await self._after_first_factor(transaction, proof)

    async def _after_first_factor(self, transaction: Transaction, proof: PinProof) -> Steps:
        """Judge what followed the PIN in a single field; if nothing did, send a code."""
        if proof.rest:
            return await self._judge_second_attempt(transaction, proof)
        if transaction.pin_suffices:
            return self._grant_by_pin(transaction, transaction.pin_suffices)
        sent = await self._send(transaction, proof.enrolment)
        if isinstance(sent, NotSent):
            return self._unsent(transaction, sent)
        self._journal.record(LoginDenied(transaction.login, FIRST_ATTEMPT))
        return prompts.end_first_attempt(sent)

    async def _judge_second_attempt(self, transaction: Transaction, first: PinProof) -> Steps:
        proof = await self._proofs.code(transaction.login, first.rest, pin_hash=first.pin_hash)
        if proof.judgement is Judgement.RIGHT:
            return self._grant(transaction)
        return self.deny(transaction, Result.AUTH_ERR, reason_of(proof))

    async def _after_code(self, transaction: Transaction, answer: str) -> Steps:
        policy = transaction.policy
        if has_control_characters(answer):
            return self.deny(transaction, Result.AUTH_ERR, "no code was typed")
        typed = normalised(answer)
        is_resend = typed.casefold() == policy.texts.resend_word.casefold()
        if is_resend or not typed:
            return await self._after_request(transaction, is_resend=is_resend)
        proof = await self._proofs.code(transaction.login, typed, pin_hash=transaction.pin_hash)
        if proof.judgement is Judgement.RIGHT:
            return self._grant(transaction)
        if proof.judgement is Judgement.WRONG:
            return prompts.ask_again(policy, proof.answers_left)
        if proof.judgement is Judgement.EXPIRED:
            return prompts.ask_after_expiry(policy)
        return self.deny(transaction, Result.MAXTRIES, reason_of(proof), prompts.TOO_MANY_WRONG)

    async def _after_request(self, transaction: Transaction, *, is_resend: bool) -> Steps:
        """Send a code because the user asked for one; ask again if nothing was typed."""
        policy, context = transaction.policy, transaction.context
        enrolment, is_code_out = self._look_up(transaction)
        if transaction.pin_hash and not is_proven_by(transaction.pin_hash, enrolment):
            return self.deny(transaction, Result.AUTH_ERR, CHANGED_MEANWHILE)
        if not is_resend:
            return self._asked_again(transaction, enrolment, is_code_out=is_code_out)
        sent = await self._send(transaction, enrolment, again=True)
        if isinstance(sent, NotSent):
            if is_code_out:
                return prompts.ask_after_refusal(sent)
            return self._unsent(transaction, sent)
        transaction.stage = Stage.CODE
        return prompts.ask_code(policy, context, sent)

    def _asked_again(
        self, transaction: Transaction, enrolment: Enrolment | None, *, is_code_out: bool
    ) -> Steps:
        """Ask again and send nothing: at a closed terminal ssh answers, too, with nothing."""
        policy, context = transaction.policy, transaction.context
        masked = self._codes.masked(context.user, enrolment)
        if transaction.stage is Stage.SEND:
            return prompts.ask_send(policy, masked)
        if is_code_out:
            return prompts.ask_code(policy, context, Sent(masked, is_new=False))
        return prompts.ask_after_expiry(policy)

    async def _send(
        self, transaction: Transaction, enrolment: Enrolment | None, *, again: bool = False
    ) -> Sent | NotSent:
        masked = self._codes.masked(transaction.context.user, enrolment)
        sent = await self._codes.send(
            transaction.login, transaction.policy, enrolment, masked, again=again
        )
        _require_open(transaction)
        return sent

    def _unsent(self, transaction: Transaction, not_sent: NotSent) -> Steps:
        reason = "the code could not be sent"
        if not_sent.refusal is not None:
            reason = f"no code may be sent now: {not_sent.refusal.value}"
        self._journal.record(LoginDenied(transaction.login, reason))
        return prompts.end_unsent(not_sent)

    def _grant_by_pin(self, transaction: Transaction, check: Check) -> Steps:
        """Let in who proved the PIN, where the policy asks for no more."""
        with self._store.change() as change:
            # As after any granted login; the cool-down stays, since nothing was sent.
            change.put_failures(transaction.context.user, NO_FAILURES)
        self._journal.record(CodeSkipped(transaction.login, check.key, check.finding))
        return self._granted(transaction)

    def _grant(self, transaction: Transaction) -> Steps:
        # The grant is on disk; if the login was cancelled meanwhile, nobody gets to see it.
        _require_open(transaction)
        self._admission.remember(transaction)
        return self._granted(transaction)

    def _granted(self, transaction: Transaction) -> Steps:
        seconds = self._clock.now().boot - transaction.begun.boot
        self._journal.record(LoginGranted(transaction.login, seconds))
        return prompts.end(Result.SUCCESS)


def reason_of(proof: CodeProof) -> str:
    """Say for the journal why a code was not taken."""
    if proof.refusal is not None:
        return proof.refusal.value
    match proof.judgement:
        case Judgement.EXPIRED:
            return "the code has expired"
        case Judgement.EXHAUSTED:
            return "too many wrong codes"
        case _:
            return "wrong code"


def _require_open(transaction: Transaction) -> None:
    """Stop if the login was cancelled while something was waited for."""
    if transaction.over:
        raise NoSuchTransactionError
