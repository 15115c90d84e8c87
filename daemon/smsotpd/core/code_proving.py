# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Judging a code, whatever its kind. Counted first, judged then, told last.

One answer is one guess, whatever kinds of codes it might be. What a guess is worth, all kinds taken
together, is reckoned in docs/adr/0011-more-ways-in.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from smsotpd.core.authenticator import DIGITS, CodeAt, decoy, judge_app_code
from smsotpd.core.challenge import Challenge, ChallengeKey, Judgement, is_live, judge
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.events import BreakGlassUsed, Event, Login, RecoveryCodeUsed
from smsotpd.core.guessing import Guesses
from smsotpd.core.moment import Moment
from smsotpd.core.policy import Policy, Settings
from smsotpd.core.ports import Clock, Journal, PinHasher, Store, StoreChange
from smsotpd.core.request import normalised
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import BREAK_GLASS_LETTER, is_over, parse_spare_code
from smsotpd.core.throttle import Permit, Refusal
from smsotpd.core.ways import ways_of

_BESIDE_SENT = frozenset({CodeKind.AUTHENTICATOR, CodeKind.RECOVERY})


@dataclass(frozen=True, slots=True)
class CodeProof:
    """What a code turned out to be.

    Attributes:
        refusal: why it was not judged, if so.
        answers_left: to the same challenge.
        kind: of the code, if it was right.
        recovery_codes: how many are left, if it was one of them.
    """

    judgement: Judgement | None
    refusal: Refusal | None = None
    answers_left: int = 0
    kind: CodeKind = CodeKind.SENT
    recovery_codes: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """One answer, and what it is to be judged against."""

    login: Login
    policy: Policy
    id_digest: bytes | None = field(repr=False)
    pin_hash: str = field(repr=False)
    given: str = field(repr=False)
    spare: str = field(repr=False)


