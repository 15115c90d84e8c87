# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A mail server as the administrator defines it once, for all gateways that send mail."""

from dataclasses import dataclass, field
from enum import StrEnum

from smsotpd.core.secret import Secret


class Protection(StrEnum):
    """How a connection to a mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS = {Protection.STARTTLS: 587, Protection.TLS: 465, Protection.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """One server.

    Attributes:
        sender: address that mail is from.
        own_port: 0 for the one that the protection implies (RFC 8314, 3; RFC 6409, 3.1).
        user: empty for no login.
        ca_file: path of the authorities to trust instead of the system's; empty for the system's.
        timeout: seconds for the whole exchange.
    """

    name: str
    host: str
    sender: str
    own_port: int = 0
    protection: Protection = Protection.STARTTLS
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    ca_file: str = ""
    timeout: float = 10.0

    @property
    def port(self) -> int:
        """Return the port to connect to."""
        return self.own_port or _PORTS[self.protection]
