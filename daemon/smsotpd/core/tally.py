# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Counting events since the daemon's start."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from smsotpd.core import metrics
from smsotpd.core.event_names import ALL_KINDS, kind_of
from smsotpd.core.events import (
    FIRST_ATTEMPT,
    CodeFailed,
    CodeSent,
    Event,
    Login,
    LoginCancelled,
    LoginDenied,
    LoginGranted,
)
from smsotpd.core.metrics import Sample
from smsotpd.core.ports import Journal
from smsotpd.core.throttle import Refusal

OTHER: Final = "other"

# Seconds; sshd and greeters lose their patience in the order of the last.
BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)

_MOST_VALUES = 64
_Labels = tuple[tuple[str, str], ...]


class Tally:
    """A journal that counts what it passes on.

    Labels are bounded: what other users than root say of their logins is believed only where the
    configuration names it, and of everything else so many values are told apart and no more.
    """

    def __init__(self, inner: Journal, is_known_service: Callable[[str], bool]) -> None:
        self._inner = inner
        self._is_known_service = is_known_service
        self._counts: Counter[tuple[str, _Labels]] = Counter()
        for kind in ALL_KINDS:
            self._counts[metrics.EVENTS, (("event", kind),)] = 0
        for refusal in Refusal:
            self._counts[metrics.REFUSED, (("reason", refusal.value),)] = 0
        self._values: dict[str, set[str]] = {}
        self._latencies: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def record(self, event: Event) -> None:
        """Record one event; never raises."""
        self._inner.record(event)
        self._raise(metrics.EVENTS, event=kind_of(type(event)))
        match event:
            case LoginGranted(login):
                self._login(login, "granted")
            case LoginDenied(login, reason):
                is_first = reason == FIRST_ATTEMPT
                self._login(login, "first-attempt" if is_first else "denied")
                if reason in set(Refusal):
                    self._raise(metrics.REFUSED, reason=reason)
            case LoginCancelled(login):
                self._login(login, "cancelled")
            case CodeSent():
                self._code(event, "accepted")
            case CodeFailed():
                self._code(event, event.outcome)
                gateway = self._bounded("gateway", event.gateway)
                self._raise(metrics.CODE_ERRORS, gateway=gateway, error_class=event.error_class)
            case _:
                pass

    def samples(self) -> Sequence[Sample]:
        """Return all counts."""
        found = [
            Sample(name, dict(labels), float(count))
            for (name, labels), count in sorted(self._counts.items())
        ]
        for gateway, counts in sorted(self._latencies.items()):
            below = 0
            for bound, count in zip((*map(_number, BUCKETS), "+Inf"), counts, strict=True):
                below += count
                labels = {"gateway": gateway, "le": bound}
                found.append(Sample(f"{metrics.LATENCY}_bucket", labels, float(below)))
            own = {"gateway": gateway}
            found.append(Sample(f"{metrics.LATENCY}_sum", own, self._seconds[gateway]))
            found.append(Sample(f"{metrics.LATENCY}_count", own, float(below)))
        return found

    def _login(self, login: Login, outcome: str) -> None:
        service = login.service
        if login.caller and not self._is_known_service(service):
            service = OTHER
        self._raise(metrics.LOGINS, service=self._bounded("service", service), outcome=outcome)

    def _code(self, event: CodeSent | CodeFailed, outcome: str) -> None:
        gateway = self._bounded("gateway", event.gateway)
        self._raise(metrics.CODES, gateway=gateway, outcome=outcome)
        counts = self._latencies.setdefault(gateway, [0] * (len(BUCKETS) + 1))
        counts[bisect_left(BUCKETS, event.latency)] += 1
        self._seconds[gateway] = self._seconds.get(gateway, 0.0) + event.latency

    def _bounded(self, label: str, value: str) -> str:
        values = self._values.setdefault(label, set())
        if value not in values:
            if len(values) >= _MOST_VALUES:
                return OTHER
            values.add(value)
        return value

    def _raise(self, name: str, **labels: str) -> None:
        self._counts[name, tuple(labels.items())] += 1


def _number(value: float) -> str:
    return f"{value:g}"
