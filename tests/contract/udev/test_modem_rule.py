# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The udev rule that we ship as an example, run by udev over hardware that umockdev plays."""

import subprocess
from pathlib import Path

import pytest

PACKAGING = Path(__file__).resolve().parents[3] / "packaging"
RULE = PACKAGING / "usr/share/pam-smsotp/examples/78-smsotp-modem.rules"
STICK = "/devices/pci0000:00/usb1/1-1"
# udev reads its rules from fixed places, so each run gets an /etc/udev/rules.d of its own.
RUN = """
mount -t tmpfs none /etc/udev/rules.d
for rule; do cp "$rule" /etc/udev/rules.d/; done
exec umockdev-run --device "$BED" -- udevadm test --action="$ACTION" "/sys$DEVICE" 2>&1
"""


def test_modemmanager_is_told_to_leave_the_listed_modem_alone(tmp_path: Path) -> None:
    assert stick(tmp_path)["ID_MM_DEVICE_IGNORE"] == "1"


@pytest.mark.parametrize(
    ("vendor", "product"), [("12d1", "1001"), ("1199", "1506"), ("0403", "6001")]
)
def test_no_other_device_is_kept_from_modemmanager(
    tmp_path: Path, vendor: str, product: str
) -> None:
    found = stick(tmp_path, vendor=vendor, product=product)
    assert found["ID_VENDOR_ID"] == vendor
    assert "ID_MM_DEVICE_IGNORE" not in found
    assert "smsotp" not in port(tmp_path, vendor=vendor, product=product)["DEVLINKS"]


def test_its_port_for_commands_gets_a_name_that_stays(tmp_path: Path) -> None:
    assert "/dev/smsotp-modem" in port(tmp_path)["DEVLINKS"].split()
    assert "smsotp" not in port(tmp_path, interface="00")["DEVLINKS"]


@pytest.mark.parametrize("action", ["change", "bind"])
def test_it_holds_for_what_is_plugged_in_already(tmp_path: Path, action: str) -> None:
    assert stick(tmp_path, action=action)["ID_MM_DEVICE_IGNORE"] == "1"


def test_as_installed_it_does_nothing(tmp_path: Path) -> None:
    assert "ID_MM_DEVICE_IGNORE" not in stick(tmp_path, rules=())
    assert not (PACKAGING / "usr/lib/udev").exists()
    assert not (PACKAGING / "etc").exists()


def stick(directory: Path, **differences: object) -> dict[str, str]:
    """Return what udev says of the USB device."""
    return asked(directory, STICK, **differences)  # type: ignore[arg-type]  # the tests name them


def port(directory: Path, **differences: object) -> dict[str, str]:
    """Return what udev says of one of its serial ports."""
    where = f"{STICK}/1-1:1.2/ttyUSB2/tty/ttyUSB2"
    return asked(directory, where, **differences)  # type: ignore[arg-type]  # the tests name them


def asked(
    directory: Path,
    device: str,
    vendor: str = "12d1",
    product: str = "1506",
    interface: str = "02",
    action: str = "add",
    rules: tuple[Path, ...] = (RULE,),
) -> dict[str, str]:
    """Let udev look at a device; return its properties."""
    bed = directory / "stick.umockdev"
    bed.write_text(hardware(vendor, product, interface))
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", RUN, "sh", *rules],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "BED": str(bed), "DEVICE": device,
             "ACTION": action},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    complaints = [line for line in done.stdout.splitlines() if "78-smsotp-modem.rules:" in line]
    assert not [line for line in complaints if "Invalid" in line or "Unknown" in line]
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, is_pair, value in pairs if is_pair and name.isupper()}


def hardware(vendor: str, product: str, interface: str) -> str:
    """Return a stick with one serial port, as umockdev reads it."""
    return f"""\
P: {STICK}/1-1:1.2/ttyUSB2/tty/ttyUSB2
N: ttyUSB2
E: DEVNAME=/dev/ttyUSB2
E: SUBSYSTEM=tty
E: MAJOR=188
E: MINOR=2
A: dev=188:2

P: {STICK}/1-1:1.2
E: DEVTYPE=usb_interface
E: SUBSYSTEM=usb
A: bInterfaceNumber={interface}
A: bInterfaceClass=ff
A: bInterfaceSubClass=01
A: bInterfaceProtocol=02

P: {STICK}
N: bus/usb/001/005
E: BUSNUM=001
E: DEVNAME=/dev/bus/usb/001/005
E: DEVNUM=005
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: MAJOR=189
E: MINOR=4
A: idVendor={vendor}
A: idProduct={product}
A: manufacturer=Maker
A: product=Stick
"""
