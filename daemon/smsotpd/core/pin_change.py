# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Changing a PIN through PAM, as passwd(1) does with passwords."""

from dataclasses import replace

from smsotpd.core import prompts
from smsotpd.core.errors import BadArgumentError, NoSuchTransactionError
from smsotpd.core.events import EnrolmentChanged, LoginDenied
from smsotpd.core.pin import check_pin
from smsotpd.core.ports import Journal, PinHasher, Store
from smsotpd.core.proving import CHANGED_MEANWHILE, Proofs, is_proven_by
from smsotpd.core.secret import Secret
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
                return await self._after_new(transaction, answer)

    async def _after_present(self, transaction: Transaction, answer: str) -> Steps:
        proof = await self._proofs.pin(transaction.login, answer)
        if not proof.is_right:
            return self._fail(transaction, Result.AUTH_ERR, proof.reason)
        transaction.pin_hash = proof.pin_hash
        transaction.stage = Stage.NEW_PIN
        return prompts.ask_new_pin()

    async def _after_new(self, transaction: Transaction, answer: str) -> Steps:
        try:
            pin = check_pin(Secret(answer), transaction.context.user)
        except BadArgumentError as error:
            return prompts.ask_new_pin(error.told)
        transaction.new_pin_hash = await self._hasher.hash(pin)
        transaction.stage = Stage.REPEATED_PIN
        return prompts.ask_new_pin_again()

    async def _after_repetition(self, transaction: Transaction, answer: str) -> Steps:
        encoded, transaction.new_pin_hash = transaction.new_pin_hash, ""
        if not await self._hasher.verify(encoded, Secret(answer)):
            transaction.stage = Stage.NEW_PIN
            return prompts.ask_new_pin(prompts.PINS_DIFFER)
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
