# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure how many complete logins a second the daemon carries (Begin, PIN, code).

    PYTHONPATH=daemon python -m bench.logins [SECONDS]

Clients, bus and daemon share the machine. The ceiling is what hashing alone allows: as many PINs
as all cores hash when they do nothing else, measured in the same run.
"""

import asyncio
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret, verify_secret

from bench.busy_daemon import CHEAPEST, PRODUCTION, add_outbox, busy_daemon, log_in
from bench.figures import Figure, percentile, table

CLIENTS = (1, 8, 64)
USERS = 1280
SUBJECT = "logins"


def ceiling(seconds: float) -> float:
    """Return how many PINs a second all cores hash at the production cost."""
    cores = os.cpu_count() or 1
    cost = (PRODUCTION.time, PRODUCTION.memory, PRODUCTION.lanes)
    encoded = hash_secret(b"73915", b"s" * 26, *cost, hash_len=32, type=Type.ID)
    until, done = time.monotonic() + seconds, [0] * cores

    def work(core: int) -> None:
        while time.monotonic() < until:
            verify_secret(encoded, b"73915", Type.ID)
            done[core] += 1

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(cores)))
    return sum(done) / seconds


def measure(seconds: float = 6.0) -> list[Figure]:
    """Return the figures of both costs at each number of clients."""
    figures = []
    most = statistics.mean([ceiling(seconds / 2), ceiling(seconds / 2)])
    figures.append(Figure(SUBJECT, "ceiling: PIN hashes, nothing else", most, "/s"))
    for cost, word in ((PRODUCTION, "production hash"), (CHEAPEST, "cheapest hash")):
        with busy_daemon(USERS, cost) as daemon:
            asyncio.run(add_outbox(daemon))
            log_in(daemon, 2, 1.0, among=USERS)  # caches
            for clients in CLIENTS:
                load = log_in(daemon, clients, seconds, among=USERS)
                who = f"{word}, {clients} client{'s' * (clients > 1)}"
                is_most = clients == max(CLIENTS)
                least = 150.0 if cost is CHEAPEST and is_most else None
                figures.append(Figure(SUBJECT, f"{who}: logins", load.rate, "/s", at_least=least))
                if cost is PRODUCTION and is_most:
                    share = load.rate / most
                    name = f"{who}: share of the ceiling"
                    figures.append(Figure(SUBJECT, name, share, "x", at_least=0.85))
                for part in (0.5, 0.99):
                    value = percentile(load.logins, part)
                    figures.append(Figure(SUBJECT, f"{who}: p{part * 100:g}", value, "ms"))
                cpu = load.daemon_cpu_seconds / len(load.logins) * 1000
                figures.append(Figure(SUBJECT, f"{who}: CPU of the daemon a login", cpu, "ms"))
    return figures


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    print(table(measure(seconds)))


if __name__ == "__main__":
    main()
