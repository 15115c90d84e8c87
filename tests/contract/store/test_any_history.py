# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""After any history of changes, a store holds what the store in memory holds."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import RefusedError
from smsotpd.core.moment import Moment
from smsotpd.core.ports import Store, StoreChange
from smsotpd.core.recipient import Recipient
from smsotpd.core.remembered import RememberedHost
from smsotpd.core.spare_code import BreakGlass, Invitation
from smsotpd.core.throttle import Cooldown, Counter, CounterKey, Failures
from tests.contract.store.conftest import OpenStore
from tests.contract.store.values import DAY, NOON
from tests.fakes.memory_store import MemoryStore

USERS = ("anna", "ben")
SERVICES = ("sshd", "sudo")
KINDS = ("guess", "send")

Step = Callable[[StoreChange], None]


@dataclass(frozen=True)
class Prune:
    now: Moment


@dataclass(frozen=True)
class Steps:
    """What one change does, and whether it is taken back in the end."""

    steps: Sequence[Step]
    taken_back: bool


# Whole and half days, so that the instants at which things end are met exactly.
_seconds = st.sampled_from([0.0, 0.5, 300.0, DAY / 2, DAY - 0.1, DAY, 3 * DAY, 1e-7, -DAY])
_moments = st.builds(
    lambda wall, boot, boot_id: Moment(NOON.wall + wall, NOON.boot + boot, boot_id),
    _seconds,
    _seconds,
    st.sampled_from(["a", "b", "c"]),
)
_users = st.sampled_from(USERS)
_keys = st.builds(ChallengeKey, _users, st.sampled_from(SERVICES), st.just(""))
_enrolments = st.builds(
    Enrolment,
    _users,
    st.lists(st.sampled_from(["+491701", "+431"]).map(lambda a: Recipient("sms", a))).map(tuple),
    disabled=st.booleans(),
)
_challenges = st.builds(
    Challenge,
    key=_keys,
    salt=st.just("s"),
    digest=st.just(b"d"),
    issued=_moments,
    lifetime=_seconds,
    answers_left=st.integers(0, 3),
    sends=st.integers(0, 9),
    masked=st.just("+49 ••• ••67"),
    digits=st.just(6),
    id_digest=st.none(),
)
_failures = st.builds(
    Failures,
    st.integers(0, 10),
    st.integers(0, 100),
    st.none() | _moments,
    st.none() | _moments,
    st.booleans(),
    _seconds,
)
_cooldowns = st.none() | st.builds(Cooldown, _moments, st.integers(1, 9))
_counter_keys = st.builds(CounterKey, st.sampled_from(KINDS), st.just("user"), _users)
_counters = st.builds(Counter, _moments, st.integers(0, 99), _seconds)
_hosts = st.builds(
    RememberedHost,
    _users,
    st.sampled_from(SERVICES),
    st.sampled_from(["192.0.2.7", "2001:db8::7"]),
    _moments,
    _seconds,
)

_authenticators = st.builds(
    Authenticator, _users, st.just("s"), st.sampled_from([6, 8]), st.integers(0, 2**40)
)
_hash_sets = st.dictionaries(st.sampled_from("ABC"), st.sampled_from(["x", "y"]))
_break_glasses = st.builds(
    BreakGlass, _users, st.just("h"), st.just("why"), st.just(0), _moments, _seconds
)

_invitations = st.builds(Invitation, _users, st.just("h"), st.just(0), _moments, _seconds)

_steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(lambda value: lambda change: change.put_enrolment(value), _enrolments),
    st.builds(lambda user: lambda change: change.drop_enrolment(user), _users),
    st.builds(lambda value: lambda change: change.put_challenge(value), _challenges),
    st.builds(lambda key: lambda change: change.drop_challenge(key), _keys),
    st.builds(lambda user: lambda change: change.drop_challenges_of(user), _users),
    st.builds(lambda user, value: lambda c: c.put_failures(user, value), _users, _failures),
    st.builds(lambda user, value: lambda c: c.put_cooldown(user, value), _users, _cooldowns),
    st.builds(lambda key, value: lambda c: c.put_counter(key, value), _counter_keys, _counters),
    st.builds(lambda value: lambda change: change.put_authenticator(value), _authenticators),
    st.builds(lambda user: lambda change: change.drop_authenticator(user), _users),
    st.builds(lambda user, v: lambda c: c.put_recovery_codes(user, v), _users, _hash_sets),
    st.builds(
        lambda user, v: lambda c: c.drop_recovery_code(user, v), _users, st.sampled_from("ABC")
    ),
    st.builds(lambda value: lambda change: change.put_break_glass(value), _break_glasses),
    st.builds(lambda user: lambda change: change.drop_break_glass(user), _users),
    st.builds(lambda value: lambda change: change.put_invitation(value), _invitations),
    st.builds(lambda user: lambda change: change.drop_invitation(user), _users),
    st.builds(lambda value: lambda change: change.put_remembered(value), _hosts),
    st.builds(lambda user: lambda change: change.drop_remembered_of(user), _users),
)
_histories = st.lists(
    st.builds(Steps, st.lists(_steps, min_size=1, max_size=5), st.booleans())
    | st.builds(Prune, _moments),
    max_size=12,
)


@settings(
    max_examples=150,
    deadline=None,  # the disk's, not ours
    # The fixture is a function that opens a new store for each example.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=_histories)
@example(history=[])
def test_any_history_leads_to_the_same_contents(
    open_any_store: OpenStore, history: Sequence[Steps | Prune]
) -> None:
    model = MemoryStore()
    with tempfile.TemporaryDirectory() as directory, open_any_store(Path(directory)) as store:
        for event in history:
            _apply(model, event)
            _apply(store, event)
            assert _contents(store) == _contents(model)


def _apply(store: Store, event: Steps | Prune) -> None:
    if isinstance(event, Prune):
        store.prune(event.now)
        return
    with suppress(RefusedError), store.change() as change:
        for step in event.steps:
            step(change)
        if event.taken_back:
            raise RefusedError("taken back")


def _contents(store: Store) -> Sequence[object]:
    with store.change() as change:
        return [
            list(change.enrolments()),
            [change.enrolment(user) for user in USERS],
            [change.failures(user) for user in USERS],
            [change.cooldown(user) for user in USERS],
            [change.challenge(ChallengeKey(user, svc, "")) for user in USERS for svc in SERVICES],
            [change.authenticator(user) for user in USERS],
            [change.recovery_codes(user) for user in USERS],
            [change.break_glass(user) for user in USERS],
            list(change.break_glasses()),
            [change.invitation(user) for user in USERS],
            list(change.invitations()),
            [change.counter(CounterKey(kind, "user", user)) for kind in KINDS for user in USERS],
            [list(change.remembered_of(user)) for user in USERS],
            [change.remembered(user, svc, "192.0.2.7") for user in USERS for svc in SERVICES],
        ]
