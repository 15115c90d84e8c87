# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers that bound guessing and sending, each with the clause it comes from."""

from dataclasses import dataclass

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `count` events within `window_seconds`."""

    count: int
    window_seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for guesses and for sends; the configuration may set each."""

    # PCI DSS 4.0.1, 8.3.4: lock after not more than 10 attempts, for at least 30 minutes.
    failures_to_lock: int = 10
    lock_seconds: float = 1800.0
    # NIST SP 800-63B rev. 3, 5.2.2 (63B-4, 3.2.2): not more than 100 consecutive failures.
    failures_to_disable: int = 100
    # RFC 4226, 7.3: delay grows with each attempt (5, 10, 15 s …), across parallel logins.
    failures_without_delay: int = 3
    delay_step_seconds: float = 5.0
    # A guess that would wait longer than this is refused unjudged: below the terminal's deadline.
    longest_delay_seconds: float = 15.0
    # OWASP multifactor cheat sheet: growing delay between resends against cost exhaustion.
    resend_seconds: float = 30.0
    longest_resend_seconds: float = 3600.0

    guesses_per_phone: Budget = Budget(30, 3600.0)
    guesses_per_origin: Budget = Budget(60, 3600.0)
    guesses_per_prefix: Budget = Budget(5000, 3600.0)
    guesses_in_all: Budget = Budget(20_000, 3600.0)

    sends_per_user: Budget = Budget(20, _DAY)
    sends_per_phone: Budget = Budget(20, _DAY)
    sends_per_origin: Budget = Budget(100, _DAY)
    sends_per_prefix: Budget = Budget(2000, _DAY)
    sends_in_all: Budget = Budget(5000, _DAY)
