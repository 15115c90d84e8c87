# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A modem's pace counts the last minute, and nothing before."""

from smsotpd.modem.pace import Pace


def test_what_was_given_in_the_last_minute_holds_up_the_next() -> None:
    pace = Pace(2)
    assert pace.pause(100.0) == 0.0
    pace.note(100.0)
    pace.note(110.0)
    assert pace.recent(110.0) == 2
    assert pace.pause(110.0) == 50.0
    assert pace.pause(160.0) <= 0.0


def test_a_quarter_of_the_pace_is_kept_for_codes() -> None:
    pace = Pace(8)
    for _ in range(5):
        pace.note(100.0)
    assert pace.has_spare(100.0)
    pace.note(100.0)
    assert not pace.has_spare(100.0)
    assert pace.pause(100.0) == 0.0
    assert pace.has_spare(160.0)
    assert Pace(1).has_spare(100.0), "a slow modem sends notices as well"


def test_what_was_given_before_counts_no_more() -> None:
    pace = Pace(20)
    for each in range(20):
        pace.note(float(each))
    assert pace.recent(20.0) == 20
    assert pace.recent(65.0) == 14
    assert pace.recent(1000.0) == 0
