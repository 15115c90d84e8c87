# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Points in time as people type them."""

import re
from datetime import datetime, time, timedelta
from typing import Final

_AGE: Final = re.compile(r"-?(\d{1,6})\s*(s|min|h|d|w)(?:\s+ago)?")
_UNITS: Final = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_BACK: Final = {"today": 0, "yesterday": 1}

FORMS: Final = "a date, a time, both, “yesterday”, “today”, or an age such as 30min, 2h, 3d"


def parse_when(text: str, now: datetime) -> float:
    """Return the seconds since 1970 of a point in time; without an offset it is local.

    Args:
        text: one of FORMS.
        now: the present, with an offset.

    Raises:
        ValueError: it is none.
    """
    words = " ".join(text.split()).lower()
    if words == "now":
        return now.timestamp()
    if words in _DAYS_BACK:
        day = now.date() - timedelta(days=_DAYS_BACK[words])
        return datetime.combine(day, time()).astimezone().timestamp()
    try:
        if age := _AGE.fullmatch(words):
            return (now - timedelta(**{_UNITS[age[2]]: int(age[1])})).timestamp()
        try:
            return datetime.combine(now.date(), time.fromisoformat(words)).astimezone().timestamp()
        except ValueError:
            return datetime.fromisoformat(words.upper()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"is no point in time; give {FORMS}") from None
