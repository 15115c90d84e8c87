# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The declaration of a gateway type: what it asks of an administrator and how it sends."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from smsotpd.core.channel_names import SMS
from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import ErrorClass, Outcome, Rejected
from smsotpd.core.report import Report
from smsotpd.gateways.spec.pairing import Pairing
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
class HttpDialogue:
    """Send by several HTTP requests, each led by the reply to the one before.

    Attributes:
        lead: a generator that yields requests, is sent each reply, and returns the outcome; pure.
            A request that does not hand the message over says so (`hands_over=False`). Where a
            request gets no reply at all, the dialogue ends with what the sender knows of it.
    """

    lead: Callable[[Values, Message], Generator[Request, Response, Outcome]]


@dataclass(frozen=True, slots=True)
class Direct:
    """Send by anything else: a file, a mail, a program, a device, a client library.

    Attributes:
        deliver: blocks in a thread of its own and ends within the seconds it is given.
        inspect: as Gateway.inspect, in the same manner.
    """

    deliver: Callable[[Values, Message, float], Outcome]
    inspect: Callable[[Values, float], Report] | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """A library that a gateway type needs and the package does not depend on.

    Attributes:
        module: what is imported of it, when a message is sent and no earlier.
        remedy: the command that installs it.
    """

    module: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure that the provider documents, for the reference page and the vectors' test.

    Attributes:
        sign: how the provider says it, as `HTTP 200, statusCode 4001`.
    """

    sign: str
    error_class: ErrorClass


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far the facts reach, for the reference page.

    Attributes:
        verified: against what the declaration was checked.
        uncertain: what nobody could check; one sentence each.
    """

    verified: str = ""
    uncertain: tuple[str, ...] = ()


NO_EVIDENCE = Evidence()


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
        channel: the kind of address its recipients have.
        aliases: ids under which earlier programs knew it.
        failures: every failure that the provider documents.
        inspect: asks the provider how account and connection are, without sending; a generator as
            in HttpDialogue that returns a report. Direct has its own.
        pairing: links the account to the gateway in steps with the administrator (spec.pairing).
        library: without it, gateways of this type can neither be configured nor used.
    """

    id: str
    title: str
    link: str
    settings: tuple[SettingDescription, ...]
    transport: Http | HttpDialogue | Direct
    check: Callable[[Values], None] = _accept
    open_family: str = ""
    demonstration: bool = False
    channel: str = SMS
    aliases: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    evidence: Evidence = NO_EVIDENCE
    inspect: Callable[[Values], Generator[Request, Response, Report]] | None = None
    pairing: Callable[[Values], Pairing] | None = None
    library: Library | None = None

    @property
    def is_inspectable(self) -> bool:
        """Tell whether the provider can be asked how account and connection are."""
        direct = self.transport if isinstance(self.transport, Direct) else None
        return self.inspect is not None or (direct is not None and direct.inspect is not None)

    @property
    def type(self) -> GatewayType:
        """Return what an administrator is shown of it."""
        return GatewayType(
            self.id,
            self.title,
            self.link,
            self.settings,
            self.aliases,
            channel=self.channel,
            pairs=self.pairing is not None,
        )

    def values(self, definition: GatewayDefinition) -> Values:
        """Return a definition's settings and secrets as the functions above read them."""
        return Values.from_definition(self.settings, definition, self.open_family)
