# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A store in memory that passes the same contract suite as the real one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import UnavailableError
from smsotpd.core.gateway import STORED, GatewayDefinition
from smsotpd.core.health import Health
from smsotpd.core.moment import Moment, has_passed, may_have_passed
from smsotpd.core.remembered import RememberedHost
from smsotpd.core.spare_code import BreakGlass, Invitation
from smsotpd.core.throttle import NO_FAILURES, Cooldown, Counter, CounterKey, Failures

_DAY = 86_400.0


@dataclass
class _Tables:
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    challenges: dict[ChallengeKey, Challenge] = field(default_factory=dict)
    failures: dict[str, Failures] = field(default_factory=dict)
    cooldowns: dict[str, Cooldown] = field(default_factory=dict)
    counters: dict[CounterKey, Counter] = field(default_factory=dict)
    gateways: dict[str, GatewayDefinition] = field(default_factory=dict)
    healths: dict[str, Health] = field(default_factory=dict)
    authenticators: dict[str, Authenticator] = field(default_factory=dict)
    recovery_codes: dict[str, dict[str, str]] = field(default_factory=dict)
    break_glasses: dict[str, BreakGlass] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    remembered: dict[tuple[str, str, str], RememberedHost] = field(default_factory=dict)

    def copy(self) -> "_Tables":
        return _Tables(
            dict(self.enrolments),
            dict(self.challenges),
            dict(self.failures),
            dict(self.cooldowns),
            dict(self.counters),
            dict(self.gateways),
            dict(self.healths),
            dict(self.authenticators),
            dict(self.recovery_codes),
            dict(self.break_glasses),
            dict(self.invitations),
            dict(self.remembered),
        )


class MemoryStore:
    """Keep everything in dictionaries; a change works on a copy that replaces them at its end.

    Attributes:
        unavailable: set it to make every change refuse with `UnavailableError` when it is opened.
        unavailable_on_commit: set it to make every change refuse when it is to be stored.
        committed: how many changes were stored.
    """

    def __init__(self) -> None:
        self.unavailable = False
        self.unavailable_on_commit = False
        self.committed = 0
        self._tables = _Tables()
        self._open = False

    @contextmanager
    def change(self) -> Iterator["MemoryChange"]:
        """Open one atomic change; see `core.ports.Store`."""
        if self._open:
            raise RuntimeError("a change of the store was opened within another")
        if self.unavailable:
            raise UnavailableError("the store was told to fail")
        tables = self._tables.copy()
        change = MemoryChange(tables)
        self._open = True
        try:
            yield change
            if self.unavailable_on_commit:
                raise UnavailableError("the store was told to fail")
            self._tables = tables
            self.committed += 1
        finally:
            self._open = False
            change.end()

    def prune(self, now: Moment) -> None:
        """Remove what is over; see `core.ports.Store`."""
        with self.change() as change:
            change.prune(now)


