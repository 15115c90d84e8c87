# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One private connection to the system bus: connect, call, wait. The only module with I/O.

The host process must not notice it: no SIGPIPE, no inherited descriptor, no signal handler, and
no wait that outlasts the deadline or a Ctrl-C.
"""

from __future__ import annotations

# The C part alone: `socket` brings selectors and enum along, 4 ms at every login (ADR 0003).
import _socket
import os
from time import monotonic, sleep

from pam_smsotp import interruption, wire
from pam_smsotp.verdict import DeniedError, UnreachableError, failure_from_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

# Never from the environment, which may be the caller's.
SOCKET = "/run/dbus/system_bus_socket"
DRIVER = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
# Longest time between two looks at pending signals, in seconds.
SLICE = 0.25
# Between two looks at a bus whose queue is full, in seconds.
A_MOMENT = 0.02
# Longest time that may be lost besides waiting; more, and the host was held up. In seconds.
LONGEST_LOSS = 1.0
# Steps are a few short lines; what is longer than this is not for us.
LONGEST_PART = 64 * 1024
# How a bus fails that is not there, or no more.
GONE = (ConnectionError, FileNotFoundError, NotADirectoryError, PermissionError, TimeoutError)
# The last of the three descriptors that a program expects to be open.
STDERR = 2


class Bus:
    """A connection to the system bus, closed by leaving its `with` block."""

    __slots__ = ("_buffer", "_deadline", "_serial", "_socket", "_started", "_timeout", "_waited")

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._deadline = 0.0
        self._buffer = bytearray()
        self._serial = 0
        self._started = monotonic()
        # The seconds of waits in which nothing came.
        self._waited = 0.0
        self._socket = _new_socket()
        self.renew_deadline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self._socket.close()
        if isinstance(error, UnreachableError) and self._was_held_up():
            raise DeniedError("PAM_AUTHINFO_UNAVAIL", f"{error}, while held up") from error

    def _was_held_up(self) -> bool:
        """Say whether most of the time went by without us waiting for anybody.

        The host was stopped, starved of processor time, or kept busy by strangers' messages.
        Whoever calls a set-user-ID program can do that to it, and shall not thereby make the bus
        or the daemon look unreachable.
        """
        loss = min(LONGEST_LOSS, self._timeout / 2)
        return monotonic() - self._started > loss + 2 * self._waited

    def renew_deadline(self) -> None:
        """Let the next call wait for the whole timeout; without this, calls share one."""
        self._deadline = monotonic() + self._timeout

    def connect(self) -> None:
        """Connect, authenticate and join."""
        while True:
            self._set_slice()
            try:
                self._socket.connect(SOCKET)
                break
            except BlockingIOError:
                sleep(A_MOMENT)  # the listener's queue is full: many log in at once
                self._waited += A_MOMENT
            except OSError as error:
                raise _failure(error, "no system bus") from error
        self.authenticate()
        self.call(DRIVER, "Hello", returns="s")

    def authenticate(self) -> None:
        """Authenticate with the *effective* uid, which is what the bus sees of us."""
        uid = str(os.geteuid()).encode().hex().encode()
        self._send(b"\0AUTH EXTERNAL " + uid + b"\r\n")
        while b"\r\n" not in self._buffer:
            self._receive_some()
        line, _, rest = self._buffer.partition(b"\r\n")
        self._buffer = rest
        if not line.startswith(b"OK "):
            raise UnreachableError("the system bus does not accept our uid")
        self._send(b"BEGIN\r\n")

    def call(
        self,
        address: tuple[str, str, str],
        member: str,
        signature: str = "",
        body: bytes = b"",
        *,
        returns: str,
    ) -> wire.Reader:
        """Call a method and return its reply's body, which has the signature `returns`.

        Raises:
            UnreachableError: bus or callee are gone or slower than the deadline.
            DeniedError: the callee refuses, its reply is none, or a Ctrl-C waits for us.
        """
        self.send(address, member, signature, body)
        senders = (address[0], DRIVER[0])
        try:
            while True:
                header = self._receive_header()
                is_ours = (
                    header.kind in {wire.METHOD_RETURN, wire.ERROR}
                    and header.fields.get(wire.REPLY_SERIAL) == self._serial
                    and header.fields.get(wire.SENDER) in senders
                )
                if not is_ours:
                    self._skip(header.body_length)  # NameAcquired, or a stranger's signal
                    continue
                return self._receive_body(header, returns)
        except wire.MalformedError as error:
            raise DeniedError("PAM_AUTH_ERR", f"bad reply to {member}: {error}") from error

    def send(
        self,
        address: tuple[str, str, str],
        member: str,
        signature: str,
        body: bytes,
        *,
        reply_expected: bool = True,
    ) -> None:
        """Send a method call and do not wait."""
        self._serial += 1
        self._send(
            wire.encode_call(
                self._serial, address, member, signature, body, reply_expected=reply_expected
            )
        )

    def _receive_header(self) -> wire.Header:
        header = wire.Header(self._receive(wire.FIXED_HEADER))
        if header.padded_fields_length > LONGEST_PART:
            self._skip(header.padded_fields_length)
            return header
        fields = self._receive(header.padded_fields_length)[: header.fields_length]
        header.fields = wire.Reader(fields, header.order).read_header_fields()
        return header

    def _receive_body(self, header: wire.Header, returns: str) -> wire.Reader:
        if header.kind == wire.ERROR:
            self._skip(header.body_length)  # its text; the next reply starts behind it
            raise failure_from_error(str(header.fields.get(wire.ERROR_NAME, "")))
        if header.fields.get(wire.SIGNATURE, "") != returns:
            raise wire.MalformedError("its signature is not the contract's")
        if header.body_length > LONGEST_PART:
            raise wire.MalformedError("it is too long")
        return wire.Reader(self._receive(header.body_length), header.order)

    def _receive(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._receive_some()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def _skip(self, count: int) -> None:
        while len(self._buffer) < count:
            count -= len(self._buffer)
            self._buffer.clear()
            self._receive_some()
        del self._buffer[:count]

    def _receive_some(self) -> None:
        while True:
            slice_ = self._set_slice()
            try:
                data = self._socket.recv(LONGEST_PART)
            except TimeoutError:
                self._waited += slice_
                continue
            except OSError as error:
                raise _failure(error, "the bus is gone") from error
            if not data:
                raise UnreachableError("the bus closed the connection")
            self._buffer += data
            return

    def _send(self, data: bytes) -> None:
        # Our few bytes always fit the socket's buffer; a Cancel goes out after the deadline, too.
        self._socket.settimeout(SLICE)
        try:
            # Without MSG_NOSIGNAL a bus that went away would kill the host by SIGPIPE.
            self._socket.sendall(data, _socket.MSG_NOSIGNAL)
        except OSError as error:
            raise _failure(error, "the bus takes nothing") from error

    def _set_slice(self) -> float:
        """Let the next wait end in time for the next look, and return its length."""
        if interruption.is_pending():
            # The code of a Ctrl-C at a prompt.
            raise DeniedError("PAM_CONV_ERR", "interrupted while waiting")
        left = self._deadline - monotonic()
        if left <= 0:
            raise UnreachableError(f"no answer within {self._timeout} s")
        slice_ = min(SLICE, left)
        self._socket.settimeout(slice_)
        return slice_


def _failure(error: OSError, what: str) -> DeniedError | UnreachableError:
    """Tell a bus that is gone from a want of memory, which a caller can bring about."""
    if isinstance(error, GONE):
        return UnreachableError(f"{what}: {error.strerror}")
    return DeniedError("PAM_AUTHINFO_UNAVAIL", f"{what}: {error.strerror}")


def _new_socket() -> _socket.socket:
    """Make a socket that is none of the three which the host, started without them, may write to.

    Python marks it close-on-exec.
    """
    low = []
    while (made := _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)).fileno() <= STDERR:
        low.append(made)  # closed with the list
    return made
