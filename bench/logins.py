# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure how many complete logins a second the daemon carries (Begin, PIN, code).

    PYTHONPATH=daemon python -m bench.logins [SECONDS]

Clients, bus and daemon share the machine. The ceiling is what hashing alone allows: as many PINs
as all cores hash when they do nothing else, measured in the same run; once as any program hashes,
and once with the variables of the daemon's unit, which make hashing itself faster.
"""

import asyncio
import sys

from bench.busy_daemon import CHEAPEST, PRODUCTION, add_outbox, busy_daemon, log_in
from bench.ceiling import ceiling
from bench.figures import Figure, percentile, table
from tests.bus.daemon import unit_environment

CLIENTS = (1, 8, 64)
USERS = 1280
SUBJECT = "logins"


def measure(seconds: float = 6.0) -> list[Figure]:
    """Return the figures of both costs at each number of clients."""
    most = {
        "the ceiling": ceiling(seconds / 2, {}),
        "the unit's ceiling": ceiling(seconds / 2, unit_environment()),
    }
    figures = [
        Figure(SUBJECT, f"{whose}: PIN hashes, nothing else", rate, "/s")
        for whose, rate in most.items()
    ]
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
                    figures += [
                        Figure(
                            SUBJECT,
                            f"{who}: share of {whose}",
                            load.rate / rate,
                            "x",
                            at_least=0.85,
                        )
                        for whose, rate in most.items()
                    ]
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
