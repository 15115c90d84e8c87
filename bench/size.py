# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what the daemon takes on a booted Debian 12: memory, start by the bus, smsotpctl's start.

    PYTHONPATH=daemon python -m bench.size [LOGINS]

Needs root and the built package (`make deb`). Memory is what the process has to itself and its
share of what it shares (Pss); logins are those of bench.logins, over a private bus, since ssh
would take an hour for ten thousand.
"""

import asyncio
import statistics
import sys
import time

from bench.busy_daemon import CHEAPEST, add_outbox, busy_daemon, log_in, resident_mib
from bench.figures import Figure, table
from tests.system import accounts
from tests.testhost import requirements
from tests.testhost.machine import Machine
from tests.testhost.package import built_package, install

SUBJECT = "size"
RUNS = 9
USERS = 1000
# A call that does nothing: what is measured is the way there.
_CALL = (
    *("busctl", "--system", "--quiet", "call", "org.smsotp1", "/org/smsotp1"),
    *("org.smsotp1.Authentication", "Cancel", "s", "none"),
)


def measure(logins: int = 10_000) -> list[Figure]:
    """Return all figures."""
    return [*_on_a_host(), *_after_logins(logins)]


def _on_a_host() -> list[Figure]:
    with Machine("bookworm") as machine:
        install(machine, built_package())
        accounts.set_up(machine)
        cold, warm = [], []
        for _ in range(RUNS):
            machine.run(["systemctl", "stop", "smsotpd"])
            cold.append(_seconds(machine, *_CALL))
            warm.append(_seconds(machine, *_CALL))
        shown = machine.run(["systemctl", "show", "--value", "--property=MainPID", "smsotpd"])
        pss = machine.run(["grep", "^Pss:", f"/proc/{int(shown.stdout)}/smaps_rollup"])
        control = [_seconds(machine, "smsotpctl", "--version") for _ in range(RUNS)]
        bare = [_seconds(machine, "/usr/bin/python3", "-I", "-c", "") for _ in range(RUNS)]
    idle = int(pss.stdout.split()[1]) / 1024
    start = statistics.median(cold) - statistics.median(warm)
    name = "cold start, from the bus's call to the first reply, above a warm call"
    return [
        Figure(SUBJECT, "idle memory as installed", idle, "MiB", at_most=45),
        Figure(SUBJECT, name, start, "s", at_most=0.7),
        Figure(SUBJECT, "smsotpctl --version", statistics.median(control) * 1000, "ms"),
        Figure(SUBJECT, "python3 that does nothing", statistics.median(bare) * 1000, "ms"),
    ]


def _seconds(machine: Machine, *command: str) -> float:
    began = time.monotonic()
    machine.run(list(command))
    return time.monotonic() - began


def _after_logins(wanted: int) -> list[Figure]:
    with busy_daemon(USERS, CHEAPEST) as daemon:
        asyncio.run(add_outbox(daemon))
        pid = daemon.process.pid
        done = len(log_in(daemon, 8, 5.0, among=USERS).logins)  # pools and caches are filled
        first, begun = resident_mib(pid), done
        while done - begun < wanted:
            done += len(log_in(daemon, 8, 10.0, among=USERS).logins)
        last = resident_mib(pid)
    name = f"memory after {wanted:,} more logins, against before them"
    return [
        Figure(SUBJECT, f"memory after {begun:,} logins", first, "MiB"),
        Figure(SUBJECT, name, last / first, "x", at_most=1.05),
    ]


def main() -> None:
    """Print the table."""
    if missing := requirements.missing():
        raise SystemExit(f"bench.size: {missing}")
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))


if __name__ == "__main__":
    main()
