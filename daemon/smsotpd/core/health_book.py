# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The health of all gateways: in memory for speed, in the store for restarts."""

from collections.abc import Sequence

from smsotpd.core.errors import UnavailableError
from smsotpd.core.events import GatewayDown, GatewayUp
from smsotpd.core.health import WELL, Health, after, is_open, probe
from smsotpd.core.outcome import Accepted
from smsotpd.core.ports import Clock, Journal, Sender, Store
from smsotpd.core.report import Condition, Report
from smsotpd.core.route import by_health
from smsotpd.core.routing import Attempt


class HealthBook:
    """Note what gateways do, say which to prefer, and tell when one goes down or comes back."""

    def __init__(self, store: Store, clock: Clock, journal: Journal) -> None:
        self._store = store
        self._clock = clock
        self._journal = journal
        with store.change() as change:
            self._healths = dict(change.healths())
        self._reports: dict[str, Report] = {}

    def of(self, name: str) -> Health:
        """Return what a gateway did of late."""
        return self._healths.get(name, WELL)

    def report_of(self, name: str) -> Report | None:
        """Return what the last inspection found, if there was one."""
        return self._reports.get(name)

    def is_open(self, name: str) -> bool:
        """Tell whether a gateway is passed over while there is another."""
        return is_open(self.of(name), self._clock.now())

    def ordered(self, senders: Sequence[Sender]) -> list[Sender]:
        """Return the gateways with those at the end that failed of late."""
        by_name = {sender.name: sender for sender in senders}
        names = by_health(list(by_name), self._healths, self._clock.now())
        return [by_name[name] for name in names]

    def approach(self, name: str, seconds: float) -> None:
        """Let one message look whether a gateway is back, while the others pass it by."""
        health = self._healths.get(name)
        if health is not None:
            self._healths[name] = probe(health, seconds, self._clock.now())

    def note(self, attempt: Attempt) -> None:
        """Note one outcome; what matters after a restart is stored."""
        name, before = attempt.gateway, self.of(attempt.gateway)
        health = after(before, attempt.outcome, attempt.latency, self._clock.now())
        self._healths[name] = health
        if health.opened is not None and not isinstance(attempt.outcome, Accepted):
            if before.opened is None:
                word = attempt.outcome.error_class.value
                self._journal.record(GatewayDown(name, word))
            self._keep(name)
        elif before.opened is not None and health.opened is None:
            self._journal.record(GatewayUp(name, "a message was taken"))
            self._keep(name)

    def note_report(self, name: str, report: Report) -> None:
        """Note what an inspection found, and tell if it is something else than last time."""
        before = self._reports.get(name)
        self._reports[name] = report
        was_down = before is not None and before.condition is Condition.DOWN
        if report.condition is Condition.DOWN and not was_down:
            self._journal.record(GatewayDown(name, report.summary))
        elif was_down and report.condition is Condition.READY:
            self._journal.record(GatewayUp(name, report.summary))

    def forget(self, name: str) -> None:
        """Forget a gateway that was configured anew or removed: its past says nothing now."""
        self._reports.pop(name, None)
        if self._healths.pop(name, None) is not None:
            self._keep(name)

    def _keep(self, name: str) -> None:
        try:
            with self._store.change() as change:
                change.put_health(name, self._healths.get(name))
        except UnavailableError:
            return  # health is a hint; whatever needs the store says that it is away
