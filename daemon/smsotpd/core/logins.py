# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases of the bus's Authentication interface: begin, respond, cancel, verify."""

from collections.abc import Callable

from smsotpd.core import prompts
from smsotpd.core.admission import Admission, Groups
from smsotpd.core.challenge import Judgement, transaction_id_digest
from smsotpd.core.code_proving import CodeProofs, reason_of
from smsotpd.core.dialogue import Dialogue
from smsotpd.core.errors import NoSuchTransactionError, NotAuthorizedError
from smsotpd.core.events import CodeSkipped, Login, LoginCancelled, LoginDenied, LoginGranted
from smsotpd.core.first_login import FirstLogin
from smsotpd.core.phrase import Languages
from smsotpd.core.pin_change import PinChange
from smsotpd.core.policy import Factor, Mode, Policy, Settings, mode_for
from smsotpd.core.ports import Clock, CodeSource, Journal, Store
from smsotpd.core.ruling import Ruling, Treatment
from smsotpd.core.transaction import (
    ROOT,
    Context,
    Result,
    Stage,
    StepKind,
    Steps,
    Transaction,
    Transactions,
    said_in,
)

_NAME_BITS = 128

MayActFor = Callable[[str], bool]


class Logins:
    """Keep the logins in progress, each bound to the bus connection that began it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        source: CodeSource,
        journal: Journal,
        key: bytes,
        settings: Callable[[], Settings],
        code_proofs: CodeProofs,
        dialogue: Dialogue,
        pin_change: PinChange,
        admission: Admission,
        first_login: FirstLogin,
        languages: Languages,
    ) -> None:
        self._store = store
        self._clock = clock
        self._source = source
        self._journal = journal
        self._key = key
        self._settings = settings
        self._code_proofs = code_proofs
        self._dialogue = dialogue
        self._pin_change = pin_change
        self._admission = admission
        self._first_login = first_login
        self._languages = languages
        self._open = Transactions()

    def __len__(self) -> int:
        return len(self._open)

    async def groups(self, context: Context, may_act_for: MayActFor) -> Groups:
        """Return the user's groups for `begin`, if the policy wants to know them.

        Raises:
            NotAuthorizedError: the caller may not authenticate this user, nor learn of its groups.
        """
        _require_right(context, may_act_for)
        return await self._admission.groups(context.user, context.service)

    def begin(
        self,
        context: Context,
        owner: str,
        may_act_for: MayActFor,
        uid: int = ROOT,
        groups: Groups = None,
    ) -> tuple[str, Steps]:
        """Open a transaction for a connection, and return its name and first steps.

        Args:
            uid: of that connection.
            groups: of the user; None if nobody said, and then there are no exceptions.

        Raises:
            NotAuthorizedError: the caller may not authenticate this user.
            BusyError: too many transactions are open.
        """
        _require_right(context, may_act_for)
        settings = self._settings()
        policy = settings.policy(context.service)
        catalogue = self._languages.catalogue(context.locale or policy.language)
        policy = policy.said_in(catalogue)
        mode = mode_for(policy, context.mode, context.service)
        transaction = Transaction(
            name=self._source.token(_NAME_BITS),
            owner=owner,
            context=context,
            policy=policy,
            mode=mode,
            begun=self._clock.now(),
            uid=uid,
            stage=_first_stage(policy, mode),
            catalogue=catalogue,
        )
        self._open.add(transaction, settings.most_transactions)
        try:
            steps = self._first_steps(transaction, groups)
        except BaseException:
            self._open.close(transaction)
            raise
        if steps[-1].kind is StepKind.OUTCOME:
            self._open.close(transaction)
        return transaction.name, said_in(catalogue, steps)

    def _first_steps(self, transaction: Transaction, groups: Groups) -> Steps:
        ruling = self._ruling(transaction, groups)
        is_pin_change = transaction.mode is Mode.CHANGE_PIN
        # Who is enrolled changes the PIN by the PIN, wherever codes are not asked for.
        if (
            ruling
            and ruling.treatment is Treatment.NOTHING
            and not (is_pin_change and self._is_enrolled(transaction.context.user))
        ):
            check = ruling.deciding
            self._journal.record(CodeSkipped(transaction.login, check.key, check.finding))
            return prompts.stand_aside(transaction.policy, check)
        if is_pin_change:
            return self._pin_change.open(transaction)
        if ruling and ruling.treatment is Treatment.ENROLMENT:
            return self._first_login.open(transaction)
        if ruling and ruling.treatment is Treatment.PIN_ALONE:
            transaction.pin_suffices = ruling.deciding
        return self._dialogue.open(transaction)

    def _ruling(self, transaction: Transaction, groups: Groups) -> Ruling | None:
        """Return what the policy asks for; None where it asks everybody for everything."""
        if transaction.policy.is_plain:
            return None
        return self._admission.ruling(
            transaction.context,
            transaction.policy,
            transaction.mode,
            groups,
            is_root=transaction.uid == ROOT,
        )

    async def respond(self, name: str, answer: str, owner: str) -> Steps:
        """Return the steps after an answer to the prompt of a transaction.

        Whatever goes wrong ends the transaction: there is no second try after an error.

        Raises:
            NoSuchTransactionError: it is unknown, over, busy, or another connection's.
        """
        transaction = self._open.take(name, owner)
        transaction.busy = True
        try:
            if transaction.enrols:
                steps = await self._first_login.answer(transaction, answer)
            elif transaction.mode is Mode.CHANGE_PIN:
                steps = await self._pin_change.answer(transaction, answer)
            else:
                steps = await self._dialogue.answer(transaction, answer)
        except BaseException:
            self._open.close(transaction)
            raise
        transaction.busy = False
        if transaction.over:
            raise NoSuchTransactionError
        if steps[-1].kind is StepKind.OUTCOME:
            self._open.close(transaction)
        return said_in(transaction.catalogue, steps)

    def cancel(self, name: str, owner: str) -> None:
        """End a transaction of this connection; one that is over already is no error."""
        transaction = self._open.named(name)
        if transaction is not None and transaction.owner == owner:
            self._cancel(transaction, "given up")

    def owner_left(self, owner: str) -> None:
        """End all transactions of a connection that is gone."""
        for transaction in self._open.owned_by(owner):
            self._cancel(transaction, "the program left")

    def expire(self) -> None:
        """End the transactions that nobody answered for too long."""
        for transaction in self._open.stale(
            self._settings().transaction_seconds, self._clock.now()
        ):
            self._cancel(transaction, "nobody answered")

    async def verify(self, transaction_id: str, code: str, may_act_for: MayActFor) -> Result:
        """Judge a code whose transaction id stands for the PIN.

        An unknown id is denied like a wrong code.

        Raises:
            NotAuthorizedError: the caller may not authenticate the user of that transaction.
        """
        begun = self._clock.now()
        id_digest = transaction_id_digest(self._key, transaction_id)
        with self._store.change() as change:
            challenge = change.challenge_by_id(id_digest)
        if challenge is None:
            return Result.AUTH_ERR
        key = challenge.key
        if not may_act_for(key.user):
            raise NotAuthorizedError("only root may authenticate other users")
        login = Login(key.user, key.service, key.rhost)
        policy = self._settings().policy(key.service)
        proof = await self._code_proofs.judge(login, code, policy, id_digest)
        if proof.judgement is Judgement.RIGHT:
            seconds = self._clock.now().boot - begun.boot
            self._journal.record(LoginGranted(login, seconds, proof.kind))
            return Result.SUCCESS
        self._journal.record(LoginDenied(login, reason_of(proof)))
        if proof.judgement in {Judgement.WRONG, Judgement.EXPIRED}:
            return Result.AUTH_ERR
        return Result.MAXTRIES

    def _cancel(self, transaction: Transaction, reason: str) -> None:
        self._open.close(transaction)
        self._journal.record(LoginCancelled(transaction.login, reason))

    def _is_enrolled(self, user: str) -> bool:
        with self._store.change() as change:
            return change.enrolment(user) is not None


def _require_right(context: Context, may_act_for: MayActFor) -> None:
    if not may_act_for(context.user):
        raise NotAuthorizedError("only root may authenticate other users")


def _first_stage(policy: Policy, mode: Mode) -> Stage:
    if mode is Mode.TWO_ATTEMPT:
        return Stage.SINGLE
    return Stage.PIN if Factor.PIN in policy.factors else Stage.SEND
