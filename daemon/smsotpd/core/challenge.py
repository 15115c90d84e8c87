# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A challenge: one code on its way to one user, and the judging of answers to it."""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from enum import Enum

from smsotpd.core.moment import Moment, may_have_passed


@dataclass(frozen=True, slots=True)
class ChallengeKey:
    """Name a challenge: there is one live challenge per user, service and remote host."""

    user: str
    service: str
    rhost: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """One code that was sent, of which only a keyed digest is kept.

    Attributes:
        salt: random text that makes the digests of equal codes differ.
        digest: HMAC-SHA-256 of salt and code under the daemon's key.
        id_digest: the same of the transaction id that stands for the PIN; None if none was named.
        issued: when the code was made.
        lifetime: seconds.
        answers_left: wrong answers that are still allowed; a resend does not raise it.
        sends: how often a code was sent for this challenge.
        masked: the recipient as the prompt shows it.
    """

    key: ChallengeKey
    salt: str = field(repr=False)
    digest: bytes = field(repr=False)
    issued: Moment
    lifetime: float
    answers_left: int
    sends: int
    masked: str
    digits: int
    id_digest: bytes | None = field(default=None, repr=False)


class Judgement(Enum):
    """What one answer to a challenge turned out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"  # wrong, and the last one allowed


def is_live(challenge: Challenge, now: Moment) -> bool:
    """Tell whether the challenge still takes answers."""
    return challenge.answers_left > 0 and not may_have_passed(
        challenge.issued, challenge.lifetime, now
    )


def judge(
    challenge: Challenge, answer: str, key: bytes, now: Moment
) -> tuple[Judgement, Challenge | None]:
    """Judge one answer, and return what is left of the challenge.

    The caller stores what is left before it tells anybody the judgement. None means that the
    challenge is to be removed: it was answered, it expired, or it is exhausted.
    """
    if not is_live(challenge, now):
        return Judgement.EXPIRED, None
    given = code_digest(key, challenge.salt, answer)
    if hmac.compare_digest(given, challenge.digest):
        return Judgement.RIGHT, None
    left = challenge.answers_left - 1
    if left == 0:
        return Judgement.EXHAUSTED, None
    return Judgement.WRONG, replace(challenge, answers_left=left)


def code_digest(key: bytes, salt: str, code: str) -> bytes:
    """Return the keyed digest under which a code is stored (HMAC-SHA-256, RFC 2104)."""
    return _keyed(key, b"code", salt, code)


def transaction_id_digest(key: bytes, transaction_id: str) -> bytes:
    """Return the keyed digest under which a transaction id is stored."""
    return _keyed(key, b"transaction-id", "", transaction_id)


def _keyed(key: bytes, purpose: bytes, salt: str, text: str) -> bytes:
    # The zero byte separates: neither a salt nor D-Bus text holds one.
    message = b"\0".join((purpose, salt.encode(), text.encode(errors="surrogatepass")))
    return hmac.digest(key, message, hashlib.sha256)
