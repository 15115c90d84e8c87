# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A connection to the bus that sends any bytes, as no library would."""

import array
import os
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from pam_smsotp.wire import encode_call

DRIVER: Final = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
AUTHENTICATION: Final = ("org.smsotp1", "/org/smsotp1", "org.smsotp1.Authentication")
ADMIN: Final = ("org.smsotp1", "/org/smsotp1", "org.smsotp1.Admin")
INTROSPECTABLE: Final = ("org.smsotp1", "/org/smsotp1", "org.freedesktop.DBus.Introspectable")
PEER: Final = ("org.smsotp1", "/org/smsotp1", "org.freedesktop.DBus.Peer")


class RawConnection:
    """One connection of any uid; leave its `with` block to close it."""

    def __init__(self, address: str, uid: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._serial = 0
        try:
            self._join(address.removeprefix("unix:path=").partition(",")[0], uid)
        except BaseException:
            self._socket.close()
            raise

    def _join(self, path: str, uid: int) -> None:
        os.seteuid(uid)  # the kernel notes it when the connection is made
        try:
            self._socket.connect(path)
        finally:
            os.seteuid(0)
        self._socket.settimeout(20)
        self._socket.sendall(b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n")
        self._read_line()
        self._socket.sendall(b"NEGOTIATE_UNIX_FD\r\n")
        self._read_line()
        self._socket.sendall(b"BEGIN\r\n")
        self.call(DRIVER, "Hello")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def encoded(
        self,
        address: tuple[str, str, str],
        member: str,
        signature: str = "",
        body: bytes = b"",
        *,
        reply_expected: bool = False,
    ) -> bytearray:
        """Return the bytes of a method call, to be changed at will."""
        self._serial += 1
        return bytearray(
            encode_call(
                self._serial, address, member, signature, body, reply_expected=reply_expected
            )
        )

    def call(
        self,
        address: tuple[str, str, str],
        member: str,
        signature: str = "",
        body: bytes = b"",
        *,
        reply_expected: bool = False,
    ) -> None:
        """Send a method call and wait for nothing."""
        self.send(self.encoded(address, member, signature, body, reply_expected=reply_expected))

    def send(self, data: bytes | bytearray, descriptors: Sequence[int] = ()) -> None:
        """Send bytes, and descriptors with the first of them."""
        if descriptors:
            rights = array.array("i", descriptors)
            sent = self._socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            data = data[sent:]
        self._socket.sendall(data)

    def is_open(self) -> bool:
        """Tell whether the bus still keeps us."""
        self._socket.settimeout(0)
        try:
            while data := self._socket.recv(65536):
                pass
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        finally:
            self._socket.settimeout(20)
        return bool(data)

    def _read_line(self) -> None:
        line = b""
        while not line.endswith(b"\r\n"):
            letter = self._socket.recv(1)
            if not letter:
                raise ConnectionError("the bus closed the connection")
            line += letter
