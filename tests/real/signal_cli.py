# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Stand in for signal-cli's JSON-RPC over TCP: one call a connection, one line in reply.

It has an account, which no test may have at Signal itself.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

TIMESTAMP: Final = 1763768300123


@dataclass
class SignalCli:
    """What it has and was told."""

    port: int = 0
    account: str = ""
    registered: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        given = call.get("params", {})
        methods: Mapping[str, Callable[[dict[str, Any]], object]] = {
            "version": lambda _given: {"version": "0.13.19"},
            "listGroups": lambda _given: [],
            "getUserStatus": self._status,
            "send": self._send,
        }
        told: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        if call["method"] != "version" and given.get("account") != self.account:
            error = {"code": -32602, "message": "Specified account does not exist", "data": None}
            return {**told, "error": error}
        return {**told, "result": methods[call["method"]](given)}

    def _status(self, given: dict[str, Any]) -> object:
        return [
            {"number": each, "recipient": each, "isRegistered": each in self.registered}
            for each in given["recipient"]
        ]

    def _send(self, given: dict[str, Any]) -> object:
        (to,) = given["recipient"]
        self.sent.append((to, given["message"]))
        address = {"uuid": None, "number": to, "username": None}
        result = {"recipientAddress": address, "type": "SUCCESS"}
        return {"timestamp": TIMESTAMP, "results": [result]}


@contextmanager
def signal_cli(account: str, *registered: str) -> Iterator[SignalCli]:
    """Serve until the `with` block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fake = SignalCli(listener.getsockname()[1], account, set(registered))
        thread = threading.Thread(target=_serve, args=(listener, fake), daemon=True)
        thread.start()
        yield fake
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, fake: SignalCli) -> None:
    with suppress(OSError):
        while True:
            connected, _ = listener.accept()
            with connected, suppress(OSError, ValueError):
                call = json.loads(b"".join(iter(lambda: connected.recv(4096), b"")))  # noqa: B023  # used up within the loop
                connected.sendall(json.dumps(fake.answer(call)).encode() + b"\n")
