# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Somebody else at Telegram's address."""

import base64
import contextlib
import socket
import threading
from typing import Self


class Nonsense:
    """Answer whatever comes with the same octets, then with as many more as are taken."""

    def __init__(self, answer: bytes, more: int) -> None:
        self._answer = answer
        self._more = more
        self.taken = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def redirected(self, session: str) -> str:
        """Return Telethon's session with this port in the place of its own."""
        raw = bytearray(base64.urlsafe_b64decode(session[1:]))
        raw[5:7] = self.port.to_bytes(2, "big")
        return session[0] + base64.urlsafe_b64encode(raw).decode("ascii")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self._listener.accept()
                with contextlib.suppress(OSError), connected:
                    self._serve(connected)

    def _serve(self, connected: socket.socket) -> None:
        connected.settimeout(5)
        if not connected.recv(4096):
            return
        connected.sendall(self._answer)
        block = bytes(65536)
        while self.taken < self._more:
            connected.sendall(block)
            self.taken += len(block)
