# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The real daemon on a private bus with many enrolled users, and clients that log in at once.

The limits are out of the way, the gateway is the outbox on a memory file system. Clients are what
PAM programs are: a connection of its own for each login, by the terminal's own bus client.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.kernel.clock import KernelClock
from smsotpd.kernel.randomness import KernelCodeSource
from smsotpd.pinhash.argon2 import Argon2PinHasher, Cost
from smsotpd.store.key import load_or_create_key
from smsotpd.store.sqlite import open_store
from tests.bus.client import Client
from tests.bus.daemon import Daemon
from tests.bus.private_bus import private_bus

PIN = "73915"
_LIMITS = "\n".join(
    f"{name} = 1000000"
    for name in (
        "guesses_per_phone_and_hour",
        "guesses_per_origin_and_hour",
        "guesses_per_prefix_and_hour",
        "guesses_per_hour",
        "sends_per_user_and_day",
        "sends_per_phone_and_day",
        "sends_per_origin_and_day",
        "sends_per_prefix_and_day",
        "sends_per_day",
    )
)
PRODUCTION = Cost()
CHEAPEST = Cost(memory=8, time=1, lanes=1)


@dataclass(frozen=True, slots=True)
class Load:
    """What clients saw, in milliseconds for each login, and what the daemon used meanwhile."""

    seconds: float
    logins: list[float]
    begins: list[float]
    pins: list[float]
    codes: list[float]
    daemon_cpu_seconds: float

    @property
    def rate(self) -> float:
        """Return logins a second."""
        return len(self.logins) / self.seconds


def user(number: int) -> str:
    """Return the name of a user by number."""
    return f"user{number:06}"


def phone(number: int) -> str:
    """Return the phone of a user by number."""
    return f"+49151{number:08}"


class ProfiledDaemon(Daemon):
    """The daemon under cProfile, which writes what it saw when the daemon ends."""

    def __init__(self, address: str, directory: Path, profile: Path) -> None:
        self.interpreter = [sys.executable, "-m", "cProfile", "-o", str(profile)]
        super().__init__(address, directory)


@contextmanager
def busy_daemon(
    users: int,
    cost: Cost = CHEAPEST,
    *,
    challenges: int = 0,
    more: str = "",
    profile: Path | None = None,
) -> Iterator[Daemon]:
    """Run the daemon with so many users enrolled.

    Args:
        challenges: so many of the users, the last ones, have a code out.
        more: configuration.
        profile: where to leave a profile of the daemon.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bench-bus-", dir="/dev/shm") as bus,
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        private_bus(Path(bus)) as address,
    ):
        state, etc = Path(directory, "state"), Path(directory, "etc")
        state.mkdir(mode=0o700)
        etc.mkdir()
        (etc / "smsotpd.toml").write_text(
            f"[pin]\nmemory_kib = {cost.memory}\ntime_cost = {cost.time}\nlanes = {cost.lanes}\n"
            f"threads = {os.cpu_count()}\n[gateways]\nallow_outbox = true\n"
            f"[limits]\nresend_seconds = 0\ndelay_step_seconds = 0\n{_LIMITS}\n{more}\n"
        )
        enrol(state, users, cost, challenges)
        home = Path(directory)
        daemon = ProfiledDaemon(address, home, profile) if profile else Daemon(address, home)
        daemon.outbox = Path(bus, "box/outbox")
        daemon.outbox.parent.mkdir(mode=0o700)
        try:
            daemon.wait_ready()
            yield daemon
        finally:
            daemon.stop()


def enrol(state: Path, users: int, cost: Cost, challenges: int = 0) -> None:
    """Write the users straight into the store: all have the same PIN, hashed once."""
    key, source = load_or_create_key(state), KernelCodeSource()
    hasher = Argon2PinHasher(key, source, cost, 1)
    pin_hash = asyncio.run(hasher.hash(Secret(PIN)))
    hasher.close()
    now = clock().now()
    with open_store(state) as store, store.change() as change:
        for number in range(users):
            recipients = (Recipient("sms", phone(number)),)
            change.put_enrolment(
                Enrolment(user(number), recipients, pin_hash, enrolled_at=now.wall)
            )
        for number in range(users - challenges, users):
            change.put_challenge(
                Challenge(
                    key=ChallengeKey(user(number), "sshd", ""),
                    salt=source.token(128),
                    digest=os.urandom(32),
                    issued=now,
                    lifetime=600.0,
                    answers_left=3,
                    sends=1,
                    masked="+49 ••• ••00",
                    digits=6,
                )
            )


def clock() -> KernelClock:
    """Return the clock that the daemon has."""
    return KernelClock(Path("/proc/sys/kernel/random/boot_id").read_text().strip())


async def add_outbox(daemon: Daemon) -> None:
    """Define the gateway that takes every code at once."""
    async with Client(daemon.address) as root:
        await root.configure("instant", "outbox", {"PATH": str(daemon.outbox)})


def log_in(daemon: Daemon, clients: int, seconds: float, *, among: int) -> Load:
    """Let so many clients log in, one login after the other each, for so long.

    Args:
        among: how many of the users take part.
    """
    processes = min(clients, os.cpu_count() or 1)
    begun_cpu, begun = cpu_seconds(daemon.process.pid), time.monotonic()
    workers = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.login_client"),
                daemon.address.partition("=")[2].partition(",")[0],
                str(daemon.outbox),
                str(clients // processes + (worker < clients % processes)),
                str(seconds),
                str(worker * among // processes),
                str(among // processes),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for worker in range(processes)
    ]
    texts = [worker.communicate()[0] for worker in workers]
    elapsed = time.monotonic() - begun
    if any(worker.returncode for worker in workers):
        raise SystemExit("bench: a client failed; see above")
    rows = [row for text in texts for row in json.loads(text)["logins"]]
    busy = max(json.loads(text)["seconds"] for text in texts)
    return Load(
        min(elapsed, busy),
        [sum(row) for row in rows],
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        cpu_seconds(daemon.process.pid) - begun_cpu,
    )


def cpu_seconds(pid: int) -> float:
    """Return how much processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Return how much memory a process has to itself or its share of (Pss)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("bench: the kernel does not say how much memory the daemon has")
