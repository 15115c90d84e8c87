# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A bus that is none: silent, refusing, hanging up, lying. Neither terminal lets anybody in.

The bus itself runs as root, so this is no attack; it is what a broken one must not bring about.
But a caller may stop a set-user-ID program of its own, and send signals to anybody on the bus.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.pam.private_host import facts
from tests.unit.pam_smsotp.test_wire import jeepney_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.pam.private_host import PrivateHost
    from tests.tally import Tried

AUTH_ERR, UNAVAILABLE = "result 7", "result 9"
DRIVER = "org.freedesktop.DBus"
GREETING = b"OK 0123456789abcdef0123456789abcdef\r\n"


@pytest.fixture(scope="module")
def _one_host(_requirements: None) -> Iterator[PrivateHost]:
    from tests.pam.private_host import PrivateHost  # noqa: PLC0415  # only where it can be started

    with PrivateHost() as host:
        host.stop_bus()
        yield host


@pytest.fixture
def busless(_one_host: PrivateHost, terminal: str) -> PrivateHost:
    """Return a private host without a bus."""
    _one_host.terminal = terminal
    _one_host.bus_socket.unlink(missing_ok=True)
    return _one_host


@contextmanager
def bus(host: PrivateHost, behave: Callable[[socket.socket], None]) -> Iterator[None]:
    """Listen where the bus does, and behave as told with each connection."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(host.bus_socket))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def results(host: PrivateHost, seconds: int = 2) -> list[str]:
    """Return how a login ends without and with fail=ignore; pam_permit follows."""
    ends = []
    for arguments in (f"timeout={seconds}", f"timeout={seconds} fail=ignore"):
        host.write_service("bus", host.terminal_line(arguments), "auth required pam_permit.so")
        host.log_lines()  # a log that nobody reads makes syslog() wait
        ends += facts(host.drive("bus", "alice", "2580").stdout, ["result"])
    return ends


def wait_for_the_end(connection: socket.socket) -> None:
    """Read until the other side is gone."""
    while connection.recv(4096):
        pass


def greet(connection: socket.socket) -> None:
    """Authenticate whoever comes, as the specification says, up to BEGIN."""
    heard = b""
    greeted = asked = False
    while b"BEGIN\r\n" not in heard:
        part = connection.recv(4096)
        if not part:
            return
        heard += part
        if not asked and b"AUTH EXTERNAL\r\n" in heard:
            connection.sendall(b"DATA\r\n")
            asked = True
        if not greeted and (b"AUTH EXTERNAL " in heard or b"\r\nDATA\r\n" in heard):
            connection.sendall(GREETING)
            greeted = True


def lead_to_the_daemon(connection: socket.socket) -> None:
    """Reply to all calls up to Begin: the daemon is :1.5 and runs as root."""
    replies: list[tuple[str, tuple[object, ...]]] = [
        ("s", (":1.7",)),  # Hello
        ("s", (":1.5",)),  # GetNameOwner
        ("u", (0,)),  # GetConnectionUnixUser
    ]
    greet(connection)
    for serial, (signature, body) in enumerate(replies, 1):
        connection.sendall(jeepney_reply("little", signature, body, serial=serial, sender=DRIVER))


def test_a_bus_that_accepts_and_never_speaks_is_left_at_the_deadline(
    busless: PrivateHost, tried: Tried
) -> None:
    tried(2)
    with bus(busless, wait_for_the_end):
        assert results(busless) == [UNAVAILABLE, "result 0"]


def test_a_bus_that_hangs_up_is_gone(busless: PrivateHost, tried: Tried) -> None:
    tried(2)
    with bus(busless, lambda _: None):
        assert results(busless) == [UNAVAILABLE, "result 0"]


@pytest.mark.parametrize("greeting", [b"REJECTED EXTERNAL\r\n", b"ERROR\r\n", b"\r\n", b"OK\r\n"])
def test_a_bus_that_does_not_accept_us_denies(
    busless: PrivateHost, greeting: bytes, tried: Tried
) -> None:
    tried(2)

    def refuse(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(greeting)
        connection.shutdown(socket.SHUT_WR)
        wait_for_the_end(connection)

    with bus(busless, refuse):
        assert results(busless)[0] == UNAVAILABLE


@pytest.mark.parametrize("junk", [b"x" * 400, bytes(400), os.urandom(400)], ids=["x", "0", "any"])
def test_bytes_that_are_no_message_let_nobody_in(
    busless: PrivateHost, junk: bytes, tried: Tried
) -> None:
    tried(2)

    def rave(connection: socket.socket) -> None:
        greet(connection)
        connection.sendall(junk)
        connection.shutdown(socket.SHUT_WR)
        wait_for_the_end(connection)

    with bus(busless, rave):
        assert results(busless)[0] in {AUTH_ERR, UNAVAILABLE}


def test_a_queue_that_is_full_is_waited_for_until_the_deadline(
    busless: PrivateHost, tried: Tried
) -> None:
    tried(2)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(busless.bus_socket))
        listener.listen(0)
        first.connect(str(busless.bus_socket))
        assert results(busless) == [UNAVAILABLE, "result 0"]


@pytest.mark.parametrize("sender", [":1.66", "org.smsotp1"])
def test_a_reply_that_somebody_else_sends_is_passed_over(
    busless: PrivateHost, sender: str, tried: Tried
) -> None:
    """The stranger's grant comes before the daemon's denial, with the right number."""
    tried(2)

    def lie(connection: socket.socket) -> None:
        lead_to_the_daemon(connection)
        for by, outcome in ((sender, "PAM_SUCCESS"), (":1.5", "PAM_MAXTRIES")):
            steps = ("transaction-1", [("outcome", outcome)])
            connection.sendall(jeepney_reply("little", "sa(ss)", steps, serial=4, sender=by))
        wait_for_the_end(connection)

    with bus(busless, lie):
        assert results(busless, 30) == ["result 11", "result 11"]  # PAM_MAXTRIES


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b"\x0d\0\0\0transaction-1\0", b"\xff\0\0\0transaction-1\0"),
        (b"transaction-1\0", b"transaction-1!"),
        (b"outcome\0", b"outc\xffme\0"),
    ],
    ids=["too long", "no end", "no UTF-8"],
)
def test_a_reply_of_garbled_values_denies_at_once(
    busless: PrivateHost, found: bytes, instead: bytes, tried: Tried
) -> None:
    tried(2)
    steps = ("transaction-1", [("outcome", "PAM_SUCCESS")])
    reply = jeepney_reply("little", "sa(ss)", steps, serial=4, sender=":1.5")
    assert found in reply

    def garble(connection: socket.socket) -> None:
        lead_to_the_daemon(connection)
        connection.sendall(reply.replace(found, instead))
        wait_for_the_end(connection)

    with bus(busless, garble):
        assert results(busless, 30) == [AUTH_ERR, AUTH_ERR]
    assert ": PAM_AUTH_ERR: " in busless.log_lines()[0]


def stop_for_a_while(connection: socket.socket) -> None:
    """Stop whoever connected for longer than its timeout."""
    pid, _, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    os.kill(pid, signal.SIGSTOP)
    connection.settimeout(2.6)
    with suppress(TimeoutError):
        wait_for_the_end(connection)
    os.kill(pid, signal.SIGCONT)
    connection.settimeout(10)


@pytest.mark.parametrize("then", [lambda _: None, wait_for_the_end], ids=["gone", "silent"])
def test_a_program_that_was_stopped_has_not_found_the_bus_silent(
    busless: PrivateHost, then: Callable[[socket.socket], None], tried: Tried
) -> None:
    """The bus hangs up on who does not authenticate in time, and no timeout is left, either."""
    tried(2)

    def stop(connection: socket.socket) -> None:
        stop_for_a_while(connection)
        then(connection)

    with bus(busless, stop):
        assert results(busless) == [UNAVAILABLE, UNAVAILABLE]
    assert "while held up" in busless.log_lines()[0]


def test_a_program_that_strangers_kept_busy_has_not_found_the_bus_silent(
    busless: PrivateHost, tried: Tried
) -> None:
    tried(2)

    def storm(connection: socket.socket) -> None:
        greet(connection)
        connection.sendall(jeepney_reply("little", "s", (":1.7",), serial=1, sender=DRIVER))
        forged = jeepney_reply("little", "s", ("x" * 1000,), serial=99, sender=":1.66")
        while True:
            connection.sendall(forged)

    with bus(busless, storm):
        assert results(busless) == [UNAVAILABLE, UNAVAILABLE]


def test_a_bus_that_goes_away_with_our_question_lets_nobody_in(
    busless: PrivateHost, tried: Tried
) -> None:
    tried(2)

    def leave(connection: socket.socket) -> None:
        greet(connection)

    with bus(busless, leave):
        assert results(busless) == [UNAVAILABLE, "result 0"]
