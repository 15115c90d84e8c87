# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Show where the daemon's time goes in a login, by package.

    PYTHONPATH=daemon python -m bench.profile [SECONDS]

cProfile makes everything slower, small functions most: read the shares, not the milliseconds.
The hash runs in threads of its own, which cProfile does not see.
"""

import asyncio
import pstats
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from bench.busy_daemon import CHEAPEST, add_outbox, busy_daemon, log_in

SUBJECT = "profile"
_USERS = 1000
_MOST = 14
# The last folder that tells a reader where a file belongs.
_PLACE = re.compile(r"/(?:daemon/)?(smsotpd/[a-z0-9_]+|dbus_next|asyncio|sqlite3|systemd|pyotp)\b")


def measure(seconds: float = 8.0) -> tuple[int, dict[str, float]]:
    """Return how many logins there were, and the seconds spent in each package."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        kept = Path(directory, "profile")
        with busy_daemon(_USERS, CHEAPEST, profile=kept) as daemon:
            asyncio.run(add_outbox(daemon))
            load = log_in(daemon, 8, seconds, among=_USERS)
        stats = pstats.Stats(str(kept))
    places: dict[str, float] = defaultdict(float)
    for (file, _line, function), row in stats.stats.items():  # type: ignore[attr-defined]  # documented nowhere, used by all
        places[_place(file, function)] += row[2]
    return len(load.logins), dict(places)


def _place(file: str, function: str) -> str:
    if file == "~":
        match = re.search(r"'(\w+)\.(\w+)' objects|built-in method (\w+)", function)
        if match is None:
            return "Python's own functions"
        name = match[1] or match[3]
        return {"sqlite3": "SQLite (in C)", "select": "waiting for events"}.get(
            name, "Python's own functions"
        )
    found = _PLACE.search(file)
    return found[1].replace("/", ".") if found else "other standard library"


def report(seconds: float = 8.0) -> str:
    """Return the shares as a Markdown table, largest first."""
    logins, places = measure(seconds)
    places.pop("waiting for events", None)
    total = sum(places.values())
    lines = [f"| package | share of the daemon's own time ({logins:,} logins) |", "|---|--:|"]
    for place, spent in sorted(places.items(), key=lambda item: -item[1])[:_MOST]:
        lines.append(f"| {place} | {spent / total:.0%} |")
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Print the table."""
    print(report(float(sys.argv[1]) if len(sys.argv) > 1 else 8.0), end="")


if __name__ == "__main__":
    main()
