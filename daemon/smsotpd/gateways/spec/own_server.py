# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a gateway whose server the administrator runs: where it is, whom it trusts."""

import ipaddress
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription

CA_FILE: Final = SettingDescription(
    "ca_file",
    "File of certificate authorities",
    "PEM file to trust instead of the system's authorities, for a certificate of your own; "
    "readable by the daemon.",
)


def check_authorities(name: str, path: str, url: str) -> None:
    """Refuse a file of authorities that a connection to the URL could not use.

    Raises:
        BadArgumentError: names the setting and says why.
    """
    if not path:
        return
    if not Path(path).is_absolute():
        raise BadArgumentError(name, "must be an absolute path")
    if urlsplit(url).scheme != "https":
        raise BadArgumentError(name, "needs a URL with https://")
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        raise BadArgumentError(name, "holds no certificate in PEM form") from error
    except OSError as error:
        raise BadArgumentError(
            name, f"cannot be read by the daemon: {error.strerror or 'no such file'}"
        ) from error


def check_base(name: str, url: str) -> None:
    """Refuse a URL to which no path can be appended.

    Raises:
        BadArgumentError: it has a query.
    """
    if "?" in url:
        raise BadArgumentError(name, "must have no query: paths are appended to it")


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this host itself, by its name or address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
