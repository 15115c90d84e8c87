# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The bus client against a real dbus-daemon and what else lives on a system bus."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from pam_smsotp import bus as bus_module
from pam_smsotp import wire
from pam_smsotp.bus import DRIVER, Bus
from pam_smsotp.daemon import Daemon
from pam_smsotp.verdict import DeniedError, UnreachableError
from tests.pam.private_host import wait_until
from tests.unit.pam_smsotp.test_wire import jeepney_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pam.private_host import PrivateHost


class NoticingBus(Bus):
    """Remembers the lengths of what was not for us."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout)
        self.skipped: list[int] = []

    def _skip(self, count: int) -> None:
        self.skipped.append(count)
        super()._skip(count)


@pytest.fixture
def bus(python_host: PrivateHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[NoticingBus]:
    monkeypatch.setattr(bus_module, "SOCKET", str(python_host.bus_socket))
    with NoticingBus(2) as connection:
        connection.connect()
        yield connection


def unique_name(bus: Bus) -> str:
    """Ask the bus who we are: the owner of a name that only we ask for."""
    body = wire.encode_strings("org.example.Me") + bytes(1)  # "s" ends at 19, "u" starts at 20
    bus.call(DRIVER, "RequestName", "su", body + bytes(4), returns="u")
    body = wire.encode_strings("org.example.Me")
    return bus.call(DRIVER, "GetNameOwner", "s", body, returns="s").read_string()


@pytest.mark.parametrize("texts", [1, 15])
def test_a_strangers_signal_is_passed_over(
    python_host: PrivateHost, bus: NoticingBus, texts: int
) -> None:
    # 100 kB each, the most that one argument of a program may have is 128 kB.
    done = python_host.run(
        "dbus-send", "--system", "--type=signal", f"--dest={unique_name(bus)}",
        "/org/smsotp1", "org.smsotp1.Authentication.Granted", *["string:" + "x" * 100_000] * texts,
    )  # fmt: skip
    assert done.stderr == ""

    def the_signal_has_come() -> bool:
        reply = bus.call(DRIVER, "GetNameOwner", "s", wire.encode_strings(DRIVER[0]), returns="s")
        assert reply.read_string() == DRIVER[0]
        return max(bus.skipped) > texts * 100_000

    wait_until(the_signal_has_come)


def test_the_reply_behind_an_error_is_read(bus: Bus) -> None:
    for _ in range(2):
        with pytest.raises(UnreachableError, match="NameHasNoOwner"):
            bus.call(DRIVER, "GetNameOwner", "s", wire.encode_strings("org.absent"), returns="s")
    assert bus.call(DRIVER, "GetId", returns="s").read_string()


def test_a_reply_of_another_signature_is_refused(bus: Bus) -> None:
    with pytest.raises(DeniedError, match="GetId"):
        bus.call(DRIVER, "GetId", returns="u")


def test_the_descriptor_is_not_inherited_by_programs_the_host_starts(bus: Bus) -> None:
    assert not os.get_inheritable(bus._socket.fileno())


def test_a_bus_that_accepts_and_never_speaks_is_left_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "SOCKET", str(tmp_path / "bus"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "bus"))
        listener.listen()
        with Bus(0.3) as connection, pytest.raises(UnreachableError, match=r"within 0\.3 s"):
            connection.connect()


def test_a_bus_whose_queue_is_full_is_waited_for_until_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "SOCKET", str(tmp_path / "bus"))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(tmp_path / "bus"))
        listener.listen(0)
        first.connect(str(tmp_path / "bus"))
        with Bus(0.3) as connection, pytest.raises(UnreachableError, match=r"within 0\.3 s"):
            connection.connect()


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bus, socket.socket]]:
    """Return a client, connected and no more, and the bus's end of its socket."""
    monkeypatch.setattr(bus_module, "SOCKET", str(tmp_path / "bus"))
    with socket.socket(socket.AF_UNIX) as listener, Bus(1) as connection:
        listener.bind(str(tmp_path / "bus"))
        listener.listen()
        # The kernel completes the connection before anybody accepts it.
        connection._socket.connect(str(tmp_path / "bus"))
        accepted, _ = listener.accept()
        with accepted:
            yield connection, accepted


