# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what other logins notice while one gateway hangs with fifty logins waiting for it.

    PYTHONPATH=daemon python -m bench.isolation [SECONDS]

Users with Austrian phones are sent to a provider that takes the request and never answers; the
others log in by the instant gateway. Quiet rounds and rounds with the fifty take turns.
"""

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator

from bench.busy_daemon import CHEAPEST, PIN, add_outbox, busy_daemon, log_in
from bench.figures import Figure, percentile, table
from tests.bus.client import ADMIN, Client
from tests.bus.daemon import Daemon

SUBJECT = "isolation"
WAITING = 50
USERS = 400
CLIENTS = 4
ROUNDS = 4
ROUTES = """
[route.hanging]
prefixes = ["43"]
gateways = ["hanging"]
[route.rest]
gateways = ["instant"]
"""


@contextlib.asynccontextmanager
async def hanging_provider() -> AsyncIterator[int]:
    """Run a server that reads requests and never answers; yield its port."""
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while await reader.read(65_536):
            pass

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()


async def wait_at_gateway(daemon: Daemon, arrived: threading.Event, done: threading.Event) -> None:
    """Keep fifty logins waiting at the hanging gateway until told that it is enough."""
    async with Client(daemon.address) as root:

        async def one(number: int) -> None:
            while not done.is_set():
                name, _ = await root.begin(f"guest{number}", rhost=f"192.0.2.{number}")
                await root.respond(name, PIN)

        tasks = [asyncio.ensure_future(one(number)) for number in range(WAITING)]
        while await transactions(root) < WAITING:  # noqa: ASYNC110  # the daemon tells nobody
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)  # their PINs are hashed by now, and they wait
        arrived.set()
        await asyncio.to_thread(done.wait)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def transactions(root: Client) -> int:
    """Return how many logins are in progress."""
    (status,) = await root.call(ADMIN, "Status")
    return int(status["transactions"].value)


async def prepare(daemon: Daemon, port: int) -> None:
    """Define both gateways and enrol the fifty."""
    await add_outbox(daemon)
    async with Client(daemon.address) as root:
        settings = {
            "URL": f"http://127.0.0.1:{port}/",
            "HTTP_METHOD": "POST",
            "TIMEOUT": "15",
            "option.to": "{phone}",
            "option.text": "{otp}",
        }
        await root.configure("hanging", "http", settings)
        for number in range(WAITING):
            await root.enrol(f"guest{number}", f"+43664{number:07}", PIN)


def measure(seconds: float = 4.0) -> list[Figure]:
    """Return the p50 and p99 of other logins in both cases, and the ratios."""
    with busy_daemon(USERS, CHEAPEST, more=ROUTES) as daemon:
        return asyncio.run(_measure(daemon, seconds))


async def _measure(daemon: Daemon, seconds: float) -> list[Figure]:
    quiet: list[float] = []
    busy: list[float] = []
    async with hanging_provider() as port:
        await prepare(daemon, port)
        for turn in range(ROUNDS + 1):
            load = await asyncio.to_thread(log_in, daemon, CLIENTS, seconds, among=USERS)
            arrived, done = threading.Event(), threading.Event()
            waiting = asyncio.ensure_future(wait_at_gateway(daemon, arrived, done))
            await asyncio.to_thread(arrived.wait)
            crowd = await asyncio.to_thread(log_in, daemon, CLIENTS, seconds, among=USERS)
            done.set()
            await waiting
            if turn:  # the first finds cold caches
                quiet += load.logins
                busy += crowd.logins
    figures = []
    for part, most in ((0.5, None), (0.99, 1.5)):
        before, after = percentile(quiet, part), percentile(busy, part)
        word = f"p{part * 100:g} of other logins"
        figures += [
            Figure(SUBJECT, f"{word}, quiet", before, "ms"),
            Figure(SUBJECT, f"{word}, {WAITING} wait for a hanging gateway", after, "ms"),
            Figure(SUBJECT, f"{word}: ratio", after / before, "x", at_most=most),
        ]
    return figures


def main() -> None:
    """Print the table."""
    print(table(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 6.0)))


if __name__ == "__main__":
    main()
