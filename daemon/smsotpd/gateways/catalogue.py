# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The gateway types there are, in one readable list: core's port `GatewayCatalogue`."""

from collections.abc import Callable, Mapping, Sequence
from importlib import invalidate_caches
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Final

from smsotpd.core.errors import BadArgumentError, RefusedError
from smsotpd.core.gateway import GatewayDefinition, GatewayType
from smsotpd.core.mail_server import MailServer
from smsotpd.core.ports import Sender
from smsotpd.gateways.providers import (
    cegedim_vortext,
    clickatell_central,
    clickatell_portal,
    clicksend,
    clockworksms,
    ecallsms,
    gowhatsapp,
    http,
    huawei_e3531,
    outbox,
    ovh,
    playsms,
    puzzel,
    script,
    serwersms,
    signal,
    sipgate,
    sipgate_rest,
    smpp,
    sms77io,
    smsapi,
    smsglobal,
    smtp,
    spryngsms,
    telegram_bot,
    telegram_client,
    voipbuster,
    voipms,
    websms_de,
    whatsapp,
    whatsapp_business,
    xmpp,
)
from smsotpd.gateways.spec import Gateway
from smsotpd.gateways.spec.settings import check_settings, secret_names

GATEWAYS: Final[tuple[Gateway, ...]] = (
    cegedim_vortext.GATEWAY,
    clickatell_central.GATEWAY,
    clickatell_portal.GATEWAY,
    clicksend.GATEWAY,
    clockworksms.GATEWAY,
    ecallsms.GATEWAY,
    huawei_e3531.GATEWAY,
    ovh.GATEWAY,
    playsms.GATEWAY,
    puzzel.GATEWAY,
    serwersms.GATEWAY,
    sms77io.GATEWAY,
    sipgate_rest.GATEWAY,
    sipgate.GATEWAY,
    smsapi.GATEWAY,
    smsglobal.GATEWAY,
    spryngsms.GATEWAY,
    voipms.GATEWAY,
    voipbuster.GATEWAY,
    websms_de.GATEWAY,
    signal.GATEWAY,
    telegram_bot.GATEWAY,
    telegram_client.GATEWAY,
    gowhatsapp.GATEWAY,
    whatsapp.GATEWAY,
    whatsapp_business.GATEWAY,
    xmpp.GATEWAY,
    smpp.GATEWAY,
    smtp.GATEWAY,
    script.GATEWAY,
    http.GATEWAY,
    outbox.GATEWAY,
)

ENTRY_POINTS: Final = "smsotpd.gateways"

MakeSender = Callable[[Gateway, GatewayDefinition], Sender]


class Catalogue:
    """Check definitions against their types, and make senders of them.

    A gateway keeps its sender until its definition changes: the sender bounds how many messages
    it carries at once.
    """

    def __init__(
        self,
        make_sender: MakeSender,
        *,
        allow_outbox: bool,
        gateways: Sequence[Gateway] = GATEWAYS,
    ) -> None:
        self._make_sender = make_sender
        self._allow_outbox = allow_outbox
        self._gateways = {gateway.id: gateway for gateway in gateways}
        self._by_name = _by_name(gateways)
        self._senders: dict[str, tuple[GatewayDefinition, Sender]] = {}

    def types(self) -> Sequence[GatewayType]:
        """Return all types, in the order to show them."""
        return tuple(gateway.type for gateway in self._gateways.values())

    def type_id(self, name: str) -> str:
        """Return the id of the type of that name, which may be an alias; an unknown one as it is.

        What is stored names the id, so that an alias can be given up one day.
        """
        gateway = self._by_name.get(name)
        return name if gateway is None else gateway.id

    def check(self, definition: GatewayDefinition) -> None:
        """Check settings and secrets as a whole.

        Raises:
            BadArgumentError: the type or a setting is unknown, missing or malformed; names it.
            RefusedError: the type is for demos, and the configuration does not allow it; or the
                library that it needs is not installed.
        """
        gateway = self._gateway(definition)
        self._check_allowed(gateway)
        _check_library(gateway)
        check_settings(gateway, definition)

    def secret_names(self, definition: GatewayDefinition) -> frozenset[str]:
        """Return the names among the definition's settings that are secret.

        Raises:
            BadArgumentError: the type is unknown.
        """
        return secret_names(self._gateway(definition), definition)

    def sender(self, definition: GatewayDefinition) -> Sender:
        """Return the sender for a definition that passed `check`.

        Raises:
            BadArgumentError: the type is unknown.
            RefusedError: the type is for demos, and the configuration does not allow it.
        """
        gateway = self._gateway(definition)
        self._check_allowed(gateway)
        known = self._senders.get(definition.name)
        if known and known[0] == definition:
            return known[1]
        sender = self._make_sender(gateway, definition)
        self._senders[definition.name] = (definition, sender)
        return sender

    def _gateway(self, definition: GatewayDefinition) -> Gateway:
        try:
            return self._by_name[definition.type_id]
        except KeyError:
            raise BadArgumentError("type", f"must be one of {', '.join(self._gateways)}") from None

    def _check_allowed(self, gateway: Gateway) -> None:
        if gateway.demonstration and not self._allow_outbox:
            raise RefusedError(
                f"gateways of type {gateway.id} store codes readably and are for demos only; "
                "to allow them, set allow_outbox = true under [gateways] in "
                "/etc/smsotp/smsotpd.toml"
            )


def _check_library(gateway: Gateway) -> None:
    if gateway.library is None:
        return
    invalidate_caches()  # it may have been installed since the daemon started
    if find_spec(gateway.library.module) is None:
        raise RefusedError(
            f"gateways of type {gateway.id} need the Python library {gateway.library.module}, "
            f"which is not installed; install it with: {gateway.library.remedy}"
        )


def _by_name(gateways: Sequence[Gateway]) -> dict[str, Gateway]:
    """Return the types by id and by alias.

    Raises:
        ValueError: two of them share a name, so that nobody could tell which one is meant.
    """
    known: dict[str, Gateway] = {}
    for gateway in gateways:
        for name in (gateway.id, *gateway.aliases):
            if name in known:
                raise ValueError(f"the name {name} is taken")
            known[name] = gateway
    return known


def with_mail_servers(
    gateways: Sequence[Gateway], servers: Mapping[str, MailServer]
) -> tuple[Gateway, ...]:
    """Return the types with these mail servers in place of the ones before."""
    over_servers = smtp.gateway(servers)
    return tuple(over_servers if each.id == over_servers.id else each for each in gateways)


def with_third_parties(
    gateways: Sequence[Gateway] = GATEWAYS,
) -> tuple[tuple[Gateway, ...], tuple[str, ...]]:
    """Add the gateway types that installed packages declare as entry points.

    Returns:
        All types, and one sentence about each entry point that was left out.
    """
    found = list(gateways)
    complaints = []
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            gateway = point.load()
        except Exception as error:  # noqa: BLE001  # another's package must not stop the daemon
            complaints.append(f"gateway {point.name}: not loaded, {type(error).__name__}")
            continue
        if not isinstance(gateway, Gateway):
            complaints.append(f"gateway {point.name}: not loaded, {point.value} is no Gateway")
            continue
        try:
            _by_name((*found, gateway))
        except ValueError as error:
            complaints.append(f"gateway {point.name}: not loaded, {error}")
        else:
            found.append(gateway)
    return tuple(found), tuple(complaints)
