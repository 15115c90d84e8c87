# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What we ask of ModemManager, one method for each question."""

import contextlib
from collections.abc import Mapping
from typing import Final

from smsotpd.dbus.service import CallError, Pending, Service, ServiceError, variant
from smsotpd.modem.report import StatusReport
from smsotpd.modemmanager import names
from smsotpd.modemmanager.facts import Facts, facts_of
from smsotpd.modemmanager.failures import is_refusal_of_rights
from smsotpd.modemmanager.timing import Timing

# No message of ours has this path: what is answered tells whether we may delete any.
_NO_MESSAGE: Final = f"{names.ROOT}/SMS/none"
_MOST_MESSAGES: Final = 200


class Manager:
    """ModemManager over one connection; all raise ServiceError."""

    def __init__(self, service: Service, timing: Timing) -> None:
        self._service = service
        self._timing = timing

    @property
    def instance(self) -> str:
        """Return a name that the next start of ModemManager, or of the bus, does not share."""
        return f"{self._service.bus_id}{self._service.owner}"

    def modems(self) -> list[Facts]:
        """Return the modems there are."""
        found = (facts_of(*each) for each in self._service.objects(names.ROOT).items())
        return [facts for facts in found if facts is not None]

    def may_send(self, modem: str) -> bool:
        """Tell whether polkit lets us; nothing is changed by asking."""
        try:
            self._service.call(
                modem, f"{names.MESSAGING}.Delete", "o", _NO_MESSAGE, seconds=self._timing.create
            )
        except CallError as error:
            return not is_refusal_of_rights(error.name)
        return True

    def enable(self, modem: str) -> None:
        """Enable a modem."""
        self._service.call(
            modem,
            f"{names.MODEM}.Enable",
            "b",
            True,  # noqa: FBT003  # the argument that the contract has
            seconds=self._timing.enable,
        )

    def create(self, modem: str, properties: Mapping[str, tuple[str, object]]) -> str:
        """Make a message; return its path.

        Args:
            properties: by name; each a signature and a value.
        """
        body = {name: variant(*each) for name, each in properties.items()}
        member = f"{names.MESSAGING}.Create"
        path = self._service.call(modem, member, "a{sv}", body, seconds=self._timing.create)
        if not isinstance(path, str) or not path.startswith(f"{names.ROOT}/"):
            raise ServiceError("ModemManager does not say where the message is")
        return path

    def begin_send(self, message: str) -> Pending:
        """Send a message, without waiting for the result."""
        return self._service.begin(message, f"{names.SMS}.Send")

    def wait(self, pending: Pending, seconds: float) -> bool:
        """Wait for a result for at most so long; tell whether it is here."""
        return self._service.wait(pending, seconds)

    def result(self, pending: Pending) -> None:
        """Return if a message was sent."""
        self._service.result(pending)

    def number(self, message: str, name: str) -> int:
        """Return a property of a message that is a number; -1 where it is none."""
        value = self._service.call(
            message, "org.freedesktop.DBus.Properties.Get", "ss", names.SMS, name
        )
        return value if isinstance(value, int) else -1

    def delete(self, modem: str, message: str) -> bool:
        """Delete a message; tell whether ModemManager answered: then it is gone, or not ours."""
        try:
            self._service.call(
                modem, f"{names.MESSAGING}.Delete", "o", message, seconds=self._timing.create
            )
        except CallError:
            return True
        except ServiceError:
            return False
        return True

    def messages(self, modem: str) -> list[str]:
        """Return the paths of the messages that ModemManager knows of."""
        found = self._service.properties(modem, names.MESSAGING).get("Messages")
        paths = found if isinstance(found, list) else []
        return [path for path in paths if isinstance(path, str)][:_MOST_MESSAGES]

    def report(self, message: str) -> StatusReport | None:
        """Return a status report; None for a message of another kind, which is not read."""
        with contextlib.suppress(CallError):
            if self.number(message, "PduType") != names.STATUS_REPORT:
                return None
            told = self._service.properties(message, names.SMS)
            reference, number = told.get("MessageReference"), told.get("Number")
            status = told.get("DeliveryState")
            if isinstance(reference, int) and isinstance(number, str) and isinstance(status, int):
                return StatusReport(reference, number, status)
        return None
