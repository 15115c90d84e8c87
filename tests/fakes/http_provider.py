# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A provider's HTTP server on the loopback: it records what it gets and behaves as it is told.

It reads requests itself rather than through `http.server`, so that a test sees the exact bytes and
an answer may break every rule of HTTP.
"""

import base64
import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, urlsplit

_LONGEST_SERVICE = 20.0


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True, strict_parsing=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


class Line:
    """The server's end of one connection."""

    def __init__(self, connected: socket.socket, stopping: threading.Event) -> None:
        self._socket = connected
        self._stopping = stopping
        self.bytes_sent = 0

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)
        self.bytes_sent += len(data)

    def pause(self, seconds: float) -> None:
        """Wait, or raise when the test is over."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError

    def reset(self) -> None:
        """Drop the connection by RST (SO_LINGER with a time of zero)."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


Answer = Callable[[Received, Line], None]


@dataclass
class HttpProvider:
    """Serve on a port of the loopback until the `with` block ends.

    `address` is where to listen; port 0 is any that is free.
    """

    answer: Answer
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    address: tuple[str, int] = ("127.0.0.1", 0)
    received: list[Received] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._listener = socket.create_server(self.address)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @property
    def bytes_sent(self) -> int:
        return sum(line.bytes_sent for line in self.lines)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._stopping.is_set():
                connected, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        connected.settimeout(_LONGEST_SERVICE)
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.callback(lambda: connected.close())  # noqa: PLW0108  # the name is bound anew below
            if self.tls:
                connected = self.tls.wrap_socket(connected, server_side=True)
            received = read_request(connected)
            if received is None:
                return
            line = Line(connected, self._stopping)
            self.lines.append(line)
            self.received.append(received)
            self.answer(received, line)


def read_request(connected: socket.socket) -> Received | None:
    """Read one request; None if the client went away first."""
    stream = connected.makefile("rb", buffering=0)
    first = _read_line(stream)
    if not first:
        return None
    method, target, version = first.split(" ")
    if version != "HTTP/1.1" and method != "CONNECT":  # http.client tunnels in HTTP/1.0
        raise ValueError(version)
    headers: dict[str, str] = {}
    while text := _read_line(stream):
        name, _, value = text.partition(":")
        if name.lower() in headers:
            raise ValueError(f"header {name} sent twice")
        headers[name.lower()] = value.strip()
    left = int(headers.get("content-length", "0"))
    body = b""
    while len(body) < left:
        more = stream.read(left - len(body))
        if not more:
            return None
        body += more
    return Received(method, target, headers, body)


def _read_line(stream: socket.SocketIO) -> str:
    line = bytearray()
    while not line.endswith(b"\r\n"):
        byte = stream.read(1)
        if not byte:
            return ""
        line += byte
    return line[:-2].decode("latin-1")


def reply(status: int = 200, body: bytes | str = b"", **headers: str) -> Answer:
    """Answer with a whole reply; a header's underscores stand for hyphens."""
    raw = body.encode() if isinstance(body, str) else body

    def answer(_received: Received, line: Line) -> None:
        lines = [f"HTTP/1.1 {status} Whatever"]
        if status != 204:
            lines.append(f"Content-Length: {len(raw)}")
        lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
        line.send("\r\n".join([*lines, "", ""]).encode("latin-1") + raw)

    return answer


def raw(data: bytes) -> Answer:
    """Answer with these bytes, whatever they are, and close."""
    return lambda _received, line: line.send(data)


def hang(_received: Received, line: Line) -> None:
    """Take the request and say nothing."""
    line.pause(_LONGEST_SERVICE)


def close(_received: Received, _line: Line) -> None:
    """Take the request and close."""


def reset(_received: Received, line: Line) -> None:
    """Take the request and reset the connection."""
    line.reset()


def drip(head: bytes, drop: bytes, seconds: float = 0.02) -> Answer:
    """Send the head, then the drop over and over, always in time for a timeout between reads."""

    def answer(_received: Received, line: Line) -> None:
        line.send(head)
        while True:
            line.pause(seconds)
            line.send(drop)

    return answer


def flood(head: bytes, size: int) -> Answer:
    """Send the head and then as many bytes as the client takes, up to `size`."""
    block = b"x" * 65536

    def answer(_received: Received, line: Line) -> None:
        line.send(head)
        while line.bytes_sent < size:
            line.send(block)

    return answer


@dataclass(frozen=True)
class StrictGateway:
    """A gateway after privacyIDEA's example: HTTP 200 for everything, the body tells.

    It refuses what the real one refuses: another method, path, login, field or number form.
    """

    user: str
    password: str
    api_id: str
    basic: tuple[str, str] | None = None

    def __call__(self, received: Received, line: Line) -> None:
        reply(200, self._verdict(received))(received, line)

    def _verdict(self, received: Received) -> str:  # noqa: PLR0911  # one line a refusal
        if received.path != "/http/sendmsg":
            return "ERR: 113, no such function"
        if received.method == "GET":
            pairs = received.query
        elif received.headers.get("content-type") == "application/x-www-form-urlencoded":
            pairs = received.form
        else:
            return "ERR: 104, unknown body"
        fields = dict(pairs)
        if len(fields) != len(pairs) or set(fields) != {"user", "password", "api_id", "text", "to"}:
            return "ERR: 101, invalid or missing parameters"
        if self.basic:
            token = base64.b64encode(":".join(self.basic).encode()).decode()
            if received.headers.get("authorization") != f"Basic {token}":
                return "ERR: 001, authentication failed"
        if (fields["user"], fields["password"]) != (self.user, self.password):
            return "ERR: 001, authentication failed"
        if fields["api_id"] != self.api_id:
            return "ERR: 108, invalid API ID"
        if not (fields["to"].isdigit() and fields["to"].isascii()):
            return "ERR: 105, invalid destination address"
        if not fields["text"]:
            return "ERR: 116, no text"
        return "ID: c8a6d3e2f1"


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Poll a condition until it holds or the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
