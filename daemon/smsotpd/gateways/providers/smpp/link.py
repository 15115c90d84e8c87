# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smpplib's client with a deadline: one connection, one answer to each request.

smpplib itself waits for each read anew, takes a PDU of any length, knows IPv4 only, logs what it
sends, and does not look whether an answer is to what was asked. This module is imported in a lane's
thread only, where a gateway of this type is used: smpplib need not be installed.
"""

import logging
import socket
import ssl
import time
from contextlib import suppress
from typing import Any, Final

from smpplib import consts, exceptions, smpp
from smpplib.client import Client

_LONGEST_PDU: Final = 4096
_MOST_STRAYS: Final = 100
_LEAVING: Final = 1.0


class Link(Client):  # type: ignore[misc]  # smpplib is untyped
    """A connection to an SMSC; everything on it ends when the seconds are over."""

    def __init__(self, host: str, port: int, seconds: float, tls: ssl.SSLContext | None) -> None:
        self._ends = time.monotonic() + seconds
        super().__init__(
            host, port, ssl_context=tls, logger_name="smsotpd.smpp", allow_unknown_opt_params=True
        )
        for name in ("smsotpd.smpp", "smpplib"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    def open(self) -> None:
        """Connect.

        Raises:
            OSError: the SMSC is not there, or not who it should be.
        """
        plain = socket.create_connection((self.host, self.port), self._left())
        self._socket = plain
        if self._ssl_context is not None:
            self._socket = self._ssl_context.wrap_socket(plain, server_hostname=self.host)
        self.state = consts.SMPP_CLIENT_STATE_OPEN

    def request(self, command: str, **fields: object) -> Any:
        """Send a request and return the answer to it, whatever its status.

        Raises:
            Exception: the connection broke, time is over, or the SMSC speaks no SMPP.
        """
        request = smpp.make_pdu(command, client=self, **fields)
        self._socket.settimeout(self._left())
        self.send_pdu(request)
        for _ in range(_MOST_STRAYS):
            pdu = self.read_pdu()
            if pdu.command == "generic_nack":
                return pdu
            if pdu.command == f"{command}_resp" and pdu.sequence == request.sequence:
                return pdu
            if pdu.command == "enquire_link":
                self._enquire_link_received(pdu)
            elif pdu.command == "unbind":
                raise exceptions.ConnectionError("the SMSC ends the connection")
        raise exceptions.PDUError("too much that was not asked for")

    def close(self) -> None:
        """Leave, politely if that is soon done."""
        self._ends = min(self._ends, time.monotonic() + _LEAVING)
        if self.state == consts.SMPP_CLIENT_STATE_BOUND_TX:
            with suppress(Exception):
                self.request("unbind")
        self.disconnect()

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _recv_exact(self, exact_size: int) -> bytes:
        if not 0 < exact_size <= _LONGEST_PDU:
            raise exceptions.PDUError("a PDU without sense")
        data = b""
        while len(data) < exact_size:
            self._socket.settimeout(self._left())
            chunk: bytes = self._socket.recv(exact_size - len(data))
            if not chunk:
                raise exceptions.ConnectionError("the SMSC hung up")
            data += chunk
        return data
