# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure `smsotpctl user import` with the real daemon at the shipped cost of a PIN's hash.

    PYTHONPATH=daemon python -m bench.enrolment [USERS]

A policy of the daemon asks for the code alone, so that users without a PIN may be enrolled, too.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, table
from tests.bus.daemon import Daemon
from tests.bus.private_bus import private_bus

SUBJECT = "enrolment"
_POLICY = '[policy.sudo]\nfactors = ["code"]\n'
_WITHOUT_PIN = "--without-pin"


def measure(users: int = 10_000) -> list[Figure]:
    """Return what a file of so many users costs, and one of a tenth of them with PINs."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-bus-", dir="/dev/shm") as bus,
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        private_bus(Path(bus)) as address,
    ):
        home = Path(directory)
        (home / "etc").mkdir()
        (home / "etc/smsotpd.toml").write_text(_POLICY)
        daemon = Daemon(address, home)
        try:
            daemon.wait_ready()
            return _figures(address, home, users)
        finally:
            daemon.stop()


def _figures(address: str, home: Path, users: int) -> list[Figure]:
    many, few = _file(home / "many.csv", "many", users), _file(home / "few.csv", "few", users // 10)
    done = {
        f"{users:,} users without PIN, dry run": ("import", many, _WITHOUT_PIN, "--dry-run"),
        f"{users:,} users without PIN": ("import", many, _WITHOUT_PIN),
        f"{users:,} users without PIN, again": ("import", many, _WITHOUT_PIN),
        f"user list, {users:,} users": ("list",),
    }
    figures = [
        Figure(SUBJECT, name, _seconds(address, arguments), "s") for name, arguments in done.items()
    ]
    seconds = _seconds(address, ("import", few, "--pins-to", str(home / "pins.csv")))
    name = f"{users // 10:,} users with PINs, for each of them"
    return [*figures, Figure(SUBJECT, name, seconds / (users // 10) * 1000, "ms")]


def _file(path: Path, name: str, users: int) -> str:
    lines = [f"{name}{number},+4915{number + 100_000_000}\n" for number in range(users)]
    path.write_text(f"user,phone\n{''.join(lines)}")
    return str(path)


def _seconds(address: str, arguments: Sequence[str]) -> float:
    """Run `smsotpctl user` with these arguments and return how long it took."""
    command = [sys.executable, "-m", "smsotpd.cli", "user", *arguments]
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
    begun = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {arguments} exited with {done.returncode}: {done.stderr}")
    return time.monotonic() - begun


def main() -> None:
    """Print the table."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))


if __name__ == "__main__":
    main()
