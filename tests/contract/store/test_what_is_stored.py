# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is put into a store comes out again, and nothing else does."""

from dataclasses import replace

import pytest

from smsotpd.core.challenge import ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.ports import Store
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.core.throttle import NO_FAILURES, Cooldown, Counter, CounterKey, Failures
from tests.contract.store.values import (
    ANNA,
    BEN,
    CHALLENGE,
    GUESSES,
    HTTP,
    NOON,
    SSH,
    SUDO,
    later,
)


def test_an_empty_store_knows_nobody_and_nothing(store: Store) -> None:
    with store.change() as change:
        assert change.enrolment("anna") is None
        assert list(change.enrolments()) == []
        assert change.challenge(SSH) is None
        assert change.challenge_by_id(b"x") is None
        assert change.failures("anna") == NO_FAILURES
        assert change.cooldown("anna") is None
        assert change.counter(GUESSES) is None
        assert list(change.gateways()) == []


def test_removing_what_is_not_there_is_no_error(store: Store) -> None:
    with store.change() as change:
        change.drop_enrolment("anna")
        change.drop_challenge(SSH)
        change.drop_challenges_of("anna")
        change.put_cooldown("anna", None)
        change.put_failures("anna", NO_FAILURES)
        change.drop_gateway("main")
    with store.change() as change:
        assert list(change.enrolments()) == []


def test_an_enrolment_comes_back_with_its_recipients_in_their_order(store: Store) -> None:
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_enrolment(BEN)
    with store.change() as change:
        assert change.enrolment("anna") == ANNA
        assert change.enrolment("ben") == BEN


def test_enrolments_are_ordered_by_user(store: Store) -> None:
    users = ["zoë", "Anna", "anna", "ben", "a-b", "ärzte", "10"]
    with store.change() as change:
        for user in users:
            change.put_enrolment(replace(ANNA, user=user))
    with store.change() as change:
        assert [enrolment.user for enrolment in change.enrolments()] == sorted(users)
        assert all(len(enrolment.recipients) == 2 for enrolment in change.enrolments())


def test_a_new_enrolment_replaces_the_old_one_and_its_recipients(store: Store) -> None:
    moved = Enrolment("anna", (Recipient("sms", "+15550100"),), disabled=True)
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_enrolment(moved)
    with store.change() as change:
        assert change.enrolment("anna") == moved
        assert list(change.enrolments()) == [moved]


def test_replacing_an_enrolment_keeps_the_failures(store: Store) -> None:
    failures = Failures(towards_lock=2, in_all=2, last=NOON)
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_failures("anna", failures)
        change.put_challenge(CHALLENGE)
    with store.change() as change:
        change.put_enrolment(replace(ANNA, pin_hash=""))
    with store.change() as change:
        assert change.failures("anna") == failures
        assert change.challenge(SSH) == CHALLENGE


def test_a_removed_user_leaves_no_enrolment_challenge_failure_or_cooldown(store: Store) -> None:
    others = replace(CHALLENGE, key=replace(SSH, user="ben"), id_digest=None)
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_enrolment(BEN)
        change.put_challenge(CHALLENGE)
        change.put_challenge(others)
        change.put_failures("anna", Failures(1, 1, NOON))
        change.put_cooldown("anna", Cooldown(NOON, 1))
    with store.change() as change:
        change.drop_enrolment("anna")
    with store.change() as change:
        assert change.enrolment("anna") is None
        assert change.challenge(SSH) is None
        assert change.challenge_by_id(b"\x00\xff" * 16) is None
        assert change.failures("anna") == NO_FAILURES
        assert change.cooldown("anna") is None
        assert change.enrolment("ben") == BEN
        assert change.challenge(others.key) == others


