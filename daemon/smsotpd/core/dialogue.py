# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What to show, ask and decide after each answer of a login."""

from smsotpd.core import prompts
from smsotpd.core.admission import Admission
from smsotpd.core.challenge import Judgement
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.code_proving import CodeProof, CodeProofs, reason_of
from smsotpd.core.code_stage import CodeStage
from smsotpd.core.ending import deny, require_open, with_last_words
from smsotpd.core.events import FIRST_ATTEMPT, CodeSkipped, LoginDenied, LoginGranted
from smsotpd.core.first_login import FirstLogin
from smsotpd.core.policy import Factor, Mode
from smsotpd.core.ports import Clock, Journal, Store
from smsotpd.core.proving import PinProof, Proofs, code_lengths
from smsotpd.core.ruling import Check
from smsotpd.core.sending import NotSent
from smsotpd.core.text import has_control_characters
from smsotpd.core.throttle import after_pin_alone
from smsotpd.core.transaction import ROOT, Result, Stage, Steps, Transaction

MOST_ANSWERS = 20


class Dialogue:
    """Lead a login from PIN to outcome; one instance serves all transactions."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        proofs: Proofs,
        code_proofs: CodeProofs,
        code_stage: CodeStage,
        admission: Admission,
        first_login: FirstLogin,
        journal: Journal,
    ) -> None:
        self._store = store
        self._clock = clock
        self._proofs = proofs
        self._code_proofs = code_proofs
        self._code_stage = code_stage
        self._admission = admission
        self._first_login = first_login
        self._journal = journal

    def open(self, transaction: Transaction) -> Steps:
        """Return the first steps of a login and set the stage for its first answer."""
        context, policy = transaction.context, transaction.policy
        if transaction.stage is Stage.SEND:
            return self._code_stage.open(transaction)
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
        return with_last_words(transaction, await self._after(transaction, answer))

    async def _after(self, transaction: Transaction, answer: str) -> Steps:
        transaction.answers += 1
        if transaction.answers > MOST_ANSWERS:
            return self._deny(transaction, Result.MAXTRIES, "too many answers")
        if transaction.stage is Stage.PIN:
            return await self._after_pin(transaction, answer)
        if transaction.stage is Stage.SINGLE:
            return await self._after_single(transaction, answer)
        return await self._after_code(transaction, answer)

    async def _after_pin(self, transaction: Transaction, answer: str) -> Steps:
        was_authtok, transaction.has_authtok = transaction.has_authtok, False
        # What another than root says of a service proves nothing; see `core.first_login`.
        invites = transaction.uid == ROOT and transaction.mode is Mode.CONVERSATION
        proof = await self._proofs.pin(transaction.login, answer, invites=invites)
        require_open(transaction)
        if proof.invitation:
            return self._first_login.open(transaction, proof.invitation)
        if not proof.is_right:
            if was_authtok and transaction.context.try_first_pass:
                return prompts.ask_pin(transaction.policy, transaction.context)
            return self._deny(transaction, Result.AUTH_ERR, proof.reason)
        if transaction.pin_suffices and self._admission.pin_still_suffices(transaction):
            return self._grant_by_pin(transaction, transaction.pin_suffices)
        transaction.pin_hash = proof.pin_hash
        return await self._code_stage.begin(transaction, proof.enrolment)

    async def _after_single(self, transaction: Transaction, answer: str) -> Steps:
        was_authtok, transaction.has_authtok = transaction.has_authtok, False
        policy = transaction.policy
        if Factor.PIN in policy.factors:
            proof = await self._proofs.pin(transaction.login, answer, code_lengths(policy))
            require_open(transaction)
            if not proof.is_right:
                if was_authtok and transaction.context.try_first_pass:
                    return prompts.ask_single(policy, transaction.context)
                return self._deny(transaction, Result.AUTH_ERR, proof.reason)
            transaction.pin_hash = proof.pin_hash
        elif has_control_characters(answer):
            return self._deny(transaction, Result.AUTH_ERR, "no code was typed")
        else:
            # No PIN was proven, so none is to be still the user's when the code is judged.
            proof = PinProof("", self._code_stage.look_up(transaction).enrolment, answer)
        return await self._after_first_factor(transaction, proof)

    async def _after_first_factor(self, transaction: Transaction, proof: PinProof) -> Steps:
        """Judge what followed the PIN in a single field; if nothing did, send a code."""
        if proof.rest:
            return await self._judge_second_attempt(transaction, proof.rest)
        if transaction.pin_suffices and self._admission.pin_still_suffices(transaction):
            return self._grant_by_pin(transaction, transaction.pin_suffices)
        if CodeKind.SENT not in transaction.policy.codes:
            self._deny(transaction, Result.AUTH_ERR, "first of two attempts: no code is sent")
            return prompts.end_attempt_without_code()
        sent = await self._code_stage.send(transaction, proof.enrolment)
        if isinstance(sent, NotSent):
            steps = self._code_stage.unsent(transaction, sent)
            has_others = transaction.pin_hash and self._code_stage.look_up(transaction).ways
            return prompts.end_unsent_attempt(sent) if has_others else steps
        self._journal.record(LoginDenied(transaction.login, FIRST_ATTEMPT))
        return prompts.end_first_attempt(sent)

    async def _judge_second_attempt(self, transaction: Transaction, code: str) -> Steps:
        proof = await self._code_proofs.judge(
            transaction.login, code, transaction.policy, pin_hash=transaction.pin_hash
        )
        if proof.judgement is Judgement.RIGHT:
            return self._grant(transaction, proof)
        return self._deny(transaction, Result.AUTH_ERR, reason_of(proof))

    async def _after_code(self, transaction: Transaction, answer: str) -> Steps:
        answered = await self._code_stage.answer(transaction, answer)
        if isinstance(answered, CodeProof):
            return self._grant(transaction, answered)
        return answered

    def _deny(self, transaction: Transaction, result: Result, reason: str) -> Steps:
        return deny(self._journal, transaction, result, reason)

    def _grant_by_pin(self, transaction: Transaction, check: Check) -> Steps:
        """Let in who proved the PIN, where the policy asks for no more."""
        with self._store.change() as change:
            # The cool-down stays, too, since nothing was sent.
            user = transaction.context.user
            change.put_failures(user, after_pin_alone(change.failures(user)))
        self._journal.record(CodeSkipped(transaction.login, check.key, check.finding))
        self._record_grant(transaction, "pin")
        return prompts.end(Result.SUCCESS)

    def _grant(self, transaction: Transaction, proof: CodeProof) -> Steps:
        # The grant is on disk; if the login was cancelled meanwhile, nobody gets to see it.
        require_open(transaction)
        # Breaking the glass lets in once, not for as long as hosts are remembered.
        if proof.kind is not CodeKind.BREAK_GLASS:
            self._admission.remember(transaction)
        self._record_grant(transaction, proof.kind)
        return prompts.few_left(proof.recovery_codes) + prompts.end(Result.SUCCESS)

    def _record_grant(self, transaction: Transaction, kind: str) -> None:
        seconds = self._clock.now().boot - transaction.begun.boot
        self._journal.record(LoginGranted(transaction.login, seconds, kind))
