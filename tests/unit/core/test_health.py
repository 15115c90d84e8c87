# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway that fails is passed over for a while, and looked at again."""

from dataclasses import replace

import pytest

from smsotpd.core.health import WELL, Health, after, is_open, probe
from smsotpd.core.moment import Moment
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown

NOON = Moment(1_000_000.0, 500.0, "boot")
OUTAGE = Deferred(ErrorClass.TEMPORARY, "away")


def later(seconds: float) -> Moment:
    return replace(NOON, wall=NOON.wall + seconds, boot=NOON.boot + seconds)


def series(*outcomes: Outcome) -> Health:
    health = WELL
    for outcome in outcomes:
        health = after(health, outcome, 0.1, NOON)
    return health


def test_two_outages_are_no_reason_to_pass_a_gateway_over() -> None:
    assert not is_open(series(OUTAGE, OUTAGE), NOON)


def test_the_third_outage_in_a_row_opens_for_half_a_minute() -> None:
    health = series(OUTAGE, OUTAGE, OUTAGE)
    assert is_open(health, later(29.9))
    assert not is_open(health, later(30))


def test_a_message_that_is_taken_closes_at_once() -> None:
    assert not is_open(series(OUTAGE, OUTAGE, OUTAGE, Accepted()), NOON)
    assert not is_open(series(OUTAGE, OUTAGE, Accepted(), OUTAGE), NOON)


def test_each_further_outage_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    waits = [series(*[OUTAGE] * count).wait for count in range(3, 12)]
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900, 900]


@pytest.mark.parametrize("lasting", [ErrorClass.AUTH, ErrorClass.CREDIT, ErrorClass.SENDER])
def test_what_an_administrator_must_mend_opens_at_once(lasting: ErrorClass) -> None:
    health = series(Rejected(lasting))
    assert is_open(health, later(299))
    assert not is_open(health, later(300))


def test_a_provider_that_names_its_time_is_obeyed_up_to_an_hour() -> None:
    assert series(Deferred(ErrorClass.RATE, retry_after=17)).wait == 17
    assert series(Deferred(ErrorClass.RATE, retry_after=1e9)).wait == 3600


@pytest.mark.parametrize("harmless", [ErrorClass.RECIPIENT, ErrorClass.CONTENT])
def test_a_bad_message_is_not_the_gateways_fault(harmless: ErrorClass) -> None:
    assert not is_open(series(*[Rejected(harmless)] * 10), NOON)


def test_an_ambiguous_result_counts_as_a_failure() -> None:
    assert is_open(series(Unknown(), Unknown(), Unknown()), NOON)


def test_one_message_probes_and_the_others_pass_by() -> None:
    health = series(OUTAGE, OUTAGE, OUTAGE)
    probed = probe(health, 15, later(31))
    assert is_open(probed, later(32))
    assert not is_open(probed, later(46))
    assert probe(health, 15, later(5)) == health
    assert probe(WELL, 15, NOON) == WELL


def test_the_last_eight_outcomes_are_kept() -> None:
    health = series(*[OUTAGE] * 9, Accepted())
    assert [trace.word for trace in health.recent] == ["temporary"] * 7 + ["accepted"]
