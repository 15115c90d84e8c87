# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure `smsotpctl user import` against a real daemon at the shipped cost of a PIN's hash.

Run as root: build/venv/bin/python -m bench.user_import [USERS]
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bus.daemon import Daemon
from tests.bus.private_bus import private_bus

WITHOUT_PIN = "--without-pin"


def main() -> None:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with (
        tempfile.TemporaryDirectory(prefix="bench-bus-") as place,
        private_bus(Path(place)) as address,
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
    ):
        home = Path(directory)
        (home / "etc").mkdir()
        configuration = '[policy.sudo]\nfactors = ["code"]\n'
        (home / "etc/smsotpd.toml").write_text(configuration)
        file = home / "users.csv"
        lines = [f"bench{number},+4915{number + 100_000_000}\n" for number in range(users)]
        file.write_text(f"user,phone\n{''.join(lines)}")
        daemon = Daemon(address, home)
        try:
            daemon.wait_ready()
            environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}

            def run(what: str, *arguments: str) -> None:
                command = [sys.executable, "-m", "smsotpd.cli", *arguments]
                begun = time.monotonic()
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, check=False
                )
                seconds = time.monotonic() - begun
                last = (done.stdout.splitlines() or [done.stderr])[-1]
                print(f"{what:<42} {seconds:7.2f} s   exit {done.returncode}   {last[:60]}")

            take = ["user", "import", str(file)]
            run(f"{users} users, no PIN, dry run", *take, WITHOUT_PIN, "--dry-run")
            run(f"{users} users, no PIN", *take, WITHOUT_PIN)
            run(f"{users} users, no PIN, again: unchanged", *take, WITHOUT_PIN)
            run("status with all of them", "status")
            run(f"{users} PINs made and hashed", *take, "--pins-to", str(home / "pins.csv"))
            run(
                f"{users} users with a PIN already: unchanged", *take, "--pins-to", str(home / "p2")
            )
        finally:
            daemon.stop()


if __name__ == "__main__":
    main()
