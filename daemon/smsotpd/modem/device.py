# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which ports a gateway's `DEVICE` may mean; nothing else is ever written to."""

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from serial.tools import list_ports

AUTO: Final = "auto"
USB_IDS: Final = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)
PATH: Final = re.compile(r"/dev/[A-Za-z0-9._:+@/-]{1,200}", re.ASCII)

# Makers of modems by USB vendor id (the USB-IF's list). Writing AT to a UPS or a 3D printer is not
# harmless, so `auto` asks nobody else.
_MAKERS: Final = frozenset({
    0x05C6,  # Qualcomm
    0x0AF0,  # Option
    0x1199,  # Sierra Wireless
    0x12D1,  # Huawei
    0x1410,  # Novatel
    0x1546,  # u-blox
    0x19D2,  # ZTE
    0x1BBB,  # Alcatel, TCL
    0x1BC7,  # Telit
    0x1E0E,  # SIMCom
    0x1E2D,  # Cinterion, Thales
    0x2C7C,  # Quectel
    0x2CB7,  # Fibocom
})  # fmt: skip
# Where several ports speak AT, this interface is the one for it, the first often the data line.
_BETTER_INTERFACE: Final = re.compile(r"[:.]0?2$")


class Port(Protocol):
    """What pyserial tells of a port."""

    device: str
    vid: int | None
    pid: int | None
    location: str | None


Ports = Callable[[], Iterable[Port]]


def all_ports() -> Iterable[Port]:
    """Return the serial ports of this machine."""
    found: Iterable[Port] = list_ports.comports()
    return found


def candidates(device: str, ports: Ports = all_ports) -> list[str]:
    """Return the paths to try for a checked `DEVICE`, the most likely one first."""
    if device.startswith("/"):
        return [device]
    ids = USB_IDS.fullmatch(device)
    wanted = (int(ids[1], 16), int(ids[2], 16)) if ids else None
    found = [
        port
        for port in ports()
        if ((port.vid, port.pid) == wanted if wanted else port.vid in _MAKERS)
    ]
    found.sort(key=lambda port: (not _BETTER_INTERFACE.search(port.location or ""), port.device))
    return [port.device for port in found]
