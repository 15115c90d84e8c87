# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A connection to the system bus that stands a full socket, and whatever others send."""

import socket

from dbus_next import BusType
from dbus_next.aio.message_bus import MessageBus

from smsotpd.dbus.framing import Framing

# Then the tasks have their turn: who floods us must not stop logins, timers and the watchdog.
_MOST_MESSAGES_IN_A_ROW = 32


class _PatientSocket:
    """The sending side of a socket, which takes nothing while its buffer is full.

    dbus-next 0.2.3 drops the connection on BlockingIOError, so that a few hundred calls at once
    would end the daemon. On a send of nothing it waits until the socket can be written again.
    """

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner

    def send(self, data: memoryview) -> int:
        """Send what fits; return how many bytes that were."""
        try:
            return self._inner.send(data)
        except BlockingIOError:
            return 0


class _GuardedBus(MessageBus):  # type: ignore[misc]  # dbus-next is untyped to mypy
    """dbus-next's connection, which reads a message only where it is bounded and understood.

    By itself it decodes messages of any length, reads as long as there is anything to read, and
    drops the connection at the first message that it does not understand.
    """

    def __init__(self) -> None:
        super().__init__(bus_type=BusType.SYSTEM, negotiate_unix_fd=True)
        self._writer.sock = _PatientSocket(self._sock)
        self._framing = Framing(self._sock)

    def _message_reader(self) -> None:
        try:
            for _ in range(_MOST_MESSAGES_IN_A_ROW):
                message = self._framing.next()
                if message is not None:
                    self._on_message(message)
        except BlockingIOError:
            return
        except Exception as error:  # noqa: BLE001  # the bus is gone, for whatever reason
            self._finalize(error)

    def close(self) -> None:
        """Leave the bus and give the socket back, which dbus-next never does."""
        self.disconnect()
        self._stream.close()
        self._sock.close()


async def connect() -> MessageBus:
    """Return a connection to the system bus that takes file descriptors."""
    bus = _GuardedBus()
    await bus.connect()
    return bus


def close(bus: MessageBus) -> None:
    """Close a connection of `connect`; its event loop must not run any more."""
    bus.close()
