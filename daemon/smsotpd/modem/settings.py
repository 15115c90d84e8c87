# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a gateway of type `modem`."""

import re
from dataclasses import dataclass
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription
from smsotpd.core.secret import Secret
from smsotpd.modem.device import AUTO, PATH, USB_IDS
from smsotpd.modem.lock_file import DIRECTORY as LOCK_FILES
from smsotpd.modem.transport import Access, FlowControl
from smsotpd.modem.values import OF_ANY_MODEM, YES, per_minute, values_of

_MOST_MODEMS: Final = 16
_SPEEDS: Final = (
    "115200", "9600", "19200", "38400", "57600", "230400", "460800", "921600",
)  # fmt: skip
_PIN = re.compile(r"\d{4,8}", re.ASCII)  # 3GPP TS 31.101, 9.5.1
_CENTRE = re.compile(r"\+\d{5,20}", re.ASCII)

TYPE: Final = GatewayType(
    type_id="modem",
    title="A GSM or LTE modem on this host",
    link="",
    settings=(
        SettingDescription(
            "DEVICE",
            "Device",
            "A path that stays the same, as /dev/serial/by-id/usb-...; USB ids as 12d1:1506; or "
            "auto for the first modem of a known maker. Several, with commas between them, share "
            "the messages.",
            default=AUTO,
        ),
        SettingDescription(
            "PIN",
            "PIN of the SIM",
            "Tried once; a SIM that refuses it is left alone until the setting is another. One for "
            "all modems, or one for each, with commas between them.",
            secret=True,
        ),
        SettingDescription(
            "SERVICE_CENTRE",
            "Service centre",
            "In international form, where the SIM does not name it.",
        ),
        SettingDescription(
            "NUMBER_FORMAT",
            "How to write numbers",
            "digits leaves out the plus sign and the type of number, for SIMs that insist on it.",
            kind="choice",
            default="international",
            choices=("international", "digits"),
        ),
        *OF_ANY_MODEM,
        SettingDescription(
            "DELETE_MESSAGES",
            "Delete stored messages when the storage is full",
            "All messages in the modem's storage are lost then.",
            kind="yes-no",
            default="no",
        ),
        SettingDescription(
            "SPEED",
            "Speed in bits a second",
            "For modems on a true serial port; USB sticks ignore it.",
            kind="choice",
            default=_SPEEDS[0],
            choices=_SPEEDS,
        ),
        SettingDescription(
            "FLOW_CONTROL",
            "Flow control",
            "auto is rtscts on a true serial port and none on USB; none where the lines RTS and "
            "CTS are not wired.",
            kind="choice",
            default=FlowControl.AUTO.value,
            choices=tuple(each.value for each in FlowControl),
        ),
        SettingDescription(
            "LOCK_FILE",
            "Keep a lock file as well",
            "In /run/lock, for programs that look at nothing else.",
            kind="yes-no",
            default="no",
        ),
        SettingDescription(
            "CALL_FOR_HELP",
            "Call for a script of yours where a modem stays lost",
            "It runs as root by smsotp-modem-recover@.path, which has to be enabled.",
            kind="yes-no",
            default="no",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """Checked settings of one modem; the printed form shows no PIN.

    Attributes:
        name: of the gateway; `number` counts its modems from 1, `count` is how many it has.
        access: how its port is opened.
    """

    name: str
    number: int
    count: int
    device: str
    pin: Secret
    service_centre: str
    is_international: bool
    is_flash: bool
    wants_report: bool
    per_minute: int
    may_delete: bool
    access: Access
    calls_for_help: bool

    @property
    def label(self) -> str:
        """Return a name for this modem alone, fit for a file's name."""
        return self.name if self.count == 1 else f"{self.name}-{self.number}"

    @property
    def holder(self) -> str:
        """Return for whom tries of a PIN are counted, beside the modem's own number."""
        return self.name if self.count == 1 else f"{self.name} {self.device}"


def parse(definition: GatewayDefinition) -> tuple[ModemSettings, ...]:
    """Return the settings of each of a definition's modems, one at least.

    Raises:
        BadArgumentError: one is unknown, given twice or malformed; names it.
    """
    values = values_of(definition, TYPE)
    if values["SERVICE_CENTRE"] and not _CENTRE.fullmatch(values["SERVICE_CENTRE"]):
        raise BadArgumentError("SERVICE_CENTRE", "must be + and digits, as +491710760000")
    devices = _devices(values["DEVICE"])
    pins = _pins(values["PIN"], len(devices))
    access = Access(
        int(values["SPEED"]),
        FlowControl(values["FLOW_CONTROL"]),
        LOCK_FILES if values["LOCK_FILE"] == YES else None,
    )
    return tuple(
        ModemSettings(
            definition.name,
            number,
            len(devices),
            device,
            pin,
            values["SERVICE_CENTRE"],
            values["NUMBER_FORMAT"] == "international",
            values["FLASH"] == YES,
            values["REPORT"] == YES,
            per_minute(values),
            values["DELETE_MESSAGES"] == YES,
            access,
            values["CALL_FOR_HELP"] == YES,
        )
        for number, (device, pin) in enumerate(zip(devices, pins, strict=True), start=1)
    )


def _devices(text: str) -> list[str]:
    devices = [part.strip() for part in text.split(",")]
    if not all(map(_is_device, devices)):
        raise BadArgumentError("DEVICE", "must be a path below /dev, USB ids as 12d1:1506, or auto")
    if len(devices) > 1 and AUTO in devices:
        raise BadArgumentError("DEVICE", "cannot be auto where there are several; name each")
    if len({device.lower() for device in devices}) < len(devices):
        raise BadArgumentError("DEVICE", "names a modem twice; give alike modems by their paths")
    if len(devices) > _MOST_MODEMS:
        raise BadArgumentError("DEVICE", f"names more than {_MOST_MODEMS} modems")
    return devices


def _pins(text: str, count: int) -> list[Secret]:
    pins = [part.strip() for part in text.split(",")]
    if any(pin and not _PIN.fullmatch(pin) for pin in pins):
        raise BadArgumentError("PIN", "must be 4 to 8 digits")
    if len(pins) not in {1, count}:
        raise BadArgumentError("PIN", f"must be one for all, or one for each of {count} modems")
    return [Secret(pin) for pin in (pins * count if len(pins) == 1 else pins)]


def _is_device(text: str) -> bool:
    if text == AUTO or USB_IDS.fullmatch(text):
        return True
    return bool(PATH.fullmatch(text)) and ".." not in text.split("/")
