# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a gateway of type `modemmanager`."""

from dataclasses import dataclass
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription
from smsotpd.modem.values import OF_ANY_MODEM, YES, per_minute, values_of
from smsotpd.modemmanager.choice import ANY

_LONGEST: Final = 256

TYPE: Final = GatewayType(
    type_id="modemmanager",
    title="A modem that ModemManager owns on this host",
    link="",
    settings=(
        SettingDescription(
            "MODEM",
            "Modem",
            "Its IMEI, device path, primary port or own number, as mmcli -m any shows them; or any "
            "for the first that is ready.",
            default=ANY,
        ),
        SettingDescription(
            "ENABLE",
            "Enable the modem",
            "Where nothing else does: ModemManager by itself leaves modems disabled.",
            kind="yes-no",
            default="no",
        ),
        *OF_ANY_MODEM,
    ),
)


@dataclass(frozen=True, slots=True)
class ManagedSettings:
    """Checked settings.

    Attributes:
        device: by which name ModemManager knows the modem.
    """

    name: str
    device: str
    may_enable: bool
    is_flash: bool
    wants_report: bool
    per_minute: int

    @property
    def number(self) -> int:
        """Return which of its gateway's modems it is: there is one."""
        return 1

    @property
    def label(self) -> str:
        """Return a name for this modem."""
        return self.name


def parse(definition: GatewayDefinition) -> ManagedSettings:
    """Return the settings of a definition.

    Raises:
        BadArgumentError: one is unknown, given twice or malformed; names it.
    """
    values = values_of(definition, TYPE)
    modem = values["MODEM"]
    if not modem.isprintable() or modem != modem.strip() or len(modem) > _LONGEST:
        raise BadArgumentError("MODEM", "must be an IMEI, device path, port or number, or any")
    if modem.startswith("/org/freedesktop/ModemManager1/"):
        raise BadArgumentError("MODEM", "must not be an object's path: it changes with each replug")
    return ManagedSettings(
        definition.name,
        modem,
        values["ENABLE"] == YES,
        values["FLASH"] == YES,
        values["REPORT"] == YES,
        per_minute(values),
    )
