# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Points in time as people type them."""

from datetime import UTC, datetime

import pytest

from smsotpd.cli.when import parse_when

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC).astimezone()


def at(*parts: int) -> float:
    return datetime(*parts).astimezone().timestamp()  # type: ignore[arg-type]  # year to second


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", NOW.timestamp()),
        ("2h", NOW.timestamp() - 7200),
        ("-30min", NOW.timestamp() - 1800),
        ("3 d ago", NOW.timestamp() - 3 * 86_400),
        ("today", at(2026, 3, 4)),
        ("Yesterday", at(2026, 3, 3)),
        ("2026-02-28", at(2026, 2, 28)),
        (" 2026-02-28  08:05 ", at(2026, 2, 28, 8, 5)),
        ("08:05:09", at(2026, 3, 4, 8, 5, 9)),
        ("2026-02-28t08:05:00z", datetime(2026, 2, 28, 8, 5, tzinfo=UTC).timestamp()),
        ("2026-02-28 08:05+02:00", datetime(2026, 2, 28, 6, 5, tzinfo=UTC).timestamp()),
    ],
)
def test_a_point_in_time(text: str, seconds: float) -> None:
    assert parse_when(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "25:00", "99999999d", "999999w", "2 m"])
def test_what_is_no_point_in_time_is_refused_and_forms_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no point in time; give a date"):
        parse_when(text, NOW)
