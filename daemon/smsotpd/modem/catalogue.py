# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The gateway type `modem`, as core's port `GatewayCatalogue` wants it."""

import time
import weakref
from collections.abc import Callable, Sequence
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, GatewayType
from smsotpd.core.ports import Sender
from smsotpd.modem.carrier import Carrier
from smsotpd.modem.pin_marks import PinMarks
from smsotpd.modem.pool import Pool
from smsotpd.modem.sender import ModemSender
from smsotpd.modem.settings import TYPE, parse
from smsotpd.modem.worker import CallForHelp, Worker, no_help

_CLOSING_SECONDS: Final = 3.0


class CarrierCatalogue:
    """Check definitions of modems of one type, and make senders of them.

    A sender is held weakly: a gateway that is removed or disabled gives its modem back.

    Args:
        check: raises BadArgumentError for a definition whose settings are malformed.
    """

    def __init__(
        self,
        gateway_type: GatewayType,
        check: Callable[[GatewayDefinition], object],
        carriers: Callable[[GatewayDefinition], Sequence[Carrier]],
    ) -> None:
        self._type = gateway_type
        self._check = check
        self._carriers = carriers
        self._senders: weakref.WeakValueDictionary[str, ModemSender] = weakref.WeakValueDictionary()
        self._definitions: weakref.WeakKeyDictionary[ModemSender, GatewayDefinition] = (
            weakref.WeakKeyDictionary()
        )

    def close(self) -> None:
        """Give all modems back, as far as they are between two messages."""
        senders = list(self._senders.values())
        for sender in senders:
            sender.close()
        ends = time.monotonic() + _CLOSING_SECONDS
        for sender in senders:
            sender.join(max(0.0, ends - time.monotonic()))

    def types(self) -> Sequence[GatewayType]:
        """Return the one type."""
        return (self._type,)

    def type_id(self, name: str) -> str:
        """Return the name as it is: there are no aliases."""
        return name

    def check(self, definition: GatewayDefinition) -> None:
        """Check settings and secrets as a whole; the modem itself is not asked.

        Raises:
            BadArgumentError: the type is another, or a setting unknown or malformed.
        """
        if definition.type_id != self._type.type_id:
            raise BadArgumentError("type", f"must be {self._type.type_id}")
        self._check(definition)

    def secret_names(self, definition: GatewayDefinition) -> frozenset[str]:
        """Return the names among the definition's settings that are secret."""
        marked = {setting.name for setting in self._type.settings if setting.secret}
        return frozenset(definition.secrets) | (marked & definition.settings.keys())

    def sender(self, definition: GatewayDefinition) -> Sender:
        """Return the sender for a definition that passed `check`; it opens the modem by itself."""
        known = self._senders.get(definition.name)
        if known is not None:
            if self._definitions.get(known) == definition:
                return known
            known.close()
        sender = ModemSender(definition.name, Pool(self._carriers(definition)))
        self._senders[definition.name] = sender
        self._definitions[sender] = definition
        return sender


class ModemCatalogue(CarrierCatalogue):
    """The gateway type `modem`."""

    def __init__(self, marks: PinMarks, call_for_help: CallForHelp = no_help) -> None:
        super().__init__(
            TYPE,
            parse,
            lambda definition: [Worker(each, marks, call_for_help) for each in parse(definition)],
        )
