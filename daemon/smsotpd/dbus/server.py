# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon's end of the bus: take calls, find out who calls, answer each in a task of its own."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dbus_next import (
    DBusError,
    Message,
    MessageFlag,
    MessageType,
    NameFlag,
    RequestNameReply,
    Variant,
)
from dbus_next.aio.message_bus import MessageBus

from smsotpd.core.errors import BadArgumentError, SmsOtpError, UnavailableError
from smsotpd.core.events import RequestFailed
from smsotpd.core.ports import Journal
from smsotpd.dbus.caller import Caller, authorize, identify
from smsotpd.dbus.connection import connect
from smsotpd.dbus.introspection import INTROSPECTABLE, PEER, describe
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import BUS_NAME, OBJECT_PATH, UNAVAILABLE, name_of
from smsotpd.dbus.places import Places

_DRIVER = "org.freedesktop.DBus"
_SOMEBODY_LEFT = (
    f"type='signal',sender='{_DRIVER}',interface='{_DRIVER}',member='NameOwnerChanged',arg2=''"
)
_DESCRIPTOR = "h"


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
        self._places = Places()
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
        method = self._methods.get((message.interface, message.member))
        wanted = method.signature.count(_DESCRIPTOR) if method else 0
        _close(message, wanted)  # whoever sends more than we ask for wants us to run out of them
        if message.message_type is MessageType.SIGNAL:
            self._note_who_left(message)
            return False
        if message.message_type is not MessageType.METHOD_CALL or message.interface == PEER:
            return False
        if message.interface == INTROSPECTABLE and message.member == "Introspect":
            self._reply(message, "s", [describe(self._methods.values(), message.path)])
            return True
        if method is None or message.path != OBJECT_PATH:
            _close(message)
            return False  # dbus-next answers that there is no such method
        # Before the bus can tell that it left, so that none is kept of which that was told already.
        caller = self._callers.setdefault(message.sender, Caller(message.sender))
        task = asyncio.get_running_loop().create_task(self._answer(method, message, caller))
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

    async def _answer(self, method: Method, message: Message, caller: Caller) -> None:
        try:
            body = await self._result(method, message, caller)
            self._reply(message, method.reply_signature, body)
        except SmsOtpError as error:
            self._fail(message, name_of(error), str(error))
        except Exception as error:  # noqa: BLE001  # a defect must neither show nor end the daemon
            self._journal.record(RequestFailed(method.member, type(error).__name__))
            self._fail(message, UNAVAILABLE, "internal error; the journal of smsotpd has more")
        finally:
            _close(message)

    async def _result(self, method: Method, message: Message, caller: Caller) -> Sequence[object]:
        if message.signature != method.signature:
            raise BadArgumentError(method.member, f"takes the signature {method.signature!r}")
        if self._is_draining:
            raise UnavailableError("smsotpd is shutting down; try again")
        if caller.uid is None:
            with self._places.of_stranger(caller.name):
                await identify(self._required_bus(), caller)
        with self._places.of_user(caller.require_uid(), asyncio.get_running_loop().time()):
            return await self._result_for(method, message, caller)

    async def _result_for(
        self, method: Method, message: Message, caller: Caller
    ) -> Sequence[object]:
        is_interactive = bool(message.flags & MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION)
        if method.action:
            bus = self._required_bus()
            await authorize(bus, caller, method.action, is_interactive=is_interactive)
        caller.require_presence()
        return await method.answer(Call(caller, message.body, tuple(message.unix_fds)))

    def _reply(self, message: Message, signature: str, body: Sequence[object]) -> None:
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            reply = Message.new_method_return(message, signature, _sendable(list(body)))
            self._required_bus().send(reply)

    def _fail(self, message: Message, name: str, text: str) -> None:
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._required_bus().send(Message.new_error(message, name, str(_sendable(text))))


def _close(message: Message, but: int = 0) -> None:
    """Close the descriptors of a message, but for some at the front: nobody else does."""
    for descriptor in message.unix_fds[but:]:
        os.close(descriptor)
    message.unix_fds = message.unix_fds[:but]


def _sendable(value: object) -> Any:
    """Return the value with its texts as the bus takes them: it drops whoever sends it a NUL."""
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case Variant():
            return Variant(value.signature, _sendable(value.value))
        case Mapping():
            return {key: _sendable(each) for key, each in value.items()}
        case list() | tuple():
            return [_sendable(each) for each in value]
        case _:
            return value
