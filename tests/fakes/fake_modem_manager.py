# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A ModemManager that answers what a test tells it to, sense or nonsense."""

from types import TracebackType
from typing import Final, Self

from dbus_next import Message, MessageType, Variant
from dbus_next.aio.message_bus import MessageBus

NAME: Final = "org.freedesktop.ModemManager1"
ROOT: Final = "/org/freedesktop/ModemManager1"
MODEM: Final = f"{ROOT}/Modem/0"
SMS: Final = f"{ROOT}/SMS/7"

Answer = tuple[str, object] | str | None
"""A signature and a value, the name of an error, or nothing at all."""


class FakeModemManager:
    """Own ModemManager's name on a bus.

    Attributes:
        answers: by member; what is not there is answered as by one that works.
        calls: members in the order in which they were called.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.modem: dict[str, Variant] = {
            "State": Variant("i", 8),
            "UnlockRequired": Variant("u", 1),
            "EquipmentIdentifier": Variant("s", "490154203237518"),
            "SignalQuality": Variant("(ub)", [70, True]),
        }
        self.answers: dict[str, Answer] = {}
        self.calls: list[str] = []

    async def __aenter__(self) -> Self:
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.add_message_handler(self._handle)
        await self._bus.request_name(NAME)
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._bus.disconnect()
        self._bus._stream.close()
        self._bus._sock.close()

    def _handle(self, message: Message) -> bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        self.calls.append(message.member)
        answer = self.answers.get(message.member, self._sense(message.member))
        if isinstance(answer, str):
            # The text repeats what was given, as a service may.
            self._bus.send(Message.new_error(message, answer, "cannot send 'code 123456'"))
        elif answer is not None:
            signature, value = answer
            body = [] if not signature else [value]
            self._bus.send(Message.new_method_return(message, signature, body))
        return True

    def _sense(self, member: str) -> Answer:
        interfaces = {f"{NAME}.Modem": self.modem, f"{NAME}.Modem.Messaging": {}}
        known: dict[str, Answer] = {
            "GetManagedObjects": ("a{oa{sa{sv}}}", {MODEM: interfaces}),
            "Create": ("o", SMS),
            "Get": ("v", Variant("u", 0)),
            "GetAll": ("a{sv}", {}),
        }
        return known.get(member, ("", None))
