# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A connection to the system bus that stands a full socket."""

import socket

from dbus_next import BusType
from dbus_next.aio.message_bus import MessageBus


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


async def connect() -> MessageBus:
    """Return a connection to the system bus that takes file descriptors."""
    bus = MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True)
    bus._writer.sock = _PatientSocket(bus._sock)  # noqa: SLF001  # the fault is in there
    await bus.connect()
    return bus
