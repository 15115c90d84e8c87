# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is counted of events, and that nobody can make the counts many."""

from collections.abc import Mapping

import pytest

from smsotpd.core import metrics
from smsotpd.core.event_names import ALL_KINDS
from smsotpd.core.events import (
    FIRST_ATTEMPT,
    CodeFailed,
    CodeSent,
    GatewayDown,
    Login,
    LoginCancelled,
    LoginDenied,
    LoginGranted,
)
from smsotpd.core.metrics import FAMILIES
from smsotpd.core.tally import OTHER, Tally
from tests.fakes.journal import RecordingJournal

LOGIN = Login("anna", "sshd", "192.0.2.7")


@pytest.fixture
def tally() -> Tally:
    return Tally(RecordingJournal(), {"i3lock"}.__contains__)


def values(tally: Tally, name: str) -> Mapping[frozenset[tuple[str, str]], float]:
    return {
        frozenset(sample.labels.items()): sample.value
        for sample in tally.samples()
        if sample.name == name and sample.value
    }


def labels(**texts: str) -> frozenset[tuple[str, str]]:
    return frozenset(texts.items())


def test_events_are_passed_on_and_counted_by_kind() -> None:
    journal = RecordingJournal()
    tally = Tally(journal, lambda _service: False)

    tally.record(GatewayDown("main", "auth"))

    assert journal.events == [GatewayDown("main", "auth")]
    assert values(tally, metrics.EVENTS) == {labels(event="gateway-down"): 1}


def test_every_kind_is_there_from_the_start(tally: Tally) -> None:
    kinds = [each.labels["event"] for each in tally.samples() if each.name == metrics.EVENTS]

    assert sorted(kinds) == sorted(ALL_KINDS)


def test_logins_are_counted_by_how_they_end(tally: Tally) -> None:
    tally.record(LoginGranted(LOGIN, 3.0))
    tally.record(LoginDenied(LOGIN, "wrong PIN"))
    tally.record(LoginDenied(LOGIN, "locked"))
    tally.record(LoginDenied(LOGIN, FIRST_ATTEMPT))
    tally.record(LoginCancelled(LOGIN, "given up"))

    assert values(tally, metrics.LOGINS) == {
        labels(service="sshd", outcome="granted"): 1,
        labels(service="sshd", outcome="denied"): 2,
        labels(service="sshd", outcome="first-attempt"): 1,
        labels(service="sshd", outcome="cancelled"): 1,
    }
    assert values(tally, metrics.REFUSED) == {labels(reason="locked"): 1}


def test_codes_are_counted_by_gateway_with_a_histogram_of_latencies(tally: Tally) -> None:
    masked = "+49 ••• ••89"
    tally.record(CodeSent(LOGIN, "main", masked, 0.1, "m1"))
    tally.record(CodeSent(LOGIN, "main", masked, 2.0, "m2"))
    tally.record(CodeFailed(LOGIN, "main", masked, 20.0, "deferred", "temporary", "no answer"))

    assert values(tally, metrics.CODES) == {
        labels(gateway="main", outcome="accepted"): 2,
        labels(gateway="main", outcome="deferred"): 1,
    }
    assert values(tally, metrics.CODE_ERRORS) == {
        labels(gateway="main", error_class="temporary"): 1
    }
    buckets = [each for each in tally.samples() if each.name == f"{metrics.LATENCY}_bucket"]
    assert [(each.labels["le"], each.value) for each in buckets] == [
        ("0.1", 1), ("0.25", 1), ("0.5", 1), ("1", 1), ("2.5", 2),
        ("5", 2), ("10", 2), ("15", 2), ("+Inf", 3),
    ]  # fmt: skip
    assert values(tally, f"{metrics.LATENCY}_sum") == {labels(gateway="main"): 22.1}
    assert values(tally, f"{metrics.LATENCY}_count") == {labels(gateway="main"): 3}


def test_a_user_of_the_machine_cannot_invent_services(tally: Tally) -> None:
    for number in range(200):
        login = Login("anna", f"invented{number}", caller="uid 1000")
        tally.record(LoginDenied(login, "wrong PIN"))
    tally.record(LoginGranted(Login("anna", "i3lock", caller="uid 1000"), 1.0))

    assert values(tally, metrics.LOGINS) == {
        labels(service=OTHER, outcome="denied"): 200,
        labels(service="i3lock", outcome="granted"): 1,
    }


def test_nor_can_anything_else_make_labels_without_end(tally: Tally) -> None:
    for number in range(1000):
        tally.record(LoginGranted(Login("anna", f"service{number}"), 1.0))
        tally.record(CodeSent(LOGIN, f"gateway{number}", "+49 ••• ••89", 0.1, ""))

    assert len(tally.samples()) < 1000
    assert values(tally, metrics.LOGINS)[labels(service=OTHER, outcome="granted")] == 1000 - 64


def test_no_sample_names_who_logs_in_or_from_where(tally: Tally) -> None:
    tally.record(LoginGranted(LOGIN, 1.0))
    tally.record(CodeSent(LOGIN, "main", "+49 ••• ••89", 0.1, "m1"))

    assert not any(word in str(tally.samples()) for word in ("anna", "192.0.2.7", "••", "m1"))


def test_every_sample_belongs_to_a_family(tally: Tally) -> None:
    tally.record(CodeSent(LOGIN, "main", "+49 ••• ••89", 0.1, "m1"))
    names = {family.name for family in FAMILIES}

    for sample in tally.samples():
        assert sample.name in names or sample.name.rpartition("_")[0] in names


def test_names_follow_the_conventions_of_prometheus() -> None:
    for family in FAMILIES:
        assert family.name.startswith("smsotp_")
        assert family.name.endswith("_total") is (family.kind is metrics.Kind.COUNTER)
        assert family.help.endswith(".")