class MemoryChange:
    """One change of a `MemoryStore`; unusable once it is over."""

    def __init__(self, tables: _Tables) -> None:
        self._open_tables: _Tables | None = tables

    @property
    def _tables(self) -> _Tables:
        if self._open_tables is None:
            raise RuntimeError("this change of the store is over")
        return self._open_tables

    def end(self) -> None:
        self._open_tables = None

    def enrolment(self, user: str) -> Enrolment | None:
        return self._tables.enrolments.get(user)

    def enrolments(self) -> Sequence[Enrolment]:
        return [enrolment for _, enrolment in sorted(self._tables.enrolments.items())]

    def put_enrolment(self, enrolment: Enrolment) -> None:
        self._tables.enrolments[enrolment.user] = enrolment

    def drop_enrolment(self, user: str) -> None:
        self._tables.enrolments.pop(user, None)
        self._tables.failures.pop(user, None)
        self._tables.cooldowns.pop(user, None)
        self._tables.authenticators.pop(user, None)
        self._tables.recovery_codes.pop(user, None)
        self._tables.break_glasses.pop(user, None)
        self._tables.invitations.pop(user, None)
        self.drop_challenges_of(user)
        self.drop_remembered_of(user)

    def authenticator(self, user: str) -> Authenticator | None:
        return self._tables.authenticators.get(user)

    def put_authenticator(self, authenticator: Authenticator) -> None:
        self._tables.authenticators[authenticator.user] = authenticator

    def drop_authenticator(self, user: str) -> None:
        self._tables.authenticators.pop(user, None)

    def recovery_codes(self, user: str) -> Mapping[str, str]:
        return dict(sorted(self._tables.recovery_codes.get(user, {}).items()))

    def put_recovery_codes(self, user: str, hashes: Mapping[str, str]) -> None:
        self._tables.recovery_codes[user] = dict(hashes)

    def drop_recovery_code(self, user: str, letter: str) -> None:
        left = {known: h for known, h in self.recovery_codes(user).items() if known != letter}
        self._tables.recovery_codes[user] = left

    def users_with_authenticator(self) -> frozenset[str]:
        return frozenset(self._tables.authenticators)

    def recovery_codes_left(self) -> Mapping[str, int]:
        return {user: len(codes) for user, codes in self._tables.recovery_codes.items() if codes}

    def break_glass(self, user: str) -> BreakGlass | None:
        return self._tables.break_glasses.get(user)

    def break_glasses(self) -> Sequence[BreakGlass]:
        return [code for _, code in sorted(self._tables.break_glasses.items())]

    def put_break_glass(self, code: BreakGlass) -> None:
        self._tables.break_glasses[code.user] = code

    def drop_break_glass(self, user: str) -> None:
        self._tables.break_glasses.pop(user, None)

    def invitation(self, user: str) -> Invitation | None:
        return self._tables.invitations.get(user)

    def invitations(self) -> Sequence[Invitation]:
        return [invitation for _, invitation in sorted(self._tables.invitations.items())]

    def put_invitation(self, invitation: Invitation) -> None:
        self._tables.invitations[invitation.user] = invitation

    def drop_invitation(self, user: str) -> None:
        self._tables.invitations.pop(user, None)

    def challenge(self, key: ChallengeKey) -> Challenge | None:
        return self._tables.challenges.get(key)

    def challenge_by_id(self, id_digest: bytes) -> Challenge | None:
        found = (c for c in self._tables.challenges.values() if c.id_digest == id_digest)
        return next(found, None)

    def put_challenge(self, challenge: Challenge) -> None:
        self._tables.challenges[challenge.key] = challenge

    def drop_challenge(self, key: ChallengeKey) -> None:
        self._tables.challenges.pop(key, None)

    def drop_challenges_of(self, user: str) -> None:
        tables = self._tables
        tables.challenges = {k: c for k, c in tables.challenges.items() if k.user != user}

    def failures(self, user: str) -> Failures:
        return self._tables.failures.get(user, NO_FAILURES)

    def all_failures(self) -> Mapping[str, Failures]:
        return dict(self._tables.failures)

    def put_failures(self, user: str, failures: Failures) -> None:
        if failures == NO_FAILURES:
            self._tables.failures.pop(user, None)
        else:
            self._tables.failures[user] = failures

    def cooldown(self, user: str) -> Cooldown | None:
        return self._tables.cooldowns.get(user)

    def put_cooldown(self, user: str, cooldown: Cooldown | None) -> None:
        if cooldown is None:
            self._tables.cooldowns.pop(user, None)
        else:
            self._tables.cooldowns[user] = cooldown

    def counter(self, key: CounterKey) -> Counter | None:
        return self._tables.counters.get(key)

    def counters(self, kind: str, scope: str) -> Mapping[str, Counter]:
        found = self._tables.counters.items()
        return {key.subject: each for key, each in found if (key.kind, key.scope) == (kind, scope)}

    def put_counter(self, key: CounterKey, counter: Counter) -> None:
        self._tables.counters[key] = counter

    def remembered(self, user: str, service: str, address: str) -> RememberedHost | None:
        return self._tables.remembered.get((user, service, address))

    def remembered_of(self, user: str) -> Sequence[RememberedHost]:
        return [host for key, host in sorted(self._tables.remembered.items()) if key[0] == user]

    def put_remembered(self, host: RememberedHost) -> None:
        self._tables.remembered[host.user, host.service, host.address] = host

    def drop_remembered_of(self, user: str) -> None:
        for key in [key for key in self._tables.remembered if key[0] == user]:
            del self._tables.remembered[key]

    def gateways(self) -> Sequence[GatewayDefinition]:
        return [gateway for _, gateway in sorted(self._tables.gateways.items())]

    def put_gateway(self, gateway: GatewayDefinition) -> None:
        self._tables.gateways[gateway.name] = replace(
            gateway,
            settings=dict(gateway.settings),
            secrets=dict(gateway.secrets),
            source=STORED,
        )

    def drop_gateway(self, name: str) -> None:
        self._tables.gateways.pop(name, None)

    def healths(self) -> Mapping[str, Health]:
        return dict(self._tables.healths)

    def put_health(self, name: str, health: Health | None) -> None:
        if health is None:
            self._tables.healths.pop(name, None)
        else:
            self._tables.healths[name] = health

    def prune(self, now: Moment) -> None:
        tables = self._tables
        tables.challenges = {
            key: challenge
            for key, challenge in tables.challenges.items()
            if not may_have_passed(challenge.issued, challenge.lifetime, now)
        }
        tables.remembered = {
            key: host
            for key, host in tables.remembered.items()
            if not may_have_passed(host.since, host.seconds, now)
        }
        tables.counters = {
            key: counter
            for key, counter in tables.counters.items()
            if not has_passed(counter.since, counter.window, now)
        }
        tables.cooldowns = {
            user: cooldown
            for user, cooldown in tables.cooldowns.items()
            if not has_passed(cooldown.last, _DAY, now)
        }
        tables.failures = {
            user: failures
            for user, failures in tables.failures.items()
            if user in tables.enrolments
            or _is_recent(failures.last, now)
            or _is_recent(failures.locked, now)
        }


def _is_recent(moment: Moment | None, now: Moment) -> bool:
    return moment is not None and not has_passed(moment, _DAY, now)
