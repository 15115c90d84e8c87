# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How many guesses and sends are allowed, and when; pure decisions over stored counts.

Everything here counts first: the caller stores the raised count, then judges or sends.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from smsotpd.core.limits import Budget, Limits
from smsotpd.core.moment import Moment, has_passed

# After so long without a guess, nothing is kept of a name that is not enrolled. No lock or pause
# lasts longer.
QUIET_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Failures:
    """Guesses that did not end in a granted login, since the last one that did.

    Attributes:
        towards_lock: guesses since the last lock or success, or since a quiet day.
        in_all: guesses since the last success.
        last: when the last guess was counted.
        locked: when the present lock began; None if there is none.
        disabled: whether the count reached the point where only an administrator helps.
        next_slot: boot-time second at which the next guess may be judged.
        of_codes: how many of all were guesses of codes.
    """

    towards_lock: int = 0
    in_all: int = 0
    last: Moment | None = None
    locked: Moment | None = None
    disabled: bool = False
    next_slot: float = 0.0
    of_codes: int = 0


NO_FAILURES = Failures()


@dataclass(frozen=True, slots=True)
class Permit:
    """The guess may be judged after `wait` seconds.

    Attributes:
        failures: how many there are in all if this guess turns out to be one.
        lock: when the lock began that this guess set; None if it set none.
        disables: whether this guess was the one too many.
    """

    wait: float = 0.0
    failures: int = 0
    lock: Moment | None = None
    disables: bool = False


class Refusal(StrEnum):
    """Why a guess is not judged, or a code is not sent."""

    LOCKED = "locked"
    DISABLED = "disabled"
    DELAYED = "delayed"
    BUDGET = "budget"
    COOLDOWN = "cooldown"


def is_locked(failures: Failures, limits: Limits, now: Moment) -> bool:
    """Tell whether a lock is in force."""
    return failures.locked is not None and not has_passed(failures.locked, limits.lock_seconds, now)


def reserve_guess(
    failures: Failures, limits: Limits, now: Moment, *, is_code: bool = False
) -> tuple[Permit | Refusal, Failures]:
    """Count one guess of a user before it is judged.

    A guess that is refused is not counted, since it is not judged either.

    Sources: lock after at most 10 failures for at least 30 minutes (PCI DSS 4.0.1, 8.3.4); at most
    100 consecutive failures (NIST SP 800-63B, 5.2.2); a delay that grows with each attempt and
    holds across parallel logins (RFC 4226, 7.3).
    """
    if failures.disabled:
        return Refusal.DISABLED, failures
    if is_locked(failures, limits, now):
        return Refusal.LOCKED, failures
    if failures.locked is not None or _is_quiet(failures, now):
        failures = replace(failures, locked=None, towards_lock=0)
    same_boot = failures.last is not None and failures.last.boot_id == now.boot_id
    slot = max(now.boot, failures.next_slot) if same_boot else now.boot
    if slot - now.boot > limits.longest_delay_seconds:
        return Refusal.DELAYED, failures
    counted = replace(
        failures,
        towards_lock=failures.towards_lock + 1,
        in_all=failures.in_all + 1,
        last=now,
        next_slot=slot + _delay_after(failures.towards_lock + 1, limits),
        of_codes=failures.of_codes + is_code,
    )
    if counted.in_all >= limits.failures_to_disable:
        counted = replace(counted, disabled=True)
    elif counted.towards_lock >= limits.failures_to_lock:
        counted = replace(counted, locked=now)
    return Permit(slot - now.boot, counted.in_all, counted.locked, counted.disabled), counted


def _is_quiet(failures: Failures, now: Moment) -> bool:
    """Tell whether a day passed without a guess: then delays must not tell who is enrolled."""
    return failures.last is not None and has_passed(failures.last, QUIET_SECONDS, now)


def _delay_after(failures: int, limits: Limits) -> float:
    """Return the seconds to the next guess: nothing at first, then 5, 10, 15 and so on."""
    return max(0, failures - limits.failures_without_delay + 1) * limits.delay_step_seconds


def after_pin_alone(failures: Failures) -> Failures:
    """Return what stays after a login for which the PIN was enough: the guesses of codes.

    Who knows the PIN, and sits where it is enough, must not thereby get new guesses elsewhere.
    """
    left = failures.of_codes
    if not left:
        return NO_FAILURES
    return replace(failures, towards_lock=min(failures.towards_lock, left), in_all=left)


def release_guess(failures: Failures, permit: Permit, *, is_code: bool = False) -> Failures:
    """Take back one counted guess that turned out right, and the lock that it set itself.

    A lock that another guess set meanwhile stays. So does the delay that this one caused: a right
    PIN must not speed up the guessing of codes.
    """
    return replace(
        failures,
        towards_lock=max(0, failures.towards_lock - 1),
        in_all=max(0, failures.in_all - 1),
        locked=None if failures.locked == permit.lock else failures.locked,
        disabled=failures.disabled and not permit.disables,
        of_codes=max(0, failures.of_codes - is_code),
    )


@dataclass(frozen=True, slots=True)
class CounterKey:
    """Name a counter: what is counted, per what, for whom.

    Attributes:
        kind: `guess` or `send`.
        scope: `user`, `phone`, `origin`, `prefix` or `all`.
        subject: the user, the keyed digest of the number, the address, the prefix, or empty.
    """

    kind: str
    scope: str
    subject: str


@dataclass(frozen=True, slots=True)
class Counter:
    """How many events there were in the window that began at `since` and lasts `window` seconds."""

    since: Moment
    count: int
    window: float


def count_within(counter: Counter | None, budget: Budget, now: Moment) -> Counter | None:
    """Count one event; return the raised counter, or None if the budget is used up."""
    if counter is None or has_passed(counter.since, counter.window, now):
        counter = Counter(now, 0, budget.window_seconds)
    if counter.count >= budget.count:
        return None
    return replace(counter, count=counter.count + 1)


@dataclass(frozen=True, slots=True)
class Cooldown:
    """When the last code was sent, and how many were sent without a login."""

    last: Moment
    sends: int


def cooldown_seconds(cooldown: Cooldown | None, limits: Limits, now: Moment) -> float:
    """Return how long no code may be sent: 30 s after the first, doubled after each further one."""
    if cooldown is None:
        return 0.0
    wait = min(
        limits.resend_seconds * 2.0 ** min(cooldown.sends - 1, 16), limits.longest_resend_seconds
    )
    if has_passed(cooldown.last, wait, now):
        return 0.0
    if cooldown.last.boot_id == now.boot_id:
        return max(1.0, wait - (now.boot - cooldown.last.boot))
    return max(1.0, wait - max(0.0, now.wall - cooldown.last.wall))


def next_cooldown(cooldown: Cooldown | None, limits: Limits, now: Moment) -> Cooldown:
    """Count one send; a quiet time as long as the longest wait starts anew."""
    if cooldown is None or has_passed(cooldown.last, limits.longest_resend_seconds, now):
        return Cooldown(now, 1)
    return Cooldown(now, cooldown.sends + 1)
