# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Judging a PIN, and what follows it. Counted first, judged then, told last."""

from collections.abc import Callable
from dataclasses import dataclass, field

from smsotpd.core.authenticator import DIGITS
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import Login
from smsotpd.core.guessing import Guesses
from smsotpd.core.invitations import invitation_hash
from smsotpd.core.pin import LONGEST_PIN
from smsotpd.core.policy import Policy, Settings
from smsotpd.core.ports import Clock, PinHasher, Store, StoreChange
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import GROUPED_LENGTH, INVITATION_LETTER, parse_spare_code
from smsotpd.core.text import has_control_characters
from smsotpd.core.throttle import Permit

CHANGED_MEANWHILE = "the enrolment was changed meanwhile"


@dataclass(frozen=True, slots=True)
class PinProof:
    """What a PIN turned out to be.

    Attributes:
        reason: why it proves nothing, for the journal; empty if it is right.
        rest: what followed the PIN in the same answer: a code, or nothing.
        invitation: hash of the invitation that stands for the PIN of who is not enrolled.
    """

    reason: str
    enrolment: Enrolment | None = None
    rest: str = field(default="", repr=False)
    invitation: str = field(default="", repr=False)

    @property
    def is_right(self) -> bool:
        """Tell whether the user knows the PIN."""
        return not self.reason

    @property
    def pin_hash(self) -> str:
        """Return the hash of the PIN that was proven; empty if none was."""
        return self.enrolment.pin_hash if self.enrolment else ""


class Proofs:
    """Judge PINs and codes, each guess counted on disk before anybody learns its worth."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        guesses: Guesses,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._guesses = guesses
        self._settings = settings

    async def pin(
        self, login: Login, answer: str, lengths: tuple[int, ...] = (), *, invites: bool = False
    ) -> PinProof:
        """Judge an answer to the PIN prompt.

        Unknown, disabled and locked users cost the same write and the same hash as a wrong PIN.
        What nobody can have typed (sshd's stand-in for a password it does not want judged) costs
        them, too, and counts for nothing.

        Args:
            lengths: if there are any, a code of so many digits may follow the PIN in the same
                answer; so may a recovery code, with its hyphens.
            invites: whether an invitation may stand for the PIN of who is not enrolled. It is
                counted, written and hashed like a PIN, so nobody can tell whether one is out.
        """
        candidates = _split(answer, lengths)
        longest = LONGEST_PIN + (GROUPED_LENGTH if lengths else 0)
        if not answer or len(answer) > longest or has_control_characters(answer):
            with self._store.change() as change:
                self._guesses.pay(change, self._clock.now())
            await self._hasher.verify(None, Secret(""))
            return PinProof("no PIN was typed")
        limits = self._settings().limits
        with self._store.change() as change:
            enrolment = change.enrolment(login.user)
            invitation = self._invitation(change, login.user, answer) if invites else ""
            now = self._clock.now()
            verdict = self._guesses.reserve(change, login, enrolment, limits, now, is_code=False)
        if not isinstance(verdict, Permit):
            await self._compare("", candidates)
            return PinProof(verdict.value)
        await self._clock.sleep(verdict.wait)
        encoded = enrolment.pin_hash if enrolment and not enrolment.disabled else ""
        if invitation:
            encoded, candidates = invitation, [(parse_spare_code(answer), "")]
        rest = await self._compare(encoded, candidates)
        if rest is None:
            self._guesses.report(login, verdict)
            return PinProof(_reason(enrolment))
        with self._store.change() as change:
            enrolment = change.enrolment(login.user)
            if invitation:
                stands = invitation_hash(change, login.user, self._clock.now()) == invitation
            else:
                stands = is_proven_by(encoded, enrolment)
            if not stands:
                return PinProof(CHANGED_MEANWHILE)
            self._guesses.release(change, login, enrolment, limits, verdict, is_code=False)
        return PinProof("", enrolment, rest, invitation)

    def _invitation(self, change: StoreChange, user: str, answer: str) -> str:
        """Return the hash of the invitation that an answer may be; empty for anything else."""
        if not parse_spare_code(answer).startswith(INVITATION_LETTER):
            return ""
        return invitation_hash(change, user, self._clock.now())

    async def _compare(self, encoded: str, candidates: list[tuple[str, str]]) -> str | None:
        """Return what follows the PIN that has this hash; None if no candidate has it.

        All are compared: who typed the right PIN and a wrong code must not be told so by the time.
        """
        found = None
        for pin, rest in candidates:
            is_right = await self._hasher.verify(encoded or None, Secret(pin))
            if is_right and found is None:
                found = rest
        return found


def is_proven_by(pin_hash: str, enrolment: Enrolment | None) -> bool:
    """Tell whether a PIN that had this hash still is the PIN of a user who may log in.

    Whoever changed the PIN, or disabled the user, while a login was going on meant that login too.
    """
    return enrolment is not None and not enrolment.disabled and enrolment.pin_hash == pin_hash


def code_lengths(policy: Policy) -> tuple[int, ...]:
    """Return how many digits a code has that follows a PIN in the same answer, most first."""
    lengths = {policy.code_digits}
    if CodeKind.AUTHENTICATOR in policy.codes:
        lengths.add(DIGITS[0])
    return tuple(sorted(lengths, reverse=True))


def _split(answer: str, lengths: tuple[int, ...]) -> list[tuple[str, str]]:
    """Return the ways to read an answer as PIN and rest, the longer rest first.

    The number of ways depends on the answer's shape alone, never on the user.
    """
    whole = [(answer, "")]
    if not lengths:
        return whole
    split = []
    pin, spare = answer[:-GROUPED_LENGTH], answer[-GROUPED_LENGTH:]
    if pin and spare.count("-") == GROUPED_LENGTH // 5 and parse_spare_code(spare):
        split.append((pin, spare))
    for digits in lengths:
        pin, code = answer[:-digits], answer[-digits:]
        if pin and code.isascii() and code.isdigit():
            split.append((pin, code))
    return split + whole


def _reason(enrolment: Enrolment | None) -> str:
    if enrolment is None:
        return "not enrolled"
    if enrolment.disabled:
        return "disabled by the administrator"
    return "wrong PIN"
