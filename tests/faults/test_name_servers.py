# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Name servers that never answer, and handshakes that never end: logins go by the next gateway."""

import asyncio
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.bus.client import Client
from tests.bus.conftest import CONFIGURATION, PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
DEADLINE = 15.0
SETTINGS = {"option.to": "{phone}", "option.text": "{otp}", "TIMEOUT": "2"}
ORDER = '[gateways]\norder = ["broken", "outbox"]'
CROWD = 24
# All of it is one user's.
FOR_A_CROWD = """
failures_to_lock = 100
failures_to_disable = 100
failures_without_delay = 100
guesses_per_phone_and_hour = 1000
sends_per_user_and_day = 1000
sends_per_phone_and_day = 1000
"""
# Not one that a resolver of this host listens at.
ADDRESS = "127.99.0.1"


class SilentNameServer:
    """Takes every question and answers none."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ADDRESS, 53))

    def was_asked(self) -> bool:
        """Tell whether there was a question."""
        ready, _, _ = select.select([self._socket], [], [], 0)
        return bool(ready)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def names() -> Iterator[SilentNameServer]:
    server = SilentNameServer()
    yield server
    server.close()


@pytest.fixture
def lost(root: Client, daemon: Daemon, names: SilentNameServer, tmp_path: Path) -> Daemon:
    """The daemon, in a mount namespace of its own, where that name server is the only one."""
    del root, names
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {ADDRESS}\n")
    switch = tmp_path / "nsswitch.conf"
    switch.write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    script = (
        f"mount --bind {resolver} /etc/resolv.conf && mount --bind {switch} /etc/nsswitch.conf"
        ' && exec "$@"'
    )
    daemon.interpreter = [
        *("unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh"),
        sys.executable,
    ]
    daemon.kill()
    daemon.restart()
    return daemon


async def break_first(root: Client, daemon: Daemon, url: str) -> None:
    await root.configure("broken", "http", {"URL": url, **SETTINGS})
    (daemon.configuration / "smsotpd.toml").write_text(
        CONFIGURATION.replace("[gateways]", ORDER) + FOR_A_CROWD
    )
    daemon.reload()


async def test_logins_go_on_where_no_name_server_answers(
    root: Client, lost: Daemon, names: SilentNameServer, tried: Tried
) -> None:
    await break_first(root, lost, "https://sms.example.net/")
    tried()
    begun = time.monotonic()
    name, _ = await root.begin("alice")
    steps = await root.respond(name, PIN)
    assert steps[-1][0] == "hidden"
    assert time.monotonic() - begun < DEADLINE
    assert names.was_asked()
    assert await root.respond(name, lost.code()) == GRANTED


async def test_a_crowd_does_too_and_the_daemon_ends_in_time(
    root: Client, lost: Daemon, names: SilentNameServer, tried: Tried
) -> None:
    await break_first(root, lost, "https://sms.example.net/")
    begun = [await root.begin("alice", rhost=f"192.0.2.{number}") for number in range(CROWD)]
    tried(CROWD)
    since = time.monotonic()
    ends = await asyncio.gather(*(root.respond(name, PIN) for name, _ in begun))
    assert time.monotonic() - since < DEADLINE
    assert {end[-1][0] for end in ends} == {"hidden"}
    assert len(lost.messages()) == CROWD
    assert names.was_asked()
    tried()
    since = time.monotonic()
    assert lost.stop() == 0
    assert time.monotonic() - since < 5, "look-ups that hang do not hold it"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port whose queue of connections somebody takes, for as long as the test runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield listening
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def take_and_keep(listening: socket.socket, said: bytes) -> None:
    """Take connections, say a few octets to each, and nothing more."""
    with ExitStack() as stack, suppress(OSError):
        while True:
            connection = stack.enter_context(listening.accept()[0])
            connection.sendall(said)


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x03\x00\x7a\x02\x00\x00"])
async def test_logins_go_on_where_a_tls_handshake_is_stuck(
    root: Client, daemon: Daemon, listener: socket.socket, tried: Tried, said: bytes
) -> None:
    tried(CROWD)
    threading.Thread(target=take_and_keep, args=(listener, said), daemon=True).start()
    await break_first(root, daemon, f"https://127.0.0.1:{listener.getsockname()[1]}/")
    begun = [await root.begin("alice", rhost=f"192.0.2.{number}") for number in range(CROWD)]
    since = time.monotonic()
    ends = await asyncio.gather(*(root.respond(name, PIN) for name, _ in begun))
    assert time.monotonic() - since < DEADLINE
    assert {end[-1][0] for end in ends} == {"hidden"}
    name, _ = await root.begin("alice", rhost="192.0.2.250")
    await root.respond(name, PIN)
    assert await root.respond(name, daemon.code()) == GRANTED