def test_a_removed_user_gets_no_fresh_budget(store: Store) -> None:
    counter = Counter(NOON, 20, 3600.0)
    with store.change() as change:
        change.put_enrolment(ANNA)
        change.put_counter(GUESSES, counter)
        change.drop_enrolment("anna")
    with store.change() as change:
        assert change.counter(GUESSES) == counter


def test_a_challenge_is_found_by_its_key_and_by_its_id(store: Store) -> None:
    with store.change() as change:
        change.put_challenge(CHALLENGE)
    with store.change() as change:
        assert change.challenge(SSH) == CHALLENGE
        assert change.challenge_by_id(b"\x00\xff" * 16) == CHALLENGE
        assert change.challenge(SUDO) is None
        assert change.challenge_by_id(b"") is None


def test_a_challenge_without_an_id_is_found_by_its_key_alone(store: Store) -> None:
    nameless = replace(CHALLENGE, id_digest=None)
    with store.change() as change:
        change.put_challenge(CHALLENGE)
        change.put_challenge(nameless)
    with store.change() as change:
        assert change.challenge(SSH) == nameless
        assert change.challenge_by_id(b"\x00\xff" * 16) is None


def test_there_is_one_challenge_per_user_service_and_host(store: Store) -> None:
    keys = [SSH, SUDO, replace(SSH, rhost=""), replace(SSH, user="ben")]
    with store.change() as change:
        for number, key in enumerate(keys):
            change.put_challenge(replace(CHALLENGE, key=key, sends=number, id_digest=None))
        change.put_challenge(replace(CHALLENGE, answers_left=1))
    with store.change() as change:
        assert change.challenge(SSH) == replace(CHALLENGE, answers_left=1)
        for number, key in enumerate(keys[1:], start=1):
            found = change.challenge(key)
            assert found is not None
            assert found.sends == number


def test_a_challenge_is_removed_alone_or_with_all_of_its_user(store: Store) -> None:
    bens = replace(CHALLENGE, key=replace(SSH, user="ben"), id_digest=None)
    with store.change() as change:
        for key in (SSH, SUDO):
            change.put_challenge(replace(CHALLENGE, key=key))
        change.put_challenge(bens)
        change.drop_challenge(SSH)
        assert change.challenge(SSH) is None
        assert change.challenge(SUDO) is not None
        change.drop_challenges_of("anna")
    with store.change() as change:
        assert change.challenge(SUDO) is None
        assert change.challenge(bens.key) == bens


@pytest.mark.parametrize(
    "failures",
    [
        Failures(3, 17, NOON, None, disabled=False, next_slot=5005.5),
        Failures(10, 99, NOON, later(1)),
        Failures(0, 100, None, None, disabled=True),
        Failures(0, 0, NOON, None, next_slot=5015.0),
        Failures(locked=NOON),
        Failures(7, 70, NOON, of_codes=61),
    ],
)
def test_failures_come_back(store: Store, failures: Failures) -> None:
    with store.change() as change:
        change.put_failures("nobody", failures)
    with store.change() as change:
        assert change.failures("nobody") == failures
        assert change.failures("anna") == NO_FAILURES


def test_all_failures_come_back_by_name_enrolled_or_not(store: Store) -> None:
    failures = {"anna": Failures(1, 1, NOON), "nobody": Failures(2, 30, NOON, NOON, disabled=True)}
    with store.change() as change:
        for user, each in failures.items():
            change.put_failures(user, each)

    with store.change() as change:
        assert change.all_failures() == failures


def test_cleared_failures_are_gone(store: Store) -> None:
    with store.change() as change:
        change.put_failures("anna", Failures(3, 3, NOON))
    with store.change() as change:
        change.put_failures("anna", NO_FAILURES)
    with store.change() as change:
        assert change.failures("anna") == NO_FAILURES


