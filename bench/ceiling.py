# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Count how many PINs a second all cores hash at the production cost when they do nothing else.

    python -m bench.ceiling SECONDS

A program of its own, since the environment of a process decides how its memory is had.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret, verify_secret

from bench.busy_daemon import PRODUCTION


def ceiling(seconds: float, environment: Mapping[str, str]) -> float:
    """Return PINs a second of a process with these variables beside its usual ones."""
    command = [sys.executable, "-m", "bench.ceiling", str(seconds)]
    own = {**os.environ, **environment}
    return float(subprocess.run(command, env=own, check=True, capture_output=True).stdout)


def main() -> None:
    """Hash, and print the rate."""
    seconds, cores = float(sys.argv[1]), os.cpu_count() or 1
    cost = (PRODUCTION.time, PRODUCTION.memory, PRODUCTION.lanes)
    encoded = hash_secret(b"73915", b"s" * 26, *cost, hash_len=32, type=Type.ID)
    until, done = time.monotonic() + seconds, [0] * cores

    def work(core: int) -> None:
        while time.monotonic() < until:
            verify_secret(encoded, b"73915", Type.ID)
            done[core] += 1

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(cores)))
    print(sum(done) / seconds)


if __name__ == "__main__":
    main()
