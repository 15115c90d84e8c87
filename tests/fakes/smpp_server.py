# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A strict SMSC on the loopback, by SMPP 3.4: it reads each PDU to its last octet itself."""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from smsotpd.core.gsm7 import BASIC, ESCAPE, EXTENSION

SYSTEM_ID: Final = "smsotp"
PASSWORD: Final = "s3cret-8"
REFUSED: Final = "4915199999999"

BIND_TRANSMITTER: Final = 0x02
SUBMIT_SM: Final = 0x04
UNBIND: Final = 0x06
ENQUIRE_LINK: Final = 0x15
RESPONSE: Final = 0x80000000
GENERIC_NACK: Final = 0x80000000

_TONS: Final = range(7)
_NPIS: Final = {0, 1, 3, 4, 6, 8, 9, 10, 14, 18}
_LONGEST_SERVICE: Final = 20.0
_CHARS: Final = {value: char for char, value in BASIC.items()}
_EXTENDED: Final = {value: char for char, value in EXTENSION.items()}


class RefusalError(Exception):
    """The answer has this command_status."""

    def __init__(self, status: int) -> None:
        super().__init__(hex(status))
        self.status = status


class Fields:
    """Read a PDU's body field by field."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def text(self, most: int) -> str:
        """Read a C-octet string of `most` octets at most, the zero included."""
        end = self._body.find(b"\0", self._at, self._at + most)
        if end < 0:
            raise RefusalError(0x02)
        found = self._body[self._at : end].decode("ascii")
        self._at = end + 1
        return found

    def number(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) < count:
            raise RefusalError(0x02)
        self._at += count
        return found

    def end(self) -> None:
        if self._at != len(self._body):
            raise RefusalError(0x02)


@dataclass(frozen=True)
class Submitted:
    """One short message as it came."""

    source: tuple[int, int, str]
    destination: tuple[int, int, str]
    validity: str
    data_coding: int
    short_message: bytes
    place: tuple[int, int, int] = (0, 1, 1)  # reference, total, number


@dataclass
class SmppServer:
    """Serve until the `with` block ends.

    Attributes:
        statuses: for the first submit_sm of each connection, the second, and so on.
        bind_status: for every bind, if it is not 0.
        trouble: what happens instead of an answer, by the number of the request in its connection.
    """

    tls: ssl.SSLContext | None = None
    statuses: tuple[int, ...] = ()
    bind_status: int = 0
    trouble: Mapping[int, bytes | None] = field(default_factory=dict)
    strays: bytes = b""
    submitted: list[Submitted] = field(default_factory=list)
    commands: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
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
    def texts(self) -> list[str]:
        """Return what came, as a phone puts it together."""
        texts: list[str] = []
        expected = (0, 0, 0)
        for message in self.submitted:
            reference, total, number = message.place
            octets = message.short_message[6 if total > 1 else 0 :]
            decode = _gsm7 if message.data_coding == 0 else _ucs2
            if number == 1:
                expected = (reference, total, 1)
                texts.append("")
            assert message.place == expected
            texts[-1] += decode(octets)
            expected = (reference, total, number + 1)
        return texts

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._stopping.is_set():
                connected, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        connected.settimeout(_LONGEST_SERVICE)
        with contextlib.suppress(OSError, EOFError), contextlib.ExitStack() as stack:
            stack.callback(lambda: connected.close())  # noqa: PLW0108  # the name is bound anew below
            if self.tls:
                connected = self.tls.wrap_socket(connected, server_side=True)
            _Connection(self, connected, self._stopping).serve()


class _Connection:
    def __init__(
        self, server: SmppServer, connected: socket.socket, stopping: threading.Event
    ) -> None:
        self._server = server
        self._socket = connected
        self._stopping = stopping
        self._is_bound = False
        self._last_sequence = 0
        self._submits = 0

    def serve(self) -> None:
        requests = 0
        while True:
            length, command, status, sequence = struct.unpack(">4I", self._read(16))
            body = self._read(length - 16)
            self._server.commands.append(command)
            if command & RESPONSE:
                continue
            requests += 1
            if requests in self._server.trouble:
                octets = self._server.trouble[requests]
                if octets is None:
                    self._stopping.wait(_LONGEST_SERVICE)
                else:
                    self._socket.sendall(octets)
                return
            if self._server.strays and command == SUBMIT_SM:
                self._socket.sendall(self._server.strays)
            try:
                _require(status == 0 and sequence > self._last_sequence, 0x02)
                answer = self._answer(command, Fields(body))
                answered = 0
            except RefusalError as refusal:
                answer, answered = b"", refusal.status
            self._last_sequence = sequence
            self._write(command | RESPONSE, answered, sequence, answer)
            if command == UNBIND:
                return

    def _answer(self, command: int, fields: Fields) -> bytes:
        if command == BIND_TRANSMITTER:
            return self._bind(fields)
        if command not in {SUBMIT_SM, UNBIND}:
            raise RefusalError(0x03)
        if not self._is_bound:
            raise RefusalError(0x04)
        return self._submit(fields) if command == SUBMIT_SM else b""

    def _bind(self, fields: Fields) -> bytes:
        system_id, password = fields.text(16), fields.text(9)
        system_type = fields.text(13)
        version = fields.number()
        fields.octets(2)
        fields.text(41)
        fields.end()
        if self._is_bound:
            raise RefusalError(0x05)
        if self._server.bind_status:
            raise RefusalError(self._server.bind_status)
        if system_id != SYSTEM_ID or version != 0x34:
            raise RefusalError(0x0F)
        if password != PASSWORD:
            raise RefusalError(0x0E)
        if system_type:
            raise RefusalError(0x53)
        self._is_bound = True
        # sc_interface_version, and a parameter of the vendor's own that no client knows.
        return b"SMSC\0" + bytes((0x02, 0x10, 0, 1, 0x34)) + bytes((0x14, 0x01, 0, 2, 7, 7))

    def _submit(self, fields: Fields) -> bytes:
        message = _message(fields)
        self._submits += 1
        if self._submits <= len(self._server.statuses):
            status = self._server.statuses[self._submits - 1]
            if status:
                raise RefusalError(status)
        self._server.submitted.append(message)
        return f"id-{len(self._server.submitted)}\0".encode()

    def _write(self, command: int, status: int, sequence: int, body: bytes) -> None:
        self._socket.sendall(struct.pack(">4I", 16 + len(body), command, status, sequence) + body)

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


def pdu(command: int, status: int = 0, sequence: int = 1, body: bytes = b"") -> bytes:
    """Return a PDU as it is on the wire."""
    return struct.pack(">4I", 16 + len(body), command, status, sequence) + body


def _message(fields: Fields) -> Submitted:
    service_type = fields.text(6)
    source = (fields.number(), fields.number(), fields.text(21))
    destination = (fields.number(), fields.number(), fields.text(21))
    esm_class, protocol, priority = fields.octets(3)
    schedule, validity = fields.text(17), fields.text(17)
    registered, replace, data_coding, canned = fields.octets(4)
    short_message = fields.octets(fields.number())
    fields.end()
    _require(not service_type, 0x15)
    _require(source[0] in _TONS, 0x48)
    _require(source[1] in _NPIS, 0x49)
    _require(source[0] != 1 or source[2].isdigit(), 0x0A)
    _require(destination[0] in _TONS, 0x50)
    _require(destination[1] in _NPIS, 0x51)
    _require(re.fullmatch(r"[1-9][0-9]{6,14}", destination[2]), 0x0B)
    _require(destination[2] != REFUSED, 0x0B)
    _require(esm_class in {0, 0x40}, 0x43)
    _require((protocol, priority, registered, replace, canned) == (0,) * 5, 0x06)
    _require(not schedule, 0x61)
    _require(re.fullmatch(r"([0-9]{12}000R)?", validity), 0x62)
    _require(data_coding in {0, 8}, 0xC4)
    place = (0, 1, 1)
    if esm_class:
        _require(short_message[:3] == bytes((5, 0, 3)), 0x43)
        place = (short_message[3], short_message[4], short_message[5])
        _require(place[1] > 1 and 0 < place[2] <= place[1], 0x43)
    text = short_message[6 if esm_class else 0 :]
    most = {0: (160, 153), 8: (140, 134)}[data_coding][bool(esm_class)]
    _require(0 < len(text) <= most, 0x01)
    return Submitted(source, destination, validity, data_coding, short_message, place)


def _require(holds: object, status: int) -> None:
    if not holds:
        raise RefusalError(status)


def _gsm7(octets: bytes) -> str:
    found = ""
    septets = iter(octets)
    for septet in septets:
        found += _EXTENDED[next(septets)] if septet == ESCAPE else _CHARS[septet]
    return found


def _ucs2(octets: bytes) -> str:
    return octets.decode("utf-16-be")
