# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases of the bus's SelfService interface: users look after their own enrolment.

Whoever changes something first proves the old factors, by the same rules, limits and messages as
at a login. A connection has one change at a time, and nobody else can name it.
"""

from collections.abc import Callable
from dataclasses import replace

from smsotpd.core import new_pin, prompts
from smsotpd.core.address_proof import AddressProofs
from smsotpd.core.challenge import Judgement
from smsotpd.core.code_proving import CodeProof, reason_of
from smsotpd.core.code_stage import CodeStage
from smsotpd.core.ending import deny, require_open
from smsotpd.core.enrolment import Enrolment, parse_user, with_recipient
from smsotpd.core.errors import (
    BadArgumentError,
    NoSuchTransactionError,
    NotFoundError,
    RefusedError,
)
from smsotpd.core.events import EnrolmentChanged, InvitationUsed, LoginCancelled
from smsotpd.core.invitations import invitation_hash
from smsotpd.core.old_address import Tell, tell_old_addresses
from smsotpd.core.own_authenticator import OwnAuthenticator
from smsotpd.core.phrase import Catalogue, Languages, in_language, phrase
from smsotpd.core.policy import Factor, Mode, Policy, Settings
from smsotpd.core.ports import Clock, CodeSource, Journal, PinHasher, Store
from smsotpd.core.proving import CHANGED_MEANWHILE, Proofs
from smsotpd.core.recovery import RecoveryCodes
from smsotpd.core.self_change import (
    NEED_CODE,
    SERVICE,
    Kind,
    SelfChange,
    Wish,
    lets_users_enrol,
    parse_wish,
)
from smsotpd.core.sending import NotSent, Sent
from smsotpd.core.transaction import Context, Result, Stage, StepKind, Steps, Transactions, said_in

_NAME_BITS = 128
_MOST_OPEN = 1024
MOST_ANSWERS = 12


class SelfService:
    """Let users change their own enrolments."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        source: CodeSource,
        hasher: PinHasher,
        proofs: Proofs,
        code_stage: CodeStage,
        addresses: AddressProofs,
        recovery: RecoveryCodes,
        own_authenticator: OwnAuthenticator,
        journal: Journal,
        tell: Tell,
        local_day: Callable[[float], str],
        settings: Callable[[], Settings],
        languages: Languages,
    ) -> None:
        self._store = store
        self._clock = clock
        self._source = source
        self._hasher = hasher
        self._proofs = proofs
        self._code_stage = code_stage
        self._addresses = addresses
        self._recovery = recovery
        self._own_authenticator = own_authenticator
        self._journal = journal
        self._tell = tell
        self._local_day = local_day
        self._settings = settings
        self._languages = languages
        self._open = Transactions()
        self._locales: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._open)

    def read_wish(self, owner: str, kind: str, channel: str, address: str) -> Wish:
        """Read what a connection wants changed.

        Raises:
            BadArgumentError: as of `parse_wish`; in the language of the connection.
        """
        try:
            return parse_wish(kind, channel, address)
        except BadArgumentError as error:
            if error.told:
                policy = self._settings().policy(SERVICE)
                error.args = (in_language(self._language_of(owner, policy), error.told),)
            raise

    async def begin(self, user: str, uid: int, owner: str, wish: Wish) -> Steps:
        """Begin a change, in the place of one that this connection had begun.

        Raises:
            NotFoundError: the user is not enrolled, or has not what is to be changed.
            RefusedError: the user is enrolled already, is disabled, or no policy lets users enrol.
            BusyError: too many changes are in progress.
        """
        policy = self._settings().policy(SERVICE)
        catalogue = self._language_of(owner, policy)
        before = self._look_up(parse_user(user), wish, catalogue)
        self.give_up(owner)
        change = SelfChange(
            name=self._source.token(_NAME_BITS),
            owner=owner,
            context=Context(user, SERVICE),
            policy=policy.said_in(catalogue),
            mode=Mode.CONVERSATION,
            begun=self._clock.now(),
            uid=uid,
            catalogue=catalogue,
            wish=wish,
            before=before,
        )
        self._open.add(change, _MOST_OPEN)
        return await self._guarded(change, None)

    async def respond(self, owner: str, answer: str) -> Steps:
        """Return the steps after an answer to the prompt of this connection's change.

        Raises:
            NoSuchTransactionError: there is none, or it is busy.
        """
        opened = self._open.owned_by(owner)
        if not opened or opened[0].busy:
            raise NoSuchTransactionError
        change = opened[0]
        assert isinstance(change, SelfChange)  # noqa: S101  # nothing else is added
        return await self._guarded(change, answer)

    def speak(self, owner: str, locale: str) -> None:
        """Speak to a connection in the language of a locale, from its next change on.

        Too many that want it are spoken to in the policy's: that is no reason to turn them away.
        """
        if owner in self._locales or len(self._locales) < _MOST_OPEN:
            self._locales[owner] = locale

    def _language_of(self, owner: str, policy: Policy) -> Catalogue:
        return self._languages.catalogue(self._locales.get(owner) or policy.language)

    def owner_left(self, owner: str) -> None:
        """Forget a connection that is gone."""
        self._locales.pop(owner, None)
        self.give_up(owner)

    def give_up(self, owner: str) -> None:
        """End what a connection had begun; nothing is changed by halves."""
        for change in self._open.owned_by(owner):
            self._open.close(change)
            self._journal.record(LoginCancelled(change.login, "given up"))

    def expire(self) -> None:
        """End the changes that nobody answered for too long."""
        seconds = self._settings().transaction_seconds
        for change in self._open.stale(seconds, self._clock.now()):
            self._open.close(change)
            self._journal.record(LoginCancelled(change.login, "nobody answered"))

    def _look_up(self, user: str, wish: Wish, catalogue: Catalogue) -> Enrolment | None:
        def said(text: str) -> str:
            return in_language(catalogue, text)

        with self._store.change() as change:
            enrolment, app = change.enrolment(user), change.authenticator(user)
        if wish.kind in {Kind.ENROL, Kind.INVITATION}:
            if enrolment is not None:
                raise RefusedError(said(phrase("you are enrolled already")))
            # Whether an invitation is out is told to nobody who does not have it.
            if wish.kind is Kind.INVITATION:
                return None
            if not lets_users_enrol(self._settings(), self._local_day(self._clock.now().wall)):
                told = phrase("no policy lets users enrol themselves; ask an administrator")
                raise RefusedError(said(told))
            return None
        if enrolment is None:
            raise NotFoundError(said(phrase("you are not enrolled")))
        if enrolment.disabled:
            raise RefusedError(said(phrase("you are disabled; ask an administrator")))
        channels = {recipient.channel for recipient in enrolment.recipients}
        if wish.channel and wish.channel not in channels:
            raise NotFoundError(said(phrase("you have no address on that channel")))
        if wish.kind is Kind.REMOVE_APP and app is None:
            raise NotFoundError(said(phrase("you have no authenticator app")))
        return enrolment

    async def _guarded(self, change: SelfChange, answer: str | None) -> Steps:
        """Take a step; whatever goes wrong ends the change."""
        change.busy = True
        try:
            steps = await (self._first(change) if answer is None else self._next(change, answer))
            require_open(change)
        except BaseException:
            self._open.close(change)
            raise
        change.busy = False
        if steps[-1].kind is StepKind.OUTCOME:
            self._open.close(change)
        return said_in(change.catalogue, steps)

    async def _first(self, change: SelfChange) -> Steps:
        if change.wish.kind is Kind.INVITATION:
            change.stage = Stage.PIN
            return prompts.ask_invitation()
        if change.before is None:
            return await self._ask_address(change)
        if change.before.pin_hash:
            change.stage = Stage.PIN
            return prompts.ask_present_pin()
        change.stage = Stage.SEND
        return self._code_stage.open(change)

    async def _next(self, change: SelfChange, answer: str) -> Steps:
        change.answers += 1
        if change.answers > MOST_ANSWERS:
            return self._deny(change, Result.MAXTRIES, "too many answers")
        return await self._after(change, answer)

    async def _after(self, change: SelfChange, answer: str) -> Steps:
        match change.stage:
            case Stage.PIN:
                return await self._after_pin(change, answer)
            case Stage.SEND | Stage.CODE:
                answered = await self._code_stage.answer(change, answer)
                return await self._proven(change) if isinstance(answered, CodeProof) else answered
            case Stage.NUMBER:
                return await self._after_address_code(change, answer)
            case Stage.APP:
                return self._own_authenticator.confirm(change, answer)
            case Stage.NEW_PIN:
                return await new_pin.after_first(change, answer, self._hasher)
            case _:
                return await self._after_repetition(change, answer)

    async def _after_pin(self, change: SelfChange, answer: str) -> Steps:
        invites = change.wish.kind is Kind.INVITATION
        proof = await self._proofs.pin(change.login, answer, invites=invites)
        require_open(change)
        if not proof.is_right:
            return self._deny(change, Result.AUTH_ERR, proof.reason, prompts.NOT_PROVEN)
        change.pin_hash, change.invitation = proof.pin_hash, proof.invitation
        if change.wish.kind in NEED_CODE:
            return await self._code_stage.begin(change, proof.enrolment)
        return await self._proven(change)

    async def _proven(self, change: SelfChange) -> Steps:
        """Go on after the old factors."""
        require_open(change)
        match change.wish.kind:
            case Kind.NUMBER | Kind.INVITATION:
                return await self._ask_address(change)
            case Kind.ORDER:
                return self._prefer(change)
            case Kind.RECOVERY:
                return await self._renew_recovery_codes(change)
            case Kind.ADD_APP:
                return self._own_authenticator.offer(change)
            case Kind.REMOVE_APP:
                return self._own_authenticator.remove(change)
            case _:
                return new_pin.ask(change)

    async def _renew_recovery_codes(self, change: SelfChange) -> Steps:
        def may_still(present: Enrolment) -> bool:
            return present == change.before and not change.over

        try:
            codes = await self._recovery.renew(change.context.user, change.uid, may_still)
        except (RefusedError, NotFoundError):
            return self._deny(change, Result.AUTH_ERR, CHANGED_MEANWHILE, prompts.NOT_CHANGED)
        return prompts.end_with_recovery_codes(codes)

    async def _ask_address(self, change: SelfChange) -> Steps:
        recipient = change.wish.recipient
        assert recipient is not None  # noqa: S101  # `parse_wish` saw to it
        asked = await self._addresses.ask(change.login, change.policy, recipient)
        require_open(change)
        if isinstance(asked, NotSent):
            return self._code_stage.unsent(change, asked)
        change.asked, change.stage = asked, Stage.NUMBER
        sent = Sent(recipient.masked, is_new=True)
        return prompts.ask_code(change.policy, change.context, sent)

    async def _after_address_code(self, change: SelfChange, answer: str) -> Steps:
        assert change.asked is not None  # noqa: S101  # the stage says so
        proof, left = await self._addresses.judge(change.login, change.asked, answer)
        require_open(change)
        if proof.judgement is not Judgement.RIGHT:
            if left is None:
                told = prompts.TOO_MANY_WRONG
                return self._deny(change, Result.MAXTRIES, reason_of(proof), told)
            change.asked = left
            return prompts.ask_number_code_again(proof.answers_left)
        if change.before is None and self._needs_pin():
            return new_pin.ask(change)
        return self._put(change, self._with_address(change))

    def _needs_pin(self) -> bool:
        """Tell whether any service asks for a PIN."""
        settings = self._settings()
        policies = (settings.default_policy, *settings.services.values())
        return any(Factor.PIN in policy.factors for policy in policies)

    async def _after_repetition(self, change: SelfChange, answer: str) -> Steps:
        encoded = await new_pin.after_second(change, answer, self._hasher)
        if not isinstance(encoded, str):
            return encoded
        before = change.before
        enrolment = self._with_address(change) if before is None else before
        return self._put(change, replace(enrolment, pin_hash=encoded))

    def _with_address(self, change: SelfChange) -> Enrolment:
        """Return the enrolment with the address that was proven."""
        assert change.asked is not None  # noqa: S101  # the stage says so
        recipient, before = change.asked.recipient, change.before
        if before is None:
            wall = self._clock.now().wall
            return Enrolment(change.context.user, (recipient,), enrolled_at=wall)
        return with_recipient(before, recipient)

    def _prefer(self, change: SelfChange) -> Steps:
        before = change.before
        assert before is not None  # noqa: S101  # `_look_up` saw to it
        channel = change.wish.channel
        recipients = sorted(before.recipients, key=lambda recipient: recipient.channel != channel)
        return self._put(change, replace(before, recipients=tuple(recipients)))

    def _put(self, change: SelfChange, after: Enrolment) -> Steps:
        """Make a change count, unless somebody else made one meanwhile."""
        require_open(change)
        user, before = change.context.user, change.before
        with self._store.change() as stored:
            is_as_it_was = stored.enrolment(user) == before and (
                not change.invitation
                or invitation_hash(stored, user, self._clock.now()) == change.invitation
            )
            if is_as_it_was:
                stored.put_enrolment(after)
                stored.drop_invitation(user)
                stored.drop_challenges_of(user)
                stored.drop_remembered_of(user)
                if change.asked is not None:
                    # As after a granted login: the code came back.
                    stored.put_cooldown(user, None)
        if not is_as_it_was:
            return self._deny(change, Result.AUTH_ERR, CHANGED_MEANWHILE, prompts.NOT_CHANGED)
        if change.invitation:
            self._journal.record(InvitationUsed(change.login))
        event = EnrolmentChanged(user, f"{change.wish.kind}: changed by the user", change.uid)
        self._journal.record(event)
        if before is not None:
            tell_old_addresses(self._tell, event, before.recipients, after.recipients)
        return prompts.end_changed()

    def _deny(self, change: SelfChange, result: Result, reason: str, told: str = "") -> Steps:
        return deny(self._journal, change, result, f"{change.wish.kind}: {reason}", told)
