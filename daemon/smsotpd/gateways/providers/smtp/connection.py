# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smtplib's client with one deadline for all it waits for, and replies of bounded size."""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

_REPLY_LIMIT: Final = 64 * 1024
_CHUNK: Final = 4096
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", re.ASCII)


class Connection(smtplib.SMTP):
    """A connection to one server, open from the start.

    Raises:
        OSError: it cannot be made, breaks, or the time is over; smtplib's errors are such ones.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, seconds: float) -> None:
        """Connect, with TLS from the beginning where `tls` is given."""
        self._ends = time.monotonic() + seconds
        self._tls = tls
        # Its own name is not looked up: that could take longer than all the rest.
        super().__init__(host, port, local_hostname=_own_name())

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def send(self, s: object) -> None:
        """Send within the time that is left."""
        if self.sock:
            self.sock.settimeout(self.left())
        super().send(s)  # type: ignore[arg-type]  # whatever smtplib hands us

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply within the time that is left."""
        if self.file is None and self.sock:
            self.file = _Lines(self.sock, self.left)
        return super().getreply()

    def _get_socket(self, host: str, port: int, _timeout: object) -> socket.socket:
        connected = self._connect(host, port)
        if self._tls is None:
            return connected
        try:
            connected.settimeout(self.left())
            return self._tls.wrap_socket(connected, server_hostname=host)
        except BaseException:
            connected.close()
            raise

    def _connect(self, host: str, port: int) -> socket.socket:
        """Try the addresses of a host; socket.create_connection would wait anew for each."""
        failure: OSError = OSError()
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            tried = socket.socket(family, kind, protocol)
            try:
                tried.settimeout(self.left())
                tried.connect(address)
            except OSError as error:
                tried.close()
                failure = error
            else:
                return tried
        raise failure


class _Lines:
    """Lines from a socket: what `makefile` gives, but bounded in time and size."""

    def __init__(self, connected: socket.socket, left: Callable[[], float]) -> None:
        self._socket = connected
        self._left = left
        self._received = 0
        self._buffer = b""

    def readline(self, limit: int) -> bytes:
        """Return the next line; empty at the end, and for half a line or an endless one."""
        while b"\n" not in self._buffer:
            if len(self._buffer) > limit:
                return b""
            self._socket.settimeout(self._left())
            chunk = self._socket.recv(_CHUNK)
            self._received += len(chunk)
            self._buffer += chunk
            if not chunk or self._received > _REPLY_LIMIT:
                return b""
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line + newline

    def close(self) -> None:
        """Do nothing: the socket is the connection's."""


def _own_name() -> str:
    name = socket.gethostname()
    return name if _HOST_NAME.fullmatch(name) else "localhost"
