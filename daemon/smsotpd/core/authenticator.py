# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An authenticator app: what is kept of it, and the judging of its codes (TOTP, RFC 6238)."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace

# From seed, time step and number of digits to the code.
CodeAt = Callable[[bytes, int, int], str]

STEP_SECONDS = 30  # RFC 6238, 5.2
DIGITS = (6, 8)
# RFC 6238, 5.2: one step for the delay of the network; here one each way, as clocks differ.
WINDOW = 1
# RFC 6238, 6: what a clock may have drifted in all, in steps, before it is taken for wrong.
MOST_DRIFT = 2

_SEED_BYTES = 20  # RFC 4226, 4, R6: 160 bits
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One app that was enrolled. Its seed is not kept: `seed_of` derives it.

    Attributes:
        salt: random text that the seed is derived from, together with the daemon's key.
        digits: of its codes.
        newest_step: the newest time step whose code was accepted; none up to it is again.
        drift: by how many steps its clock was ahead when a code was last accepted.
        added_at: seconds since 1970.
    """

    user: str
    salt: str = field(repr=False)
    digits: int = DIGITS[0]
    newest_step: int = 0
    drift: int = 0
    added_at: float = 0.0


def seed_of(key: bytes, user: str, salt: str) -> bytes:
    """Return the seed that an app shares with us; nobody has it who has not the key.

    Sources: RFC 6238, 3, R6 and RFC 4226, 7.5: seeds may be derived from a master key.
    """
    message = b"\0".join((b"authenticator", user.encode(), salt.encode()))
    return hmac.digest(key, message, hashlib.sha256)[:_SEED_BYTES]


def decoy(digits: int) -> Authenticator:
    """Return an authenticator that nobody has, to be judged where there is none."""
    return Authenticator(_NOBODY, "", digits)


def judge_app_code(
    authenticator: Authenticator, answer: str, key: bytes, code_at: CodeAt, wall: float
) -> Authenticator | None:
    """Judge one answer, and return the authenticator as it is to be stored; None if it is wrong.

    The window is around the present and around the drift that was learnt last: a code that was
    typed slowly looks like a clock that is late, and must not shut out the present. Every step that
    could ever be in a window is compared, whichever is right. A step that was accepted, or one
    before it, is refused even if the code is right (RFC 6238, 5.2).
    """
    seed = seed_of(key, authenticator.user, authenticator.salt)
    here = int(wall // STEP_SECONDS)
    given = answer.encode(errors="surrogatepass")
    accepted = None
    for offset in range(-MOST_DRIFT - WINDOW, MOST_DRIFT + WINDOW + 1):
        step = here + offset
        in_window = min(abs(offset), abs(offset - authenticator.drift)) <= WINDOW
        expected = code_at(seed, step, authenticator.digits).encode()
        is_right = hmac.compare_digest(given, expected)
        if is_right and in_window and step > authenticator.newest_step:
            accepted = step
    if accepted is None:
        return None
    drift = max(-MOST_DRIFT, min(MOST_DRIFT, accepted - here))
    return replace(authenticator, newest_step=accepted, drift=drift)