@pytest.mark.parametrize("greeting", [b"REJECTED EXTERNAL\r\n", b"OK\r\n", b"\r\n"])
def test_a_bus_that_does_not_accept_us_is_left(
    pair: tuple[Bus, socket.socket], greeting: bytes
) -> None:
    connection, other = pair
    other.sendall(greeting)
    with pytest.raises(UnreachableError, match="uid"):
        connection.authenticate()
    uid = str(os.geteuid()).encode().hex().encode()
    assert other.recv(100) == b"\0AUTH EXTERNAL " + uid + b"\r\n"


def test_a_bus_that_hangs_up_is_gone(pair: tuple[Bus, socket.socket]) -> None:
    connection, other = pair
    other.shutdown(socket.SHUT_WR)
    with pytest.raises(UnreachableError, match="closed"):
        connection.authenticate()


def test_a_bus_that_vanished_takes_nothing_and_kills_nobody(
    pair: tuple[Bus, socket.socket],
) -> None:
    connection, other = pair
    other.close()
    # Python itself ignores SIGPIPE; a host does not.
    disposition = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        with pytest.raises(UnreachableError, match="takes nothing"):
            connection.call(DRIVER, "GetId", returns="s")
        Daemon(connection, ":1.2").cancel("transaction-1")
    finally:
        signal.signal(signal.SIGPIPE, disposition)


def test_a_bus_that_vanished_with_our_question_is_gone(pair: tuple[Bus, socket.socket]) -> None:
    connection, other = pair
    connection.send(DRIVER, "GetId", "", b"")
    other.close()  # with data unread: the client's end sees a reset
    with pytest.raises(UnreachableError, match="gone"):
        connection._receive(1)


@pytest.mark.parametrize(
    "reply",
    [
        b"x" * 16,
        # Header fields of a variant type that none has.
        b"l\x02\0\x01" + bytes(4) + b"\1\0\0\0" + b"\x08\0\0\0" + b"\5\1t\0\0\0\0\0",
    ],
)
def test_bytes_that_are_no_message_deny(pair: tuple[Bus, socket.socket], reply: bytes) -> None:
    connection, other = pair
    other.sendall(reply)
    with pytest.raises(DeniedError, match="bad reply to GetId"):
        connection.call(DRIVER, "GetId", returns="s")


def test_a_pending_ctrl_c_ends_the_wait(pair: tuple[Bus, socket.socket]) -> None:
    connection, _ = pair
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # To this thread alone: another of the test runner's would take it.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        with pytest.raises(DeniedError) as caught:
            connection.call(DRIVER, "GetId", returns="s")
    finally:
        signal.sigtimedwait({signal.SIGINT}, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert caught.value.code == "PAM_CONV_ERR"


def test_header_fields_of_any_size_are_passed_over(pair: tuple[Bus, socket.socket]) -> None:
    connection, other = pair
    fields = 100_000
    other.sendall(
        b"l\x04\0\x01" + bytes(4) + b"\1\0\0\0" + fields.to_bytes(4, "little") + bytes(fields)
    )
    other.sendall(jeepney_reply("big", "s", ("the id",), serial=1, sender=DRIVER[0]))
    assert connection.call(DRIVER, "GetId", returns="s").read_string() == "the id"


def test_a_reply_that_somebody_else_sends_is_passed_over(
    pair: tuple[Bus, socket.socket],
) -> None:
    connection, other = pair
    other.sendall(jeepney_reply("little", "s", ("forged",), serial=1, sender=":1.66"))
    other.sendall(jeepney_reply("little", "s", ("early",), serial=7, sender=DRIVER[0]))
    other.sendall(jeepney_reply("little", "s", ("true",), serial=1, sender=DRIVER[0]))
    assert connection.call(DRIVER, "GetId", returns="s").read_string() == "true"


def test_no_bus_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "SOCKET", str(tmp_path / "absent"))
    with Bus(1) as connection, pytest.raises(UnreachableError, match="No such file"):
        connection.connect()
