# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The values of a gateway's settings, checked as far as its type's table tells."""

import re
from collections.abc import Mapping
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription

YES: Final = "yes"
_NO: Final = "no"
_PACE: Final = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_LONGEST_SHOWN: Final = 60

# What is asked of a modem, whoever owns it.
OF_ANY_MODEM: Final = (
    SettingDescription(
        "FLASH", "Show messages at once and store none", kind="yes-no", default="no"
    ),
    SettingDescription(
        "REPORT",
        "Ask for status reports",
        "They are counted in the gateway's status; operators may charge for them.",
        kind="yes-no",
        default="no",
    ),
    SettingDescription(
        "PER_MINUTE",
        "Most messages a minute",
        "Operators bar consumer SIMs that send like machines.",
        kind="integer",
        default="20",
    ),
)


def values_of(definition: GatewayDefinition, gateway_type: GatewayType) -> dict[str, str]:
    """Return the value of each setting; the default, or nothing, where none is given.

    Raises:
        BadArgumentError: one is unknown, given twice, or none of its choices; names it.
    """
    table = {setting.name: setting for setting in gateway_type.settings}
    given = {name: text for name, text in definition.settings.items() if text}
    for name, secret in definition.secrets.items():
        if name in definition.settings:
            raise BadArgumentError(name, "is given both as a setting and as a secret")
        given[name] = secret.reveal()
    for name in (*definition.settings, *definition.secrets):
        if name not in table:
            shown = name if name.isprintable() and len(name) < _LONGEST_SHOWN else "a name"
            known = ", ".join(table)
            raise BadArgumentError(
                shown, f"is no setting of {gateway_type.type_id}; it has {known}"
            )
    values = {name: given.get(name) or setting.default or "" for name, setting in table.items()}
    for name, setting in table.items():
        choices = (YES, _NO) if setting.kind == "yes-no" else setting.choices
        if choices and values[name] not in choices:
            raise BadArgumentError(name, f"must be {' or '.join(choices)}")
    return values


def per_minute(values: Mapping[str, str]) -> int:
    """Return the pace of a gateway.

    Raises:
        BadArgumentError: it is no whole number in bounds.
    """
    if not _PACE.fullmatch(values["PER_MINUTE"]):
        raise BadArgumentError("PER_MINUTE", "must be a whole number from 1 to 999")
    return int(values["PER_MINUTE"])