def test_a_cooldown_comes_back_and_is_forgotten(store: Store) -> None:
    with store.change() as change:
        change.put_cooldown("anna", Cooldown(NOON, 1))
        change.put_cooldown("anna", Cooldown(later(30), 2))
    with store.change() as change:
        assert change.cooldown("anna") == Cooldown(later(30), 2)
        assert change.cooldown("ben") is None
        change.put_cooldown("anna", None)
    with store.change() as change:
        assert change.cooldown("anna") is None


def test_counters_are_apart_by_kind_scope_and_subject(store: Store) -> None:
    keys = [
        CounterKey(kind, scope, subject)
        for kind in ("guess", "send")
        for scope in ("user", "origin", "all")
        for subject in ("anna", "192.0.2.7", "")
    ]
    with store.change() as change:
        for number, key in enumerate(keys):
            change.put_counter(key, Counter(NOON, number, 60.0))
        change.put_counter(keys[0], Counter(later(61), 1, 3600.5))
    with store.change() as change:
        assert change.counter(keys[0]) == Counter(later(61), 1, 3600.5)
        assert [change.counter(key) for key in keys[1:]] == [
            Counter(NOON, number, 60.0) for number in range(1, len(keys))
        ]


def test_gateways_come_back_by_name_with_their_secrets(store: Store) -> None:
    bare = GatewayDefinition("backup", "outbox", {}, enabled=False)
    with store.change() as change:
        change.put_gateway(HTTP)
        change.put_gateway(bare)
    with store.change() as change:
        first, second = change.gateways()
    assert first == bare
    assert second == HTTP
    assert list(second.settings) == ["URL", "HTTP_METHOD", "EMPTY"]
    password = second.secrets["PASSWORD"]
    assert isinstance(password, Secret)
    assert password.reveal() == "hunter2"
    assert "hunter2" not in repr(second)


def test_a_gateway_is_replaced_with_all_its_settings_and_removed(store: Store) -> None:
    bare = GatewayDefinition("main", "http", {"URL": "https://other.example.org/"})
    with store.change() as change:
        change.put_gateway(HTTP)
        change.put_gateway(bare)
        assert list(change.gateways()) == [bare]
        change.drop_gateway("main")
    with store.change() as change:
        assert list(change.gateways()) == []


def test_a_setting_and_a_secret_may_share_a_name(store: Store) -> None:
    twins = GatewayDefinition("main", "http", {"KEY": "seen"}, {"KEY": Secret("unseen")})
    with store.change() as change:
        change.put_gateway(twins)
    with store.change() as change:
        assert list(change.gateways()) == [twins]


def test_a_stored_gateway_does_not_change_with_the_mapping_it_was_made_of(store: Store) -> None:
    settings = {"URL": "https://sms.example.org/"}
    with store.change() as change:
        change.put_gateway(GatewayDefinition("main", "http", settings))
        settings["URL"] = "https://evil.example.org/"
    with store.change() as change:
        assert change.gateways()[0].settings == {"URL": "https://sms.example.org/"}


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE counters; --", "%_*?", "a\x00b", "a\nb", "ü\u202e😀", "x" * 10_240, " a ", ""],
    ids=["sql", "wildcards", "nul", "newline", "unicode", "10-kB", "blanks", "empty"],
)
def test_hostile_text_is_only_text(store: Store, text: str) -> None:
    key = ChallengeKey(text, text, text)
    failures = Failures(1, 1, NOON)
    with store.change() as change:
        change.put_counter(GUESSES, Counter(NOON, 1, 60.0))
        change.put_failures(text, failures)
        change.put_challenge(replace(CHALLENGE, key=key))
        change.put_counter(CounterKey("guess", "origin", text), Counter(NOON, 2, 60.0))
    with store.change() as change:
        assert change.failures(text) == failures
        assert change.failures(text + "x") == NO_FAILURES
        assert change.challenge(key) == replace(CHALLENGE, key=key)
        assert change.counter(CounterKey("guess", "origin", text)) == Counter(NOON, 2, 60.0)
        assert change.counter(GUESSES) == Counter(NOON, 1, 60.0)
