# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""privacyIDEA's names for what an SMSC has to be told, and TLS."""

import ipaddress
import re
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.number import REGEXP, parse_rewriting
from smsotpd.gateways.spec.own_server import check_authorities

_ASCII: Final = re.compile(r"[\x21-\x7e]*", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}", re.ASCII)
# SMPP 3.4, 4.1.1 and 4.4.1; each has a zero octet behind it.
_LONGEST: Final = {"SYSTEM_ID": 15, "PASSWORD": 8, "S_ADDR": 20}
_TONS: Final = tuple("0123456")
_NPIS: Final = ("0", "1", "3", "4", "6", "8", "9", "10", "14", "18")
_TON_HELP: Final = "0 unknown, 1 international, 2 national, 3 network, 4 subscriber, 5 a name."
_NPI_HELP: Final = "0 unknown, 1 telephone numbers (E.164); SMPP 3.4 has the others."

SETTINGS: Final = (
    SettingDescription("SMSC_HOST", "Host of the SMSC", "A name or an address.", required=True),
    SettingDescription("SMSC_PORT", "Its port", kind="integer", default="2775"),
    SettingDescription("SYSTEM_ID", "User name (system_id)", required=True),
    SettingDescription(
        "PASSWORD", "Password", "8 characters at most, as SMPP has it.", secret=True
    ),
    SettingDescription(
        "S_ADDR", "Sender", "A number or a name; leave it empty for the account's own."
    ),
    SettingDescription(
        "S_ADDR_TON", "Kind of sender (TON)", _TON_HELP, "choice", default="0", choices=_TONS
    ),
    SettingDescription(
        "S_ADDR_NPI", "Numbering plan of it (NPI)", _NPI_HELP, "choice", "0", choices=_NPIS
    ),
    SettingDescription(
        "D_ADDR_TON", "Kind of recipient (TON)", _TON_HELP, "choice", default="1", choices=_TONS
    ),
    SettingDescription(
        "D_ADDR_NPI", "Numbering plan of it (NPI)", _NPI_HELP, "choice", "1", choices=_NPIS
    ),
    REGEXP,
    SettingDescription(
        "TLS",
        "Encrypt the connection",
        "SMPP itself sends the password readably: without TLS, use a tunnel or a private line.",
        kind="yes-no",
        default="no",
    ),
    SettingDescription(
        "CA_FILE",
        "File of certificate authorities",
        "PEM file to trust instead of the system's authorities, readable by the daemon.",
    ),
)


def check(values: Values) -> None:
    """Refuse what no PDU can carry.

    Raises:
        BadArgumentError: names the setting.
    """
    if not _is_host(values.text("SMSC_HOST")):
        raise BadArgumentError("SMSC_HOST", "must be a host's name or address, without port")
    if not 0 < int(values.text("SMSC_PORT")) < 2**16:
        raise BadArgumentError("SMSC_PORT", "must be 1 to 65535")
    for name, longest in _LONGEST.items():
        text = values.text(name)
        if len(text) > longest or not _ASCII.fullmatch(text):
            raise BadArgumentError(
                name, f"must have {longest} characters at most, in ASCII and without blanks"
            )
    parse_rewriting(values.text("REGEXP"))
    scheme = "https" if values.is_on("TLS") else "http"
    if scheme == "http" and values.text("CA_FILE"):
        raise BadArgumentError("CA_FILE", "needs TLS = yes")
    check_authorities("CA_FILE", values.text("CA_FILE"), f"{scheme}://smsc")


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True
