# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How the daemon is, at one glance."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from smsotpd.core import metrics
from smsotpd.core.gateways import Gateways
from smsotpd.core.health import Health
from smsotpd.core.health_book import HealthBook
from smsotpd.core.limits import Budget
from smsotpd.core.metrics import Sample
from smsotpd.core.moment import Moment, has_passed
from smsotpd.core.policy import Settings
from smsotpd.core.ports import Clock, Store, StoreChange
from smsotpd.core.report import Condition, Report
from smsotpd.core.spare_code import is_past
from smsotpd.core.tally import Tally
from smsotpd.core.throttle import NO_FAILURES, CounterKey, is_locked
from smsotpd.core.users import word_of

_MOST_NAMES: Final = 100
_STATES: Final = ("active", "locked", "disabled")
_NOT_ASKED: Final = Report(Condition.UNKNOWN, "")


@dataclass(frozen=True, slots=True)
class Configured:
    """What became of the configuration when it was last read.

    Attributes:
        at: seconds since 1970.
        complaint: what is wrong; empty if nothing is.
    """

    files: int
    at: float
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class GatewayView:
    """One gateway: what it did of late, and what its provider said when it was last asked."""

    name: str
    type_id: str
    enabled: bool
    is_open: bool
    health: Health
    report: Report

    @property
    def is_up(self) -> bool:
        """Tell whether it is worth trying first."""
        return not self.is_open and self.report.condition is not Condition.DOWN


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a budget is used up.

    Attributes:
        since: when its window began, in seconds since 1970; 0 if none is open.
        prefix: the country calling code for whose numbers it is; empty for all numbers.
    """

    kind: str
    used: int
    budget: Budget
    since: float
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """A user who cannot log in; `until` in seconds since 1970, 0 if only an administrator helps."""

    user: str
    state: str
    until: float


@dataclass(frozen=True, slots=True)
class Invited:
    """Who may still enrol by an invitation; `until` in seconds since 1970."""

    user: str
    until: float


@dataclass(frozen=True, slots=True)
class Overview:
    """How the daemon is.

    Attributes:
        started: seconds since 1970.
        users: how many there are in each state.
        out_of_reach: locked and disabled users, of many the first by name.
        uses: of the budgets for all numbers.
        prefix_uses: of those for one country's numbers in whose window something was counted.
        invitations: how many are out.
        invited: by them, of many the first by name.
    """

    version: str
    started: float
    uptime: float
    configured: Configured
    transactions: int
    users: dict[str, int]
    out_of_reach: Sequence[OutOfReach]
    gateways: Sequence[GatewayView]
    uses: Sequence[Use]
    prefix_uses: Sequence[Use]
    prefix_budgets: Mapping[str, Budget]
    invitations: int
    invited: Sequence[Invited]
    counts: Sequence[Sample] = field(default=(), repr=False)

    def samples(self) -> list[Sample]:
        """Return everything as numbers."""
        found = [
            Sample(metrics.UP, {}, 1.0),
            Sample(metrics.INFO, {"version": self.version}, 1.0),
            Sample(metrics.START, {}, self.started),
            Sample(metrics.CONFIGURED, {}, float(not self.configured.complaint)),
            Sample(metrics.OPEN_LOGINS, {}, float(self.transactions)),
        ]
        for state, count in self.users.items():
            found.append(Sample(metrics.USERS, {"state": state}, float(count)))
        for gateway in self.gateways:
            if gateway.enabled:
                labels = {"gateway": gateway.name}
                found.append(Sample(metrics.GATEWAY_UP, labels, float(gateway.is_up)))
        for use in self.uses:
            kind, most = {"kind": use.kind}, use.budget.count
            found.append(Sample(metrics.BUDGET, kind, float(most)))
            found.append(Sample(metrics.BUDGET_LEFT, kind, float(max(0, most - use.used))))
        for name, budget in self.prefix_budgets.items():
            found.append(Sample(metrics.PREFIX_BUDGET, {"kind": name}, float(budget.count)))
        for use in self.prefix_uses:
            labels = {"kind": use.kind, "prefix": use.prefix}
            left = max(0, use.budget.count - use.used)
            found.append(Sample(metrics.PREFIX_BUDGET_LEFT, labels, float(left)))
        found.append(Sample(metrics.INVITATIONS, {}, float(self.invitations)))
        return [*found, *self.counts]


class Overviews:
    """Look at the daemon as a whole."""

    def __init__(
        self,
        version: str,
        store: Store,
        clock: Clock,
        gateways: Gateways,
        health: HealthBook,
        tally: Tally,
        settings: Callable[[], Settings],
    ) -> None:
        self._version = version
        self._store = store
        self._clock = clock
        self._gateways = gateways
        self._health = health
        self._tally = tally
        self._settings = settings
        self._started = clock.now()

    def look(self, configured: Configured, transactions: int) -> Overview:
        """Return how everything is now.

        Raises:
            UnavailableError: the store cannot be read.
        """
        now, limits = self._clock.now(), self._settings().limits
        with self._store.change() as change:
            uses = (
                _use(change, "send", limits.sends_in_all, now),
                _use(change, "guess", limits.guesses_in_all, now),
            )
            by_prefix = {"send": limits.sends_per_prefix, "guess": limits.guesses_per_prefix}
            prefix_uses = [
                use
                for kind, budget in by_prefix.items()
                for use in _prefix_uses(change, kind, budget, now)
            ]
            # A few questions, however many users there are: logins wait meanwhile.
            enrolments, failures = change.enrolments(), change.all_failures()
            invited = [
                Invited(each.user, each.made.wall + each.lifetime)
                for each in change.invitations()
                if not is_past(each, now)
            ]
        words: Counter[str] = Counter()
        shut_out: list[OutOfReach] = []
        for enrolment in enrolments:
            own = failures.get(enrolment.user, NO_FAILURES)
            locked = own.locked if is_locked(own, limits, now) else None
            word = word_of(enrolment, own, is_locked=locked is not None)
            words[word] += 1
            if word != "active":
                until = locked.wall + limits.lock_seconds if locked and word == "locked" else 0.0
                shut_out.append(OutOfReach(enrolment.user, word, until))
        return Overview(
            version=self._version,
            started=self._started.wall,
            uptime=now.boot - self._started.boot,
            configured=configured,
            transactions=transactions,
            users={word: words[word] for word in _STATES},
            out_of_reach=shut_out[:_MOST_NAMES],
            gateways=[
                GatewayView(
                    each.name,
                    each.type_id,
                    each.enabled,
                    self._health.is_open(each.name),
                    self._health.of(each.name),
                    self._health.report_of(each.name) or _NOT_ASKED,
                )
                for each in self._gateways.list()
            ],
            uses=uses,
            prefix_uses=prefix_uses,
            prefix_budgets=by_prefix,
            invitations=len(invited),
            invited=invited[:_MOST_NAMES],
            counts=self._tally.samples(),
        )


def _use(change: StoreChange, kind: str, budget: Budget, now: Moment) -> Use:
    counter = change.counter(CounterKey(kind, "all", ""))
    if counter is None or has_passed(counter.since, counter.window, now):
        return Use(kind, 0, budget, 0.0)
    return Use(kind, counter.count, budget, counter.since.wall)


def _prefix_uses(change: StoreChange, kind: str, budget: Budget, now: Moment) -> list[Use]:
    """Return what each country's numbers have used up, the most used first."""
    found = [
        Use(kind, counter.count, budget, counter.since.wall, prefix)
        for prefix, counter in change.counters(kind, "prefix").items()
        # Guesses of who is not enrolled, or has no number, are counted under no country.
        if prefix.isdecimal() and not has_passed(counter.since, counter.window, now)
    ]
    return sorted(found, key=lambda use: (-use.used, use.prefix))
