# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Changing a PIN through PAM, as passwd(1) does with passwords."""

from dataclasses import replace

from smsotpd.core import new_pin, prompts
from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import EnrolmentChanged, LoginDenied
from smsotpd.core.ports import Journal, PinHasher, Store
from smsotpd.core.proving import CHANGED_MEANWHILE, Proofs, is_proven_by
from smsotpd.core.transaction import Result, Stage, Steps, Transaction

MOST_ANSWERS = 8


class PinChange:
    """Ask for the present PIN, then twice for a new one."""

    def __init__(
        self,
        store: Store,
        hasher: PinHasher,
        proofs: Proofs,
        journal: Journal,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._proofs = proofs
        self._journal = journal

    def open(self, transaction: Transaction) -> Steps:
        """Ask for the present PIN."""
        transaction.stage = Stage.PIN
        return prompts.ask_present_pin()

    async def answer(self, transaction: Transaction, answer: str) -> Steps:
        """Return the steps after an answer."""
        transaction.answers += 1
        if transaction.answers > MOST_ANSWERS:
            return self._fail(transaction, Result.MAXTRIES, "too many answers")
        match transaction.stage:
            case Stage.PIN:
                return await self._after_present(transaction, answer)
            case Stage.REPEATED_PIN:
                return await self._after_repetition(transaction, answer)
            case _:
                return await new_pin.after_first(transaction, answer, self._hasher)

    async def _after_present(self, transaction: Transaction, answer: str) -> Steps:
        proof = await self._proofs.pin(transaction.login, answer)
        if not proof.is_right:
            return self._fail(transaction, Result.AUTH_ERR, proof.reason)
        transaction.pin_hash = proof.pin_hash
        return new_pin.ask(transaction)

    async def _after_repetition(self, transaction: Transaction, answer: str) -> Steps:
        encoded = await new_pin.after_second(transaction, answer, self._hasher)
        if not isinstance(encoded, str):
            return encoded
        if transaction.over:
            raise NoSuchTransactionError
        user = transaction.context.user
        with self._store.change() as change:
            enrolment = change.enrolment(user)
            is_proven = is_proven_by(transaction.pin_hash, enrolment)
            if enrolment is not None and is_proven:
                change.put_enrolment(replace(enrolment, pin_hash=encoded))
                change.drop_challenges_of(user)
                change.drop_remembered_of(user)
        if not is_proven:
            return self._fail(transaction, Result.AUTHTOK_ERR, CHANGED_MEANWHILE)
        self._journal.record(EnrolmentChanged(user, "PIN changed by the user"))
        return prompts.end_pin_changed()

    def _fail(self, transaction: Transaction, result: Result, reason: str) -> Steps:
        self._journal.record(LoginDenied(transaction.login, f"PIN not changed: {reason}"))
        return prompts.end(result)
