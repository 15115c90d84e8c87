# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Cut the bytes from the bus into messages, and throw away what no caller of ours needs to send.

Anybody on this machine may send us messages of 32 MiB. Decoding one would take dbus-next some ten
seconds and half a gigabyte, and no login would go on meanwhile.
"""

import array
import io
import os
import socket
from typing import Final

from dbus_next import Message
from dbus_next._private.unmarshaller import Unmarshaller
from dbus_next.signature import SignatureTree

# D-Bus Specification, "Message Format": the part of a header whose size is known.
_FIXED: Final = 16
_BODY_LENGTH: Final = slice(4, 8)
_FIELDS_LENGTH: Final = slice(12, 16)
_NOTHING: Final = bytes(4)
# The PAM items of a login, or the settings of a gateway; the names in a header are short.
LONGEST_BODY: Final = 64 * 1024
LONGEST_HEADER: Final = 4096
_MOST_DESCRIPTORS: Final = 16
# dbus-next keeps every signature that it ever saw, and callers invent as many as they like.
_MOST_SIGNATURES: Final = 200


class _Trees(dict[str, SignatureTree]):
    """The signatures that dbus-next keeps, for more than one thread.

    It looks whether one is there before it takes it, and another thread may clear them in between.
    """

    def __missing__(self, signature: str) -> SignatureTree:
        return SignatureTree(signature)


class Framing:
    """The messages that come in over a socket that does not block."""

    def __init__(self, sock: socket.socket) -> None:
        if not isinstance(SignatureTree._cache, _Trees):  # noqa: SLF001  # see there
            SignatureTree._cache = _Trees()  # noqa: SLF001  # see there
        self._sock = sock
        self._data = bytearray()
        self._thrown_away = 0
        self._descriptors: list[int] = []

    def next(self) -> Message | None:
        """Return the next message; None for one that is no use to anybody.

        One that is too long comes without its body and signature, so that it can be refused.

        Raises:
            BlockingIOError: not all of it is there yet; what is there is kept.
            EOFError: the bus closed the connection.
        """
        self._fill(_FIXED)
        fields, body = self._number(_FIELDS_LENGTH), self._number(_BODY_LENGTH)
        header = _FIXED + fields + -fields % 8
        if header > LONGEST_HEADER:
            self._throw_away(header - _FIXED + body)
            self._finish()
            return None
        self._fill(header)
        is_too_long = body > LONGEST_BODY
        if is_too_long:
            self._throw_away(body)
            self._data[_BODY_LENGTH] = _NOTHING
        else:
            self._fill(header + body)
        message = _decode(bytes(self._data))
        if message is None:
            self._finish()
            return None
        if is_too_long:
            message.signature, message.body = "", []
        message.unix_fds, self._descriptors = self._descriptors, []
        self._finish()
        return message

    def _number(self, place: slice) -> int:
        is_little = self._data[:1] == b"l"
        return int.from_bytes(self._data[place], "little" if is_little else "big")

    def _fill(self, count: int) -> None:
        """Read until `count` bytes of the message are here, and not one more."""
        while len(self._data) < count:
            self._data += self._receive(count - len(self._data))

    def _throw_away(self, count: int) -> None:
        """Read so many bytes and keep none."""
        while self._thrown_away < count:
            most = min(LONGEST_BODY, count - self._thrown_away)
            self._thrown_away += len(self._receive(most))

    def _receive(self, most: int) -> bytes:
        received = array.array("i")
        space = socket.CMSG_LEN(_MOST_DESCRIPTORS * received.itemsize)
        data, ancillary, _flags, _address = self._sock.recvmsg(most, space, socket.MSG_CMSG_CLOEXEC)
        for level, kind, rights in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                received.frombytes(rights[: len(rights) - len(rights) % received.itemsize])
        self._descriptors += received
        if not data:
            raise EOFError("the bus closed the connection")
        return data

    def _finish(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._data.clear()
        self._descriptors = []
        self._thrown_away = 0


def _decode(data: bytes) -> Message | None:
    """Return the message; None for one that dbus-next does not understand."""
    if len(SignatureTree._cache) > _MOST_SIGNATURES:  # noqa: SLF001  # nothing else bounds it
        SignatureTree._cache.clear()  # noqa: SLF001  # what is needed comes back by itself
    try:
        return Unmarshaller(io.BytesIO(data)).unmarshall()
    except Exception:  # noqa: BLE001  # whatever a stranger sends must not end the daemon
        return None
