# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what a login costs as users and open challenges become many, and what each takes on disk.

    PYTHONPATH=daemon python -m bench.growth [SECONDS]

The cheapest hash, one client: what is left is the daemon and its store. The sizes take turns, so
that a change of the machine's load meets all alike.
"""

import asyncio
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.busy_daemon import CHEAPEST, add_outbox, busy_daemon, clock, enrol, log_in, user
from bench.figures import Figure, table
from smsotpd.core.challenge import ChallengeKey
from smsotpd.core.moment import Moment
from smsotpd.store.sqlite import DATABASE_NAME, open_store

SUBJECT = "growth"
ROUNDS = 5
# Enrolled users, and how many of them have a code out.
SIZES = ((100, 0), (10_000, 0), (100_000, 0), (100_000, 10_000))
LARGER = 1.3


def measure(seconds: float = 1.5) -> list[Figure]:
    """Return medians of Begin and of both answers for each size, and the ratios to the smallest."""
    begins: dict[tuple[int, int], list[float]] = {size: [] for size in SIZES}
    answers: dict[tuple[int, int], list[float]] = {size: [] for size in SIZES}
    with ExitStack() as stack:
        daemons = {}
        for users, challenges in SIZES:
            running = busy_daemon(users, CHEAPEST, challenges=challenges)
            daemons[users, challenges] = daemon = stack.enter_context(running)
            asyncio.run(add_outbox(daemon))
        for turn in range(ROUNDS + 1):
            for size, daemon in daemons.items():
                load = log_in(daemon, 1, seconds, among=min(size[0], 5000))
                if turn:  # the first finds cold caches
                    begins[size] += load.begins
                    answers[size] += load.pins + load.codes
    figures = []
    for word, times in (("Begin", begins), ("Respond", answers)):
        least = statistics.median(times[SIZES[0]])
        for users, challenges in SIZES:
            median = statistics.median(times[users, challenges])
            name = f"{word}, {users:,} users, {challenges:,} codes out"
            figures.append(Figure(SUBJECT, f"{name}: median", median, "ms"))
            if (users, challenges) != SIZES[0]:
                ratio = median / least
                figures.append(Figure(SUBJECT, f"{name}: ratio", ratio, "x", at_most=LARGER))
    return figures + store_sizes()


def store_sizes() -> list[Figure]:
    """Return what a user takes in the store, and what is left of codes after a pruning."""
    few, many = _store_size(1000, 0), _store_size(11_000, 0)
    with_codes = _store_size(11_000, 10_000)
    return [
        Figure(SUBJECT, "store, for each user", (many - few) / 10_000, "bytes"),
        Figure(SUBJECT, "store, for each code that is out", (with_codes - many) / 10_000, "bytes"),
        Figure(SUBJECT, "codes left in the store an hour later", _left(10_000), "", at_most=0),
    ]


def _store_size(users: int, challenges: int) -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        enrol(Path(directory), users, CHEAPEST, challenges)
        return Path(directory, DATABASE_NAME).stat().st_size


def _left(challenges: int) -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        enrol(Path(directory), challenges, CHEAPEST, challenges)
        with open_store(Path(directory)) as store:
            now = clock().now()
            store.prune(Moment(now.wall + 3600, now.boot + 3600, now.boot_id))
            with store.change() as change:
                keys = [ChallengeKey(user(number), "sshd", "") for number in range(challenges)]
                return sum(change.challenge(key) is not None for key in keys)


def main() -> None:
    """Print the table."""
    print(table(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)))


if __name__ == "__main__":
    main()
