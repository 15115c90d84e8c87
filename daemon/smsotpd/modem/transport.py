# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The bytes between us and a modem: a serial port of which we are the only user."""

import errno
import fcntl
import os
import select
import termios
from pathlib import Path
from typing import Final, Protocol

import serial

from smsotpd.modem.errors import LineError

SPEED: Final = 115_200
_WRITE_SECONDS = 5.0
_MOST_AT_ONCE = 4096
# termios.error is no OSError, and flushing a port that was unplugged raises it.
_FAILURES = (OSError, termios.error)
_TAKEN = frozenset({errno.EBUSY, errno.EAGAIN})


class Line(Protocol):
    """What the dialogue asks of a port."""

    def read(self, seconds: float) -> bytes:
        """Return what has come, after waiting at most so long for its first octet.

        Raises:
            LineError: the port is gone.
        """
        ...

    def write(self, octets: bytes) -> None:
        """Write all of it.

        Raises:
            LineError: the port is gone, or takes nothing.
        """
        ...

    def close(self) -> None:
        """Give the port back; never raises."""
        ...


class SerialLine:
    """A serial port, locked against other programs for as long as it is open."""

    def __init__(self, path: str, speed: int = SPEED) -> None:
        """Open the port; a symbolic link is followed anew each time, as devices move.

        Raises:
            LineError: it is absent, taken by another program, or not ours to open.
        """
        try:
            target = Path(path).resolve(strict=True)
            # The lock is advisory (flock), so that programs that look at it say what is wrong;
            # TIOCEXCL keeps out those that do not look, unless they run as root.
            self._port = serial.Serial(
                str(target), speed, timeout=0, write_timeout=_WRITE_SECONDS, exclusive=True
            )
        except _FAILURES as error:
            raise LineError(_why(error)) from None
        try:
            fcntl.ioctl(self._port.fileno(), termios.TIOCEXCL)
        except _FAILURES as error:
            self.close()
            raise LineError(_why(error)) from None

    def read(self, seconds: float) -> bytes:
        """Return what has come, after waiting at most so long for its first octet."""
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], max(0.0, seconds))
            if not ready:
                return b""
            octets = bytes(self._port.read(_MOST_AT_ONCE))
        except _FAILURES:
            raise LineError("the modem was unplugged") from None
        if not octets:
            raise LineError("the modem was unplugged")
        return octets

    def write(self, octets: bytes) -> None:
        """Write all of it."""
        try:
            self._port.write(octets)
        except serial.SerialTimeoutException:
            raise LineError("the modem takes no more characters") from None
        except _FAILURES:
            raise LineError("the modem was unplugged") from None

    def close(self) -> None:
        """Give the port back."""
        try:
            self._port.close()
        except _FAILURES:
            return


def _why(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _TAKEN:
        return "another program uses the port: ModemManager, or a second gateway of this type?"
    if number == errno.ENOENT:
        return "the device is not there: is the modem plugged in?"
    if number in {errno.EACCES, errno.EPERM}:
        return "the daemon may not open the device: see smsotpd(8), MODEMS"
    return f"the port cannot be opened: {os.strerror(number or errno.EIO)}"
