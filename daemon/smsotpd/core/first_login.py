# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The enrolment at a first login: a number, and the code that was sent there.

It begins only where the policy says so, a module before us proved who the user is, and root's
program asks (`core.ruling`); or by an invitation in the place of the PIN, and then a PIN is chosen.
See docs/adr/0012-who-may-enrol.md and 0015-invitations.md.
"""

from smsotpd.core import new_pin, prompts
from smsotpd.core.address_proof import AddressProofs, AskedAddress
from smsotpd.core.challenge import Judgement
from smsotpd.core.channel import parse_recipient
from smsotpd.core.channel_names import SMS
from smsotpd.core.code_proving import reason_of
from smsotpd.core.ending import with_last_words
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import BadArgumentError, NoSuchTransactionError
from smsotpd.core.events import EnrolmentChanged, InvitationUsed, LoginDenied, LoginGranted
from smsotpd.core.invitations import invitation_hash
from smsotpd.core.ports import Clock, Journal, PinHasher, Store, StoreChange
from smsotpd.core.proving import CHANGED_MEANWHILE
from smsotpd.core.sending import NotSent, Sent
from smsotpd.core.throttle import NO_FAILURES
from smsotpd.core.transaction import Result, Stage, Steps, Transaction

MOST_ANSWERS = 8
_MOST_BY_INVITATION = 16


class FirstLogin:
    """Lead a user who is not enrolled from a number to a granted login."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        addresses: AddressProofs,
        journal: Journal,
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._addresses = addresses
        self._journal = journal

    def open(self, transaction: Transaction, invitation: str = "") -> Steps:
        """Ask for the number.

        Args:
            invitation: hash of the one that was proven; empty where the policy lets users enrol.
        """
        transaction.enrols, transaction.invitation = True, invitation
        transaction.stage = Stage.NUMBER
        return prompts.ask_number()

    async def answer(self, transaction: Transaction, answer: str) -> Steps:
        """Return the steps after an answer."""
        if transaction.stage is Stage.FAREWELL:
            return transaction.outcome
        transaction.answers += 1
        most = _MOST_BY_INVITATION if transaction.invitation else MOST_ANSWERS
        if transaction.answers > most:
            steps = self._deny(transaction, Result.MAXTRIES, "too many answers")
        elif transaction.stage is Stage.NEW_PIN:
            steps = await new_pin.after_first(transaction, answer, self._hasher)
        elif transaction.stage is Stage.REPEATED_PIN:
            steps = await self._after_repetition(transaction, answer)
        elif transaction.asked is None:
            steps = await self._after_number(transaction, answer)
        else:
            steps = await self._after_code(transaction, transaction.asked, answer)
        if transaction.over:
            raise NoSuchTransactionError
        return with_last_words(transaction, steps)

    async def _after_number(self, transaction: Transaction, answer: str) -> Steps:
        try:
            recipient = parse_recipient(SMS, answer)
        except BadArgumentError:
            return prompts.ask_number_again()
        asked = await self._addresses.ask(transaction.login, transaction.policy, recipient)
        if isinstance(asked, NotSent):
            reason = asked.refusal.value if asked.refusal else "the code could not be sent"
            self._journal.record(LoginDenied(transaction.login, f"not enrolled: {reason}"))
            return prompts.end_unsent(asked)
        transaction.asked = asked
        sent = Sent(recipient.masked, is_new=True)
        return prompts.ask_code(transaction.policy, transaction.context, sent)

    async def _after_code(
        self, transaction: Transaction, asked: AskedAddress, answer: str
    ) -> Steps:
        proof, left = await self._addresses.judge(transaction.login, asked, answer)
        if transaction.over:
            raise NoSuchTransactionError
        if proof.judgement is Judgement.RIGHT:
            if transaction.invitation:
                return new_pin.ask(transaction)
            return self._enrol(transaction, asked)
        if left is None:
            told = prompts.TOO_MANY_WRONG
            return self._deny(transaction, Result.MAXTRIES, reason_of(proof), told)
        transaction.asked = left
        return prompts.ask_number_code_again(proof.answers_left)

    async def _after_repetition(self, transaction: Transaction, answer: str) -> Steps:
        encoded = await new_pin.after_second(transaction, answer, self._hasher)
        if not isinstance(encoded, str):
            return encoded
        if transaction.over or transaction.asked is None:
            raise NoSuchTransactionError
        return self._enrol(transaction, transaction.asked, encoded)

    def _may_enrol(self, change: StoreChange, transaction: Transaction) -> bool:
        """Tell whether who began may still enrol; an invitation is used up by the first who did."""
        user, invitation = transaction.context.user, transaction.invitation
        if change.enrolment(user) is not None:
            return False
        return not invitation or invitation_hash(change, user, self._clock.now()) == invitation

    def _enrol(self, transaction: Transaction, asked: AskedAddress, pin_hash: str = "") -> Steps:
        user, now = transaction.context.user, self._clock.now()
        with self._store.change() as change:
            is_still_unenrolled = self._may_enrol(change, transaction)
            if is_still_unenrolled:
                enrolment = Enrolment(user, (asked.recipient,), pin_hash, enrolled_at=now.wall)
                change.put_enrolment(enrolment)
                change.drop_invitation(user)
                change.drop_challenges_of(user)
                change.put_failures(user, NO_FAILURES)
                change.put_cooldown(user, None)
        if not is_still_unenrolled:
            return self._deny(transaction, Result.AUTH_ERR, CHANGED_MEANWHILE)
        if transaction.invitation:
            self._journal.record(InvitationUsed(transaction.login))
        self._journal.record(EnrolmentChanged(user, "enrolled at the first login"))
        seconds = now.boot - transaction.begun.boot
        self._journal.record(LoginGranted(transaction.login, seconds))
        return prompts.end_enrolled(asked.recipient.masked)

    def _deny(self, transaction: Transaction, result: Result, reason: str, told: str = "") -> Steps:
        self._journal.record(LoginDenied(transaction.login, f"not enrolled: {reason}"))
        return prompts.end(result, told)