class CodeProofs:
    """Judge codes, each guess counted on disk before anybody learns its worth."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        guesses: Guesses,
        code_at: CodeAt,
        journal: Journal,
        key: bytes,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._guesses = guesses
        self._code_at = code_at
        self._journal = journal
        self._key = key
        self._settings = settings

    async def judge(
        self,
        login: Login,
        answer: str,
        policy: Policy,
        id_digest: bytes | None = None,
        *,
        pin_hash: str = "",
    ) -> CodeProof:
        """Judge an answer to the live challenge of this user, service and host, or beside it.

        Args:
            id_digest: names the challenge by its transaction id instead; then there must be one.
            pin_hash: of the PIN that was proven before. Once the user has another PIN, nothing
                is judged for who proved the old one: it is for who proves the new one.
        """
        asked = _Asked(
            login, policy, id_digest, pin_hash, normalised(answer), parse_spare_code(answer)
        )
        limits = self._settings().limits
        proof, events = None, list[Event]()
        with self._store.change() as change:
            if not self._is_judged(change, asked):
                return CodeProof(Judgement.EXPIRED)
            enrolment = change.enrolment(login.user)
            now = self._clock.now()
            verdict = self._guesses.reserve(change, login, enrolment, limits, now, is_code=True)
            if not isinstance(verdict, Permit):
                return CodeProof(None, verdict)
            encoded = self._hash_of_spare(change, asked, now)
            if not verdict.wait and not asked.spare:
                proof = self._judge(change, asked, "", events)
        if proof is None:
            await self._clock.sleep(verdict.wait)
            if asked.spare and not await self._hasher.verify(encoded or None, Secret(asked.spare)):
                encoded = ""
            with self._store.change() as change:
                proof = self._judge(change, asked, encoded, events)
        if proof.judgement is not Judgement.RIGHT:
            self._guesses.report(login, verdict)
        for event in events:
            self._journal.record(event)
        return proof

    def _is_judged(self, change: StoreChange, asked: _Asked) -> bool:
        """Tell whether an answer is a guess at all; if not, it costs nothing and is worth nothing.

        Where no PIN was proven, that must not depend on what the user has.
        """
        if not _stands(change, asked):
            return False
        if _challenge(change, asked) is not None:
            return True
        if asked.id_digest is not None:
            return False
        codes = asked.policy.codes
        if not asked.pin_hash and codes & _BESIDE_SENT:
            return True
        return bool(ways_of(change, asked.login.user, codes, self._clock.now()))

    def _hash_of_spare(self, change: StoreChange, asked: _Asked, now: Moment) -> str:
        """Return the one hash that a spare code may have; empty if there is none."""
        user, letter = asked.login.user, asked.spare[:1]
        if not letter:
            return ""
        if letter == BREAK_GLASS_LETTER:
            out = change.break_glass(user)
            return out.encoded if out is not None and not is_over(out, now) else ""
        if CodeKind.RECOVERY not in asked.policy.codes:
            return ""
        return change.recovery_codes(user).get(letter, "")

    def _judge(
        self, change: StoreChange, asked: _Asked, encoded: str, events: list[Event]
    ) -> CodeProof:
        """Judge within the change that stores what is left, so that no crash grants twice."""
        challenge = _challenge(change, asked)
        now = self._clock.now()
        if not _stands(change, asked) or (
            asked.id_digest is not None and (challenge is None or not is_live(challenge, now))
        ):
            if challenge is not None and not is_live(challenge, now):
                change.drop_challenge(challenge.key)
            return CodeProof(Judgement.EXPIRED)
        enrolment = change.enrolment(asked.login.user)
        may_log_in = enrolment is not None and not enrolment.disabled
        other = self._take(change, asked, encoded, now, events, may_log_in=may_log_in)
        proof = CodeProof(Judgement.EXPIRED)
        if challenge is not None:
            judgement, left = judge(challenge, asked.given, self._key, now)
            if left is None or other is not None:
                change.drop_challenge(challenge.key)
            else:
                change.put_challenge(left)
            proof = CodeProof(judgement, answers_left=left.answers_left if left else 0)
        if other is not None:
            proof = other
        if proof.judgement is Judgement.RIGHT:
            if not may_log_in:
                return CodeProof(None, Refusal.DISABLED)
            self._guesses.clear(change, asked.login, enrolment, self._settings().limits)
        return proof

    def _take(
        self,
        change: StoreChange,
        asked: _Asked,
        encoded: str,
        now: Moment,
        events: list[Event],
        *,
        may_log_in: bool,
    ) -> CodeProof | None:
        """Use up the code that the answer is, if it is one of those that are not sent.

        Args:
            encoded: hash of the spare code that was typed; empty if it was none, or a wrong one.
        """
        user = asked.login.user
        has_app = may_log_in and CodeKind.AUTHENTICATOR in asked.policy.codes
        app = change.authenticator(user) if has_app else None
        judged = app or decoy(DIGITS[0])
        accepted = judge_app_code(judged, asked.given, self._key, self._code_at, now.wall)
        if app is not None and accepted is not None:
            change.put_authenticator(accepted)
            return CodeProof(Judgement.RIGHT, kind=CodeKind.AUTHENTICATOR)
        # What was compared may have been used or replaced since.
        if not encoded or not may_log_in or self._hash_of_spare(change, asked, now) != encoded:
            return None
        if asked.spare.startswith(BREAK_GLASS_LETTER):
            out = change.break_glass(user)
            change.drop_break_glass(user)
            events.append(BreakGlassUsed(asked.login, out.reason if out else ""))
            return CodeProof(Judgement.RIGHT, kind=CodeKind.BREAK_GLASS)
        change.drop_recovery_code(user, asked.spare[0])
        left = len(change.recovery_codes(user))
        events.append(RecoveryCodeUsed(asked.login, asked.spare[0], left))
        return CodeProof(Judgement.RIGHT, kind=CodeKind.RECOVERY, recovery_codes=left)


def _stands(change: StoreChange, asked: _Asked) -> bool:
    """Tell whether the PIN that was proven is still the user's."""
    enrolment = change.enrolment(asked.login.user) if asked.pin_hash else None
    return enrolment is None or enrolment.pin_hash == asked.pin_hash


def _challenge(change: StoreChange, asked: _Asked) -> Challenge | None:
    if CodeKind.SENT not in asked.policy.codes:
        return None
    if asked.id_digest is not None:
        return change.challenge_by_id(asked.id_digest)
    login = asked.login
    return change.challenge(ChallengeKey(login.user, login.service, login.rhost))


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
