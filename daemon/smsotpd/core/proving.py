# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Judging what a user proves: a PIN, then a code. Counted first, judged then, told last."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from smsotpd.core.challenge import Challenge, ChallengeKey, Judgement, judge
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import Login
from smsotpd.core.guessing import Guesses
from smsotpd.core.pin import LONGEST_PIN
from smsotpd.core.policy import Settings
from smsotpd.core.ports import Clock, PinHasher, Store, StoreChange
from smsotpd.core.secret import Secret
from smsotpd.core.text import has_control_characters
from smsotpd.core.throttle import Permit, Refusal

CHANGED_MEANWHILE = "the enrolment was changed meanwhile"

_SEPARATORS = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class PinProof:
    """What a PIN turned out to be.

    Attributes:
        reason: why it proves nothing, for the journal; empty if it is right.
        rest: what followed the PIN in the same answer: a code, or nothing.
    """

    reason: str
    enrolment: Enrolment | None = None
    rest: str = field(default="", repr=False)

    @property
    def is_right(self) -> bool:
        """Tell whether the user knows the PIN."""
        return not self.reason

    @property
    def pin_hash(self) -> str:
        """Return the hash of the PIN that was proven; empty if none was."""
        return self.enrolment.pin_hash if self.enrolment else ""


@dataclass(frozen=True, slots=True)
class CodeProof:
    """What a code turned out to be.

    Attributes:
        refusal: why it was not judged, if so.
        answers_left: to the same challenge.
    """

    judgement: Judgement | None
    refusal: Refusal | None = None
    answers_left: int = 0


class Proofs:
    """Judge PINs and codes, each guess counted on disk before anybody learns its worth."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        guesses: Guesses,
        key: bytes,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._guesses = guesses
        self._key = key
        self._settings = settings

    async def pin(self, login: Login, answer: str, digits: int = 0) -> PinProof:
        """Judge an answer to the PIN prompt.

        Unknown, disabled and locked users cost the same write and the same hash as a wrong PIN.
        What nobody can have typed (sshd's stand-in for a password it does not want judged) costs
        them, too, and counts for nothing.

        Args:
            digits: if not 0, a code of that many digits may follow the PIN in the same answer.
        """
        candidates = _split(answer, digits)
        if not answer or len(answer) > LONGEST_PIN + digits or has_control_characters(answer):
            with self._store.change() as change:
                self._guesses.pay(change, self._clock.now())
            await self._hasher.verify(None, Secret(""))
            return PinProof("no PIN was typed")
        limits = self._settings().limits
        with self._store.change() as change:
            enrolment = change.enrolment(login.user)
            verdict = self._guesses.reserve(change, login, enrolment, limits, self._clock.now())
        if not isinstance(verdict, Permit):
            await self._compare("", candidates)
            return PinProof(verdict.value)
        await self._clock.sleep(verdict.wait)
        encoded = enrolment.pin_hash if enrolment and not enrolment.disabled else ""
        rest = await self._compare(encoded, candidates)
        if rest is None:
            self._guesses.report(login, verdict)
            return PinProof(_reason(enrolment))
        with self._store.change() as change:
            enrolment = change.enrolment(login.user)
            if not is_proven_by(encoded, enrolment):
                return PinProof(CHANGED_MEANWHILE)
            self._guesses.release(change, login, enrolment, limits, verdict)
        return PinProof("", enrolment, rest)

    async def code(
        self, login: Login, answer: str, id_digest: bytes | None = None, *, pin_hash: str = ""
    ) -> CodeProof:
        """Judge an answer to the live challenge of this user, service and host.

        Args:
            id_digest: names the challenge by its transaction id instead.
            pin_hash: of the PIN that was proven before. Once the user has another PIN, there is
                no challenge for who proved the old one: the next is for who proves the new one.
        """
        given = normalised(answer)
        limits = self._settings().limits
        proof = None
        with self._store.change() as change:
            if self._find(change, login, id_digest, pin_hash) is None:
                return CodeProof(Judgement.EXPIRED)
            enrolment = change.enrolment(login.user)
            now = self._clock.now()
            verdict = self._guesses.reserve(change, login, enrolment, limits, now)
            if not isinstance(verdict, Permit):
                return CodeProof(None, verdict)
            if not verdict.wait:
                proof = self._judge(change, login, given, id_digest, pin_hash)
        if proof is None:
            await self._clock.sleep(verdict.wait)
            with self._store.change() as change:
                proof = self._judge(change, login, given, id_digest, pin_hash)
        if proof.judgement is not Judgement.RIGHT:
            self._guesses.report(login, verdict)
        return proof

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

    def _find(
        self, change: StoreChange, login: Login, id_digest: bytes | None, pin_hash: str
    ) -> Challenge | None:
        enrolment = change.enrolment(login.user) if pin_hash else None
        if enrolment is not None and enrolment.pin_hash != pin_hash:
            return None
        if id_digest is not None:
            return change.challenge_by_id(id_digest)
        return change.challenge(ChallengeKey(login.user, login.service, login.rhost))

    def _judge(
        self,
        change: StoreChange,
        login: Login,
        given: str,
        id_digest: bytes | None,
        pin_hash: str,
    ) -> CodeProof:
        """Judge within the change that stores what is left, so that no crash grants twice."""
        challenge = self._find(change, login, id_digest, pin_hash)
        if challenge is None:
            return CodeProof(Judgement.EXPIRED)
        judgement, left = judge(challenge, given, self._key, self._clock.now())
        if left is None:
            change.drop_challenge(challenge.key)
        else:
            change.put_challenge(left)
        if judgement is Judgement.RIGHT:
            enrolment = change.enrolment(login.user)
            if enrolment is None or enrolment.disabled:
                return CodeProof(None, Refusal.DISABLED)
            self._guesses.clear(change, login, enrolment, self._settings().limits)
        return CodeProof(judgement, answers_left=left.answers_left if left else 0)


def is_proven_by(pin_hash: str, enrolment: Enrolment | None) -> bool:
    """Tell whether a PIN that had this hash still is the PIN of a user who may log in.

    Whoever changed the PIN, or disabled the user, while a login was going on meant that login too.
    """
    return enrolment is not None and not enrolment.disabled and enrolment.pin_hash == pin_hash


def normalised(answer: str) -> str:
    """Return a typed code without the blanks and hyphens that phones show between digits."""
    return _SEPARATORS.sub("", answer)


def _split(answer: str, digits: int) -> list[tuple[str, str]]:
    """Return the ways to read an answer as PIN and rest, the longer rest first.

    The number of ways depends on the answer's shape alone, never on the user.
    """
    whole = [(answer, "")]
    if not digits or len(answer) <= digits:
        return whole
    pin, code = answer[:-digits], answer[-digits:]
    if code.isascii() and code.isdigit():
        return [(pin, code), *whole]
    return whole


def _reason(enrolment: Enrolment | None) -> str:
    if enrolment is None:
        return "not enrolled"
    if enrolment.disabled:
        return "disabled by the administrator"
    return "wrong PIN"
