# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon's end of the bus: take calls, find out who calls, answer each in a task of its own."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

from dbus_next import DBusError, Message, MessageFlag, MessageType, NameFlag, RequestNameReply
from dbus_next.aio.message_bus import MessageBus

from smsotpd.core.errors import BadArgumentError, NotAuthorizedError, SmsOtpError, UnavailableError
from smsotpd.core.events import RequestFailed
from smsotpd.core.ports import Journal
from smsotpd.dbus.caller import Caller, authorize, identify
from smsotpd.dbus.connection import connect
from smsotpd.dbus.introspection import INTROSPECTABLE, PEER, describe
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import BUS_NAME, BUSY, OBJECT_PATH, UNAVAILABLE, name_of

_DRIVER = "org.freedesktop.DBus"
_SOMEBODY_LEFT = (
    f"type='signal',sender='{_DRIVER}',interface='{_DRIVER}',member='NameOwnerChanged',arg2=''"
)
_MOST_CALLS = 1024


class Server:
    """Serve methods under our bus name.

    dbus-next's own method decorators do not see the sender of a message, so calls are taken by a
    message handler and dispatched over a table.
    """

    def __init__(
        self,
        methods: Iterable[Method],
        journal: Journal,
        caller_left: Callable[[str], None],
    ) -> None:
        self._methods = {(method.interface, method.member): method for method in methods}
        self._journal = journal
        self._caller_left = caller_left
        self._callers: dict[str, Caller] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._is_draining = False
        self._bus: MessageBus | None = None

    async def start(self) -> None:
        """Connect to the system bus and own the name.

        Raises:
            UnavailableError: there is no bus, it does not let us, or another daemon has the name.
        """
        try:
            bus = await connect()
        except Exception as error:
            # dbus-next raises a dozen types here; each means the same to whoever starts us.
            raise UnavailableError(f"the system bus cannot be reached: {error}") from error
        self._bus = bus
        bus.add_message_handler(self._handle)
        await bus.call(
            Message(
                destination=_DRIVER,
                path="/org/freedesktop/DBus",
                interface=_DRIVER,
                member="AddMatch",
                signature="s",
                body=[_SOMEBODY_LEFT],
            )
        )
        try:
            reply = await bus.request_name(BUS_NAME, NameFlag.DO_NOT_QUEUE)
        except DBusError as error:
            raise UnavailableError(f"the bus refuses us the name {BUS_NAME}: {error}") from error
        if reply is not RequestNameReply.PRIMARY_OWNER:
            raise UnavailableError(f"the bus name {BUS_NAME} is taken: is smsotpd running already?")

    async def wait_until_disconnected(self) -> None:
        """Return or raise when the bus is gone."""
        await self._required_bus().wait_for_disconnect()

    async def drain(self, seconds: float) -> None:
        """Take no new calls, give those in progress time to end, and leave the bus."""
        self._is_draining = True
        if self._calls:
            await asyncio.wait(self._calls, timeout=seconds)
        for task in self._calls:
            task.cancel()
        self._required_bus().disconnect()

    def _required_bus(self) -> MessageBus:
        if self._bus is None:
            raise UnavailableError("the server was not started")
        return self._bus

    def _handle(self, message: Message) -> bool:
        if message.message_type is MessageType.SIGNAL:
            self._note_who_left(message)
            return False
        if message.message_type is not MessageType.METHOD_CALL or message.interface == PEER:
            return False
        if message.interface == INTROSPECTABLE and message.member == "Introspect":
            self._reply(message, "s", [describe(self._methods.values(), message.path)])
            return True
        method = self._methods.get((message.interface, message.member))
        if method is None or message.path != OBJECT_PATH:
            _close(message)
            return False  # dbus-next answers that there is no such method
        if len(self._calls) >= _MOST_CALLS:
            _close(message)
            self._fail(message, BUSY, "too many calls are in progress; try again")
            return True
        task = asyncio.get_running_loop().create_task(self._answer(method, message))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return True

    def _note_who_left(self, message: Message) -> None:
        if message.sender != _DRIVER or message.member != "NameOwnerChanged":
            return
        name, _old, new = message.body
        if new:
            return
        caller = self._callers.pop(name, None)
        if caller is not None:
            caller.is_gone = True
            self._caller_left(name)

    async def _answer(self, method: Method, message: Message) -> None:
        try:
            body = await self._result(method, message)
        except SmsOtpError as error:
            self._fail(message, name_of(error), str(error))
        except Exception as error:  # noqa: BLE001  # a defect must neither show nor end the daemon
            self._journal.record(RequestFailed(method.member, type(error).__name__))
            self._fail(message, UNAVAILABLE, "internal error; the journal of smsotpd has more")
        else:
            self._reply(message, method.reply_signature, body)
        finally:
            _close(message)

    async def _result(self, method: Method, message: Message) -> Sequence[object]:
        if message.signature != method.signature:
            raise BadArgumentError(method.member, f"takes the signature {method.signature!r}")
        if self._is_draining:
            raise UnavailableError("smsotpd is shutting down; try again")
        bus = self._required_bus()
        caller = self._callers.setdefault(message.sender, Caller(message.sender))
        try:
            await identify(bus, caller)
        except NotAuthorizedError:
            self._callers.pop(caller.name, None)  # it left before we could ask
            raise
        is_interactive = bool(message.flags & MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION)
        if method.action:
            await authorize(bus, caller, method.action, is_interactive=is_interactive)
        if caller.is_gone:
            raise UnavailableError("the caller left the bus")
        return await method.answer(Call(caller, message.body, tuple(message.unix_fds)))

    def _reply(self, message: Message, signature: str, body: Sequence[object]) -> None:
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._required_bus().send(Message.new_method_return(message, signature, list(body)))

    def _fail(self, message: Message, name: str, text: str) -> None:
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._required_bus().send(Message.new_error(message, name, text))


def _close(message: Message) -> None:
    """Close the descriptors of a message, wanted or not: nobody else does."""
    for descriptor in message.unix_fds:
        os.close(descriptor)
    message.unix_fds = []
