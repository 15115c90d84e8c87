# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Several catalogues of gateway types as one."""

from collections.abc import Sequence

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, GatewayType
from smsotpd.core.ports import GatewayCatalogue, Sender


class Catalogues:
    """Ask of each definition the catalogue that has its type; the first one, where several do."""

    def __init__(self, *catalogues: GatewayCatalogue) -> None:
        self._catalogues = catalogues
        self._by_name: dict[str, GatewayCatalogue] = {}
        for catalogue in catalogues:
            for each in catalogue.types():
                for name in (each.type_id, *each.aliases):
                    self._by_name.setdefault(name, catalogue)

    def types(self) -> Sequence[GatewayType]:
        """Return all types, in the order to show them."""
        return tuple(each for catalogue in self._catalogues for each in catalogue.types())

    def type_id(self, name: str) -> str:
        """Return the id of the type that a name or alias stands for; an unknown name as it is."""
        catalogue = self._by_name.get(name)
        return name if catalogue is None else catalogue.type_id(name)

    def check(self, definition: GatewayDefinition) -> None:
        """Check settings and secrets as a whole.

        Raises:
            BadArgumentError: the type is unknown, or as its catalogue says.
            RefusedError: as its catalogue says.
        """
        self._of(definition).check(definition)

    def secret_names(self, definition: GatewayDefinition) -> frozenset[str]:
        """Return the names among the definition's settings that are secret."""
        return self._of(definition).secret_names(definition)

    def sender(self, definition: GatewayDefinition) -> Sender:
        """Return a sender for a definition that passed `check`."""
        return self._of(definition).sender(definition)

    def _of(self, definition: GatewayDefinition) -> GatewayCatalogue:
        try:
            return self._by_name[definition.type_id]
        except KeyError:
            known = ", ".join(each.type_id for each in self.types())
            raise BadArgumentError("type", f"must be one of {known}") from None
