# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes from the bus become messages, whatever they are and however they are cut."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbus_next import Message
from hypothesis import given
from hypothesis import strategies as st

from pam_smsotp.wire import encode_call, encode_strings
from smsotpd.dbus.framing import LONGEST_BODY, LONGEST_HEADER, Framing

PING = encode_call(7, ("org.smsotp1", "/", "org.freedesktop.DBus.Peer"), "Ping", "", b"")


@contextmanager
def pair() -> Iterator[tuple[socket.socket, Framing]]:
    bus, ours = socket.socketpair()
    with bus, ours:
        ours.setblocking(False)  # noqa: FBT003  # the standard library's own
        bus.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        yield bus, Framing(ours)


def call(text: str, path: str = "/") -> bytes:
    body = encode_strings(text)
    return encode_call(8, ("org.smsotp1", path, "org.smsotp1.Admin"), "ShowUser", "s", body)


@given(sizes=st.lists(st.integers(1, 60), min_size=1))
def test_a_message_may_come_in_any_pieces(sizes: list[int]) -> None:
    data, messages, at = PING + call("alice"), list[Message | None](), 0
    with pair() as (bus, framing):
        while len(messages) < 2:
            part = data[at : at + sizes[at % len(sizes)]]
            at += len(part)
            bus.sendall(part)
            try:
                while True:
                    messages.append(framing.next())
            except BlockingIOError:
                continue
    assert [message and (message.member, message.body) for message in messages] == [
        ("Ping", []),
        ("ShowUser", ["alice"]),
    ]


@given(
    noise=st.binary(max_size=400),
    place=st.integers(0, len(PING) - 1),
    value=st.integers(0, 255),
)
def test_nonsense_ends_nothing(noise: bytes, place: int, value: int) -> None:
    changed = bytearray(PING)
    changed[place] = value
    for data in (noise, bytes(changed) + noise):
        with pair() as (bus, framing):
            bus.sendall(data)
            try:
                for _ in range(1000):
                    framing.next()
            except BlockingIOError:
                continue


def test_what_is_too_long_is_left_out_and_the_next_message_is_whole() -> None:
    with pair() as (bus, framing):
        for long in (call("x" * LONGEST_BODY), call("x", path="/" + "x" * LONGEST_HEADER)):
            bus.sendall(long + PING)
            first, second = framing.next(), framing.next()
            assert first is None or (first.member, first.signature, first.body) == (
                "ShowUser",
                "",
                [],
            )
            assert second is not None
            assert second.member == "Ping"


def test_the_descriptors_of_what_is_thrown_away_are_closed() -> None:
    with pair() as (bus, framing):
        before = len(list(Path("/proc/self/fd").iterdir()))
        socket.send_fds(bus, [call("x", path="/" + "x" * LONGEST_HEADER)], [0, 0, 0])
        assert framing.next() is None
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_end_of_the_bus_is_told() -> None:
    with pair() as (bus, framing):
        bus.close()
        with pytest.raises(EOFError):
            framing.next()
