# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A small forward proxy on the loopback: absolute requests and CONNECT, with or without a login."""

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from tests.fakes.http_provider import Received, read_request


@dataclass
class ForwardProxy:
    """Forward until the `with` block ends; `received` is what clients asked of the proxy itself."""

    login: str = ""
    tls: ssl.SSLContext | None = None
    on_connect: Callable[[socket.socket], None] | None = None
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(20)
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.callback(lambda: client.close())  # noqa: PLW0108  # the name is bound anew below
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            received = read_request(client)
            if received is None:
                return
            self.received.append(received)
            if self.on_connect:
                self.on_connect(client)
                return
            token = base64.b64encode(self.login.encode()).decode()
            if self.login and received.headers.get("proxy-authorization") != f"Basic {token}":
                client.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
                return
            if received.method == "CONNECT":
                self._tunnel(client, received)
            else:
                self._forward(client, received)

    def _tunnel(self, client: socket.socket, received: Received) -> None:
        host, _, port = received.target.rpartition(":")
        try:
            server = socket.create_connection((host, int(port)), 5)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Not reached\r\nContent-Length: 0\r\n\r\n")
            return
        with server:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(5)

    def _forward(self, client: socket.socket, received: Received) -> None:
        target = urlsplit(received.target)
        path = f"{target.path}?{target.query}" if target.query else target.path
        lines = [f"{received.method} {path} HTTP/1.1"]
        lines += [
            f"{name}: {text}"
            for name, text in received.headers.items()
            if not name.startswith("proxy-")
        ]
        with socket.create_connection((target.hostname or "", target.port or 80), 5) as server:
            server.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + received.body)
            _pump(server, client)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
