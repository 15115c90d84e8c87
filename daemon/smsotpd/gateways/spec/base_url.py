# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""base_url: where a provider's API is, so that a sister site or a host for tests can stand in."""

from typing import Final
from urllib.parse import urlsplit

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.spec.values import Values

_NAME: Final = "base_url"


def base_url(default: str | None, explanation: str = "") -> SettingDescription:
    """Describe the setting; without a default, the provider's own rule holds."""
    told = explanation or "Leave it as it is, unless the provider names another one."
    return SettingDescription(_NAME, "Address of the API", told, kind="url", default=default)


def check_base_url(values: Values) -> None:
    """Refuse what no path can be appended to.

    Raises:
        BadArgumentError: there is a query, or user and password.
    """
    parts = urlsplit(values.text(_NAME))
    if parts.query or values.text(_NAME).endswith("?") or parts.username is not None:
        raise BadArgumentError(_NAME, "must hold host and path only: no query, user or password")


def endpoint(values: Values, path: str) -> str:
    """Return the URL of a path below the base."""
    return values.text(_NAME).rstrip("/") + path
