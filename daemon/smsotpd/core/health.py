# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a gateway is worth trying: a circuit breaker over its last outcomes."""

from dataclasses import dataclass, replace

from smsotpd.core.moment import Moment, has_passed
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome

_MOST_RECENT = 8
_FAILURES_TO_OPEN = 3

# Nobody but an administrator mends these, so the first one is enough, and looking again is rare.
_LASTING = frozenset({ErrorClass.AUTH, ErrorClass.CREDIT, ErrorClass.SENDER})
_LASTING_SECONDS = 300.0
_LONGEST_LASTING_SECONDS = 3600.0
_PASSING_SECONDS = 30.0
_LONGEST_PASSING_SECONDS = 900.0

# These say something of the message; of the gateway only that it is there and answers.
_OF_THE_MESSAGE = frozenset({ErrorClass.RECIPIENT, ErrorClass.CONTENT})


@dataclass(frozen=True, slots=True)
class Trace:
    """One outcome, for whoever looks: `word` is `accepted` or the error class."""

    at: float
    word: str
    latency: float


@dataclass(frozen=True, slots=True)
class Health:
    """What a gateway did of late.

    Attributes:
        failures: in a row, since the last message that was taken.
        opened: since when it is passed over; None if it is not.
        wait: for how many seconds from then.
        recent: its last outcomes, oldest first.
    """

    failures: int = 0
    opened: Moment | None = None
    wait: float = 0.0
    recent: tuple[Trace, ...] = ()


WELL = Health()


def is_open(health: Health, now: Moment) -> bool:
    """Tell whether the gateway is to be passed over while there is another."""
    return health.opened is not None and not has_passed(health.opened, health.wait, now)


def probe(health: Health, seconds: float, now: Moment) -> Health:
    """Let one message through a breaker whose wait is over; others pass by for `seconds`."""
    if health.opened is None or is_open(health, now):
        return health
    return replace(health, opened=now, wait=seconds)


def after(health: Health, outcome: Outcome, latency: float, now: Moment) -> Health:
    """Return the health after one more outcome."""
    word = "accepted" if isinstance(outcome, Accepted) else outcome.error_class.value
    recent = (*health.recent, Trace(now.wall, word, latency))[-_MOST_RECENT:]
    if isinstance(outcome, Accepted):
        return Health(recent=recent)
    if outcome.error_class in _OF_THE_MESSAGE:
        return replace(health, recent=recent)
    failures = health.failures + 1
    if isinstance(outcome, Deferred) and outcome.retry_after is not None:
        wait = min(outcome.retry_after, _LONGEST_LASTING_SECONDS)
        return Health(failures, now, wait, recent)
    if outcome.error_class in _LASTING:
        wait = min(_LASTING_SECONDS * 2.0 ** min(failures - 1, 16), _LONGEST_LASTING_SECONDS)
        return Health(failures, now, wait, recent)
    if failures >= _FAILURES_TO_OPEN:
        doublings = min(failures - _FAILURES_TO_OPEN, 16)
        wait = min(_PASSING_SECONDS * 2.0**doublings, _LONGEST_PASSING_SECONDS)
        return Health(failures, now, wait, recent)
    return replace(health, failures=failures, recent=recent)
