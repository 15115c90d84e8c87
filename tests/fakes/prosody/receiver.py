# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A real XMPP client in a process of its own: it logs in and prints each message as one JSON line.

Run as `python3 receiver.py ADDRESS PORT`, the password on the standard input.
"""

import json
import sys
from typing import Any

import slixmpp


class Receiver(slixmpp.ClientXMPP):  # type: ignore[misc]  # slixmpp is untyped
    """Log in without TLS, for the loopback only, and tell what arrives."""

    def __init__(self, address: str, password: str) -> None:
        super().__init__(address, password)
        mechanisms = self.plugin["feature_mechanisms"]
        mechanisms.unencrypted_plain = True
        mechanisms.unencrypted_scram = True
        self.add_event_handler("session_start", self._started)
        self.add_event_handler("message", self._received)
        self.add_event_handler("failed_auth", lambda _event: _tell(event="refused"))

    def _started(self, _event: object) -> None:
        self.send_presence()
        _tell(event="ready")

    def _received(self, message: Any) -> None:
        _tell(
            event="message",
            sender=str(message["from"]),
            kind=message["type"],
            text=message["body"],
        )


def _tell(**fact: str) -> None:
    print(json.dumps(fact), flush=True)  # noqa: T201  # it is what the program is for


def main() -> None:
    """Receive until the process is ended."""
    address, port = sys.argv[1:]
    client = Receiver(address, sys.stdin.readline().rstrip("\n"))
    client.connect(("127.0.0.1", int(port)), disable_starttls=True, use_ssl=False)
    client.process(forever=True)


if __name__ == "__main__":
    main()
