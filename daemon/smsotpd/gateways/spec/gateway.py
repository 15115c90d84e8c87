# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The declaration of a gateway type: what it asks of an administrator and how it sends."""

from collections.abc import Callable
from dataclasses import dataclass

from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Outcome, Rejected
from smsotpd.gateways.spec.request import Request
from smsotpd.gateways.spec.response import Response
from smsotpd.gateways.spec.values import Values


@dataclass(frozen=True, slots=True)
class Http:
    """Send by one HTTP request; both functions are pure, the sender does the rest.

    Attributes:
        request: what to send, or why this message cannot be sent.
        outcome: what a reply means; it may meet any bytes under any status.
    """

    request: Callable[[Values, Message], Request | Rejected]
    outcome: Callable[[Values, Response], Outcome]


@dataclass(frozen=True, slots=True)
class Direct:
    """Send by anything else: a file, a mail, a program, a device, a client library.

    Attributes:
        deliver: blocks in a thread of its own and ends within the seconds it is given.
    """

    deliver: Callable[[Values, Message, float], Outcome]


def _accept(_values: Values) -> None:
    """Find nothing wrong: the table says it all."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway type.

    Attributes:
        settings: the table; it drives checks, questions, display and the reference page.
        check: what the table cannot say; raises BadArgumentError, never repeats a value.
        open_family: the family of settings (kind `fields`) that takes names without a prefix.
        demonstration: whether it is refused unless the configuration allows it.
    """

    id: str
    title: str
    link: str
    settings: tuple[SettingDescription, ...]
    transport: Http | Direct
    check: Callable[[Values], None] = _accept
    open_family: str = ""
    demonstration: bool = False

    @property
    def type(self) -> GatewayType:
        """Return what an administrator is shown of it."""
        return GatewayType(self.id, self.title, self.link, self.settings)

    def values(self, definition: GatewayDefinition) -> Values:
        """Return a definition's settings and secrets as the functions above read them."""
        return Values.from_definition(self.settings, definition, self.open_family)
