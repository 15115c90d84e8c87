# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the gateway asks of an administrator."""

import base64
import ipaddress
import re
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.spec import Values

_HASH: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SESSION: Final = re.compile(r"1[A-Za-z0-9_=-]{352}(?:[A-Za-z0-9_=-]{16})?", re.ASCII)
_LONGEST_PORT: Final = 5

SETTINGS: Final = (
    SettingDescription(
        "api_id",
        "api_id of the application",
        "A number; my.telegram.org/apps shows it, for any account.",
        kind="integer",
        required=True,
    ),
    SettingDescription(
        "api_hash",
        "api_hash of the application",
        "32 hexadecimal digits; shown there too.",
        required=True,
        secret=True,
    ),
    SettingDescription(
        "session",
        "Session of the account",
        "Leave it empty: smsotpctl gateway pair fills it in. Whoever has it has the account.",
        secret=True,
    ),
    SettingDescription(
        "test_server",
        "Address and port of a test server",
        "For tests only, as in 149.154.167.40:443; new logins begin there.",
    ),
)


def parse_server(text: str) -> tuple[str, int]:
    """Return address and port of a server.

    Raises:
        ValueError: the text is no IP address with a port.
    """
    host, _, port = text.rpartition(":")
    address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    if len(port) > _LONGEST_PORT or not 0 < int(port) < 2**16:
        raise ValueError(text)
    return address.compressed, int(port)


def check(values: Values) -> None:
    """Refuse what Telegram or its client could not use.

    Raises:
        BadArgumentError: names the setting.
    """
    if not _HASH.fullmatch(values.text("api_hash")):
        raise BadArgumentError("api_hash", "must be 32 of 0-9 and a-f")
    session = values.text("session")
    if session and not _is_session(session):
        raise BadArgumentError("session", "is none: leave it empty, and run smsotpctl gateway pair")
    if values.text("test_server"):
        try:
            parse_server(values.text("test_server"))
        except ValueError:
            raise BadArgumentError(
                "test_server", "must be an IP address and a port, as in 149.154.167.40:443"
            ) from None


def _is_session(text: str) -> bool:
    try:
        base64.b64decode(text[1:], altchars=b"-_", validate=True)
    except ValueError:
        return False
    return _SESSION.fullmatch(text) is not None
