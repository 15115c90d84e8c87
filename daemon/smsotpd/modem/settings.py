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

_YES, _NO = "yes", "no"
_PIN = re.compile(r"\d{4,8}", re.ASCII)  # 3GPP TS 31.101, 9.5.1
_CENTRE = re.compile(r"\+\d{5,20}", re.ASCII)
_PACE = re.compile(r"[1-9]\d{0,2}", re.ASCII)

TYPE: Final = GatewayType(
    type_id="modem",
    title="A GSM or LTE modem on this host",
    link="",
    settings=(
        SettingDescription(
            "DEVICE",
            "Device",
            "A path that stays the same, as /dev/serial/by-id/usb-...; USB ids as 12d1:1506; or "
            "auto for the first modem of a known maker.",
            default=AUTO,
        ),
        SettingDescription(
            "PIN",
            "PIN of the SIM",
            "Tried once; a SIM that refuses it is left alone until the setting is another.",
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
        SettingDescription(
            "FLASH", "Show messages at once and store none", kind="yes-no", default=_NO
        ),
        SettingDescription(
            "REPORT",
            "Ask for status reports",
            "They are counted in the gateway's status; operators may charge for them.",
            kind="yes-no",
            default=_NO,
        ),
        SettingDescription(
            "PER_MINUTE",
            "Most messages a minute",
            "Operators bar consumer SIMs that send like machines.",
            kind="integer",
            default="20",
        ),
        SettingDescription(
            "DELETE_MESSAGES",
            "Delete stored messages when the storage is full",
            "All messages in the modem's storage are lost then.",
            kind="yes-no",
            default=_NO,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """Checked settings; the printed form shows no PIN."""

    name: str
    device: str
    pin: Secret
    service_centre: str
    is_international: bool
    is_flash: bool
    wants_report: bool
    per_minute: int
    may_delete: bool


def parse(definition: GatewayDefinition) -> ModemSettings:
    """Return the settings of a definition.

    Raises:
        BadArgumentError: one is unknown, given twice or malformed; names it.
    """
    table = {setting.name: setting for setting in TYPE.settings}
    given = {name: text for name, text in definition.settings.items() if text}
    for name, secret in definition.secrets.items():
        if name in definition.settings:
            raise BadArgumentError(name, "is given both as a setting and as a secret")
        given[name] = secret.reveal()
    for name in (*definition.settings, *definition.secrets):
        if name not in table:
            shown = name if name.isprintable() and len(name) < 60 else "a name"  # noqa: PLR2004  # as much as a line shows
            raise BadArgumentError(shown, f"is no setting of modem; it has {', '.join(table)}")
    values = {name: given.get(name) or setting.default or "" for name, setting in table.items()}
    for name, setting in table.items():
        choices = (_YES, _NO) if setting.kind == "yes-no" else setting.choices
        if choices and values[name] not in choices:
            raise BadArgumentError(name, f"must be {' or '.join(choices)}")
    if not _is_device(values["DEVICE"]):
        raise BadArgumentError("DEVICE", "must be a path below /dev, USB ids as 12d1:1506, or auto")
    for name, pattern, complaint in (
        ("PIN", _PIN, "must be 4 to 8 digits"),
        ("SERVICE_CENTRE", _CENTRE, "must be + and digits, as +491710760000"),
        ("PER_MINUTE", _PACE, "must be a whole number from 1 to 999"),
    ):
        if values[name] and not pattern.fullmatch(values[name]):
            raise BadArgumentError(name, complaint)
    return ModemSettings(
        definition.name,
        values["DEVICE"],
        Secret(values["PIN"]),
        values["SERVICE_CENTRE"],
        values["NUMBER_FORMAT"] == "international",
        values["FLASH"] == _YES,
        values["REPORT"] == _YES,
        int(values["PER_MINUTE"]),
        values["DELETE_MESSAGES"] == _YES,
    )


def _is_device(text: str) -> bool:
    if text == AUTO or USB_IDS.fullmatch(text):
        return True
    return bool(PATH.fullmatch(text)) and ".." not in text.split("/")
