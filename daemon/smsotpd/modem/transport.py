# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The bytes between us and a modem: a serial port of which we are the only user."""

import contextlib
import errno
import fcntl
import os
import select
import termios
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

import serial

from smsotpd.modem.errors import LineError
from smsotpd.modem.lock_file import LockFile

SPEED: Final = 115_200
_WRITE_SECONDS = 5.0
_MOST_AT_ONCE = 4096
# termios.error is no OSError, and flushing a port that was unplugged raises it.
_FAILURES = (OSError, termios.error)
_TAKEN = frozenset({errno.EBUSY, errno.EAGAIN})


# By their names: ports that have no true line behind them, or one whose other end we do not know.
_NO_UART: Final = ("ttyUSB", "ttyACM", "rfcomm")


class FlowControl(Enum):
    """Who says when the other side may go on; `auto` is RTS/CTS on ports of the mainboard."""

    AUTO = "auto"
    RTS_CTS = "rtscts"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Access:
    """How a port is opened.

    Attributes:
        speed: in bits a second.
        lock_files: directory of the lock file that is kept beside the lock on the port, if one is.
    """

    speed: int = SPEED
    flow_control: FlowControl = FlowControl.AUTO
    lock_files: Path | None = None

    def has_rts_cts(self, port: str) -> bool:
        """Tell whether the lines RTS and CTS count on a port of this name."""
        if self.flow_control is FlowControl.AUTO:
            return port.startswith("tty") and not port.startswith(_NO_UART)
        return self.flow_control is FlowControl.RTS_CTS


USUAL: Final = Access()


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

    def __init__(self, path: str, access: Access = USUAL) -> None:
        """Open the port; a symbolic link is followed anew each time, as devices move.

        Raises:
            LineError: it is absent, taken by another program, or not ours to open.
        """
        try:
            target = Path(path).resolve(strict=True)
        except OSError as error:
            raise LineError(_why(error)) from None
        directory = access.lock_files
        self._lock_file = LockFile(target.name, directory) if directory else None
        try:
            self._port = _opened(target, access)
        except LineError:
            if self._lock_file:
                self._lock_file.release()
            raise

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
        with contextlib.suppress(*_FAILURES):  # it may be gone already
            # The kernel forgets this with the last close; somebody else may hold the port open.
            fcntl.ioctl(self._port.fileno(), termios.TIOCNXCL)
        with contextlib.suppress(*_FAILURES):
            self._port.close()
        if self._lock_file:
            self._lock_file.release()


def _opened(target: Path, access: Access) -> serial.Serial:
    try:
        # The lock is advisory (flock), so that programs that look at it say what is wrong;
        # TIOCEXCL keeps out those that do not look, unless they run as root.
        port = serial.Serial(
            str(target),
            access.speed,
            timeout=0,
            write_timeout=_WRITE_SECONDS,
            rtscts=access.has_rts_cts(target.name),
            exclusive=True,
        )
    except _FAILURES as error:
        raise LineError(_why(error)) from None
    try:
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    except _FAILURES as error:
        port.close()
        raise LineError(_why(error)) from None
    return port


def _why(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _TAKEN:
        return "another program uses the port: ModemManager, or a second gateway of this type?"
    if number == errno.ENOENT:
        return "the device is not there: is the modem plugged in?"
    if number in {errno.EACCES, errno.EPERM}:
        return "the daemon may not open the device: see smsotpd(8), MODEMS"
    return f"the port cannot be opened: {os.strerror(number or errno.EIO)}"
