# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Encode the few D-Bus calls we make and decode their replies. Bytes in, values out.

"Specification" is the D-Bus Specification, "Message Protocol" and "Type System".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    Order = Literal["little", "big"]

# The part of a header whose size is known: up to and with the length of the header fields.
FIXED_HEADER = 16
METHOD_CALL, METHOD_RETURN, ERROR = 1, 2, 3
NO_REPLY_EXPECTED = 0x1
# Header field codes: object path, interface, member, error name, reply serial, destination,
# sender, signature.
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE = range(1, 9)


class MalformedError(Exception):
    """The bytes are no message that we can read."""


def encode_call(
    serial: int,
    address: tuple[str, str, str],
    member: str,
    signature: str,
    body: bytes,
    *,
    reply_expected: bool = True,
) -> bytes:
    """Encode a method call.

    Args:
        serial: of this message, at least 1.
        address: destination, object path and interface.
        member: the method's name.
        signature: of the body.
        body: the encoded arguments.
        reply_expected: whether the callee shall answer.
    """
    destination, path, interface = address
    fields = bytearray()
    for code, kind, text in (
        (PATH, "o", path),
        (INTERFACE, "s", interface),
        (MEMBER, "s", member),
        (DESTINATION, "s", destination),
    ):
        _align(fields, 8)
        fields += bytes((code,)) + _encode_signature(kind)
        _put_string(fields, text)
    if signature:
        _align(fields, 8)
        fields += bytes((SIGNATURE,)) + _encode_signature("g") + _encode_signature(signature)
    flags = 0 if reply_expected else NO_REPLY_EXPECTED
    message = bytearray((ord("l"), METHOD_CALL, flags, 1))
    message += _uint32(len(body)) + _uint32(serial) + _uint32(len(fields)) + fields
    _align(message, 8)
    return bytes(message + body)


def encode_strings(*texts: str) -> bytes:
    """Encode a body of strings (s, ss, …)."""
    body = bytearray()
    for text in texts:
        _put_string(body, text)
    return bytes(body)


def encode_start_service(name: str) -> bytes:
    """Encode the body (su) of the bus driver's StartServiceByName; its flags are unused."""
    body = bytearray()
    _put_string(body, name)
    _align(body, 4)
    return bytes(body + _uint32(0))


def encode_dictionary(values: Mapping[str, str | list[str]]) -> bytes:
    """Encode a body a{sv} whose variants are strings (s) and lists of strings (as)."""
    entries = bytearray()
    for name, value in values.items():
        _align(entries, 8)
        _put_string(entries, name)
        if isinstance(value, str):
            entries += _encode_signature("s")
            _put_string(entries, value)
        else:
            entries += _encode_signature("as")
            _align(entries, 4)
            items = encode_strings(*value)
            entries += _uint32(len(items)) + items
    # An array's length does not count the padding before its first element.
    return _uint32(len(entries)) + bytes(4) + bytes(entries)


def _align(buffer: bytearray, boundary: int) -> None:
    buffer += bytes(-len(buffer) % boundary)


def _uint32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _put_string(buffer: bytearray, text: str) -> None:
    encoded = text.encode()
    _align(buffer, 4)
    buffer += _uint32(len(encoded)) + encoded + b"\0"


def _encode_signature(signature: str) -> bytes:
    return bytes((len(signature),)) + signature.encode() + b"\0"


class Reader:
    """Reads values one after the other; every read checks that the bytes are there."""

    __slots__ = ("_at", "_data", "_order")

    def __init__(self, data: bytes, order: Order) -> None:
        self._data = data
        self._order: Order = order
        self._at = 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise MalformedError("a value ends behind its message")
        self._at += count
        return taken

    def _skip_to(self, boundary: int) -> None:
        self._take(-self._at % boundary)

    def _read_text(self, count: int) -> str:
        text = self._take(count + 1)
        if text[-1]:
            raise MalformedError("a string does not end in NUL")
        try:
            return text[:-1].decode()
        except UnicodeDecodeError:
            raise MalformedError("a string is not UTF-8") from None

    def read_uint32(self) -> int:
        """Read a u."""
        self._skip_to(4)
        return int.from_bytes(self._take(4), self._order)

    def read_string(self) -> str:
        """Read an s or o."""
        return self._read_text(self.read_uint32())

    def read_steps(self) -> list[tuple[str, str]]:
        """Read an a(ss)."""
        length = self.read_uint32()
        self._skip_to(8)
        end = self._at + length
        steps = []
        while self._at < end:
            self._skip_to(8)
            steps.append((self.read_string(), self.read_string()))
        if self._at != end:
            raise MalformedError("an array ends inside a value")
        return steps

    def read_header_fields(self) -> dict[int, str | int]:
        """Read the rest of the data as header fields a(yv), with the types the bus uses."""
        fields: dict[int, str | int] = {}
        while self._at < len(self._data):
            self._skip_to(8)
            code = self._take(1)[0]
            match self._read_text(self._take(1)[0]):
                case "s" | "o":
                    fields[code] = self.read_string()
                case "u":
                    fields[code] = self.read_uint32()
                case "g":
                    fields[code] = self._read_text(self._take(1)[0])
                case _:
                    raise MalformedError("a header field has a type that no header has")
        return fields


class Header:
    """What precedes a message's body; `fields` is empty until they were read."""

    __slots__ = ("body_length", "fields", "fields_length", "kind", "order")

    def __init__(self, fixed: bytes) -> None:
        order: dict[int, Order] = {ord("l"): "little", ord("B"): "big"}
        if fixed[0] not in order:
            raise MalformedError("a message has neither byte order")
        self.order: Order = order[fixed[0]]
        self.kind = fixed[1]
        self.body_length = int.from_bytes(fixed[4:8], self.order)
        self.fields_length = int.from_bytes(fixed[12:16], self.order)
        self.fields: dict[int, str | int] = {}

    @property
    def padded_fields_length(self) -> int:
        """Return the bytes up to the body, which starts at a multiple of 8."""
        return self.fields_length + -self.fields_length % 8
