# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Another service on the system bus, called from a thread of its own that waits for the answers."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from dbus_next import Message, MessageFlag, MessageType, Variant
from dbus_next.aio.message_bus import MessageBus

from smsotpd.dbus.connection import close, connect

_DRIVER: Final = "org.freedesktop.DBus"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
_SECONDS: Final = 5.0


class ServiceError(Exception):
    """The service cannot be spoken to; the text may be shown."""


class AbsentError(ServiceError):
    """Nobody owns the service's name; it is not started for us."""


class LostError(ServiceError):
    """The bus, or the service, went away before there was an answer."""


class SilentError(ServiceError):
    """No answer came in time."""


class CallError(ServiceError):
    """The service refused a call.

    Attributes:
        name: of the error. Its text is not kept: nobody knows what a service repeats in there.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Pending:
    """A call whose answer is not here yet."""

    def __init__(self, task: "asyncio.Task[Message | None]") -> None:
        self.task = task


class Service:
    """A blocking connection to one service; use it in a `with` statement, in one thread only.

    The service's owner must be root. What comes back is plain: without variants.

    Raises:
        AbsentError: the service does not run.
        ServiceError: no bus, or a name owned by somebody whom nothing should be told.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._owner = ""
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        try:
            self._bus: MessageBus = self._runner.run(_connect())
        except BaseException:
            self._runner.close()
            raise
        try:
            self.bus_id = str(self._ask_driver("GetId"))
            self._find_owner()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def owner(self) -> str:
        """Return the unique name of the service's connection, another one after each restart."""
        return self._owner

    def call(
        self,
        path: str,
        member: str,
        signature: str = "",
        *body: object,
        seconds: float = _SECONDS,
    ) -> object:
        """Call a method and return its one result, if it has one.

        Args:
            member: with its interface, as `org.freedesktop.DBus.Peer.Ping`.

        Raises:
            CallError: the service refused.
            LostError: bus or service went away.
            SilentError: no answer in time; a late one is lost.
        """
        pending = self.begin(path, member, signature, *body)
        if not self.wait(pending, seconds):
            pending.task.cancel()
            raise SilentError("no answer")
        return self.result(pending)

    def begin(self, path: str, member: str, signature: str = "", *body: object) -> Pending:
        """Call a method without waiting."""
        interface, _, name = member.rpartition(".")
        message = Message(
            destination=self._owner,
            path=path,
            interface=interface,
            member=name,
            signature=signature,
            body=list(body),
            flags=MessageFlag.NO_AUTOSTART,
        )
        return Pending(self._runner.run(self._begin(message)))

    def wait(self, pending: Pending, seconds: float) -> bool:
        """Wait for an answer for at most so long; tell whether it is here."""
        return self._runner.run(_is_done(pending.task, seconds))

    def result(self, pending: Pending) -> object:
        """Return the result of a call that was answered."""
        try:
            reply = pending.task.result()
        except Exception:  # noqa: BLE001  # dbus-next hands on whatever broke the connection
            raise LostError("the system bus went away") from None
        if reply is None:
            raise LostError("the system bus went away")
        if reply.message_type is MessageType.ERROR:
            if reply.error_name in _GONE:
                raise LostError("the service went away")
            raise CallError(reply.error_name)
        return _plain(reply.body[0]) if reply.body else None

    def properties(self, path: str, interface: str) -> Mapping[str, object]:
        """Return all properties of one interface of an object; empty if they are no such thing."""
        found = self.call(path, f"{_PROPERTIES}.GetAll", "s", interface)
        return found if isinstance(found, dict) else {}

    def objects(self, path: str) -> Mapping[str, object]:
        """Return the objects below a path: their interfaces and these interfaces' properties."""
        found = self.call(path, f"{_OBJECTS}.GetManagedObjects")
        return found if isinstance(found, dict) else {}

    async def _begin(self, message: Message) -> "asyncio.Task[Message | None]":
        return asyncio.get_running_loop().create_task(self._bus.call(message))

    def _close(self) -> None:
        self._runner.close()
        close(self._bus)

    def _find_owner(self) -> None:
        if not self._ask_driver("NameHasOwner", "s", self._name):
            raise AbsentError("the service does not run")
        owner = str(self._ask_driver("GetNameOwner", "s", self._name))
        uid = self._ask_driver("GetConnectionUnixUser", "s", owner)
        if uid != 0:
            raise ServiceError(f"{self._name} is owned by uid {uid}, who is not root")
        self._owner = owner

    def _ask_driver(self, member: str, signature: str = "", *body: object) -> object:
        message = Message(
            destination=_DRIVER,
            path="/org/freedesktop/DBus",
            interface=_DRIVER,
            member=member,
            signature=signature,
            body=list(body),
        )
        pending = Pending(self._runner.run(self._begin(message)))
        if not self.wait(pending, _SECONDS):
            raise SilentError("the system bus does not answer")
        return self.result(pending)


def variant(signature: str, value: object) -> object:
    """Return a value as a call takes it where the contract says variant."""
    return Variant(signature, value)


# What the bus itself says of an owner that left.
_GONE: Final = {
    f"{_DRIVER}.Error.{word}" for word in ("NoReply", "ServiceUnknown", "NameHasNoOwner")
}


async def _connect() -> MessageBus:
    try:
        return await asyncio.wait_for(connect(), _SECONDS)
    except Exception as error:
        # dbus-next raises a dozen types here; each means the same.
        raise ServiceError("the system bus cannot be reached") from error


async def _is_done(task: "asyncio.Task[Message | None]", seconds: float) -> bool:
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)


def _plain(value: object) -> Any:
    """Take the variants out of what came from the bus."""
    match value:
        case Variant():
            return _plain(value.value)
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case str() | bytes():
            return value
        case Sequence():
            return [_plain(each) for each in value]
        case _:
            return value
