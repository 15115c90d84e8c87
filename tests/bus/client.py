# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A client of the bus contract for tests: raw messages, any uid."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from dbus_next import Message, MessageType, Variant
from dbus_next.aio.message_bus import MessageBus

AUTHENTICATION = "org.smsotp1.Authentication"
ADMIN = "org.smsotp1.Admin"

Steps = list[list[str]]


class BusError(Exception):
    """The bus or the daemon answered with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Client:
    """One connection; `async with` it."""

    def __init__(self, address: str, uid: int = 0) -> None:
        self._address = address
        self._uid = uid

    async def __aenter__(self) -> Self:
        # The bus takes the effective uid of whoever connects, and dbus-next the real one.
        before = os.getresuid()
        os.setresuid(self._uid, self._uid, before[2])
        try:
            self._bus = MessageBus(self._address, negotiate_unix_fd=True)
            await self._bus.connect()
        except BaseException:
            self._bus._sock.close()
            raise
        finally:
            os.setresuid(*before)
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._bus.disconnect()
        try:
            with suppress(OSError, EOFError):  # the bus went first
                await self._bus.wait_for_disconnect()
        finally:
            self._bus._sock.close()  # dbus-next leaves it to the garbage collector

    async def call(
        self,
        interface: str,
        member: str,
        signature: str = "",
        body: Sequence[Any] = (),
        *,
        secret: str | None = None,
        path: str = "/org/smsotp1",
        destination: str = "org.smsotp1",
    ) -> list[Any]:
        """Call a method; `secret` goes along as file descriptor 0."""
        descriptors = [] if secret is None else [_descriptor(secret)]
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
            unix_fds=descriptors,
        )
        try:
            reply = await self._bus.call(message)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if reply.message_type is MessageType.ERROR:
            raise BusError(reply.error_name, str(reply.body[0]) if reply.body else "")
        return list(reply.body)

    async def begin(self, user: str, service: str = "sshd", **context: str) -> tuple[str, Steps]:
        """Begin a login."""
        values = {"user": user, "service": service, **context}
        variants = {key: Variant("s", value) for key, value in values.items()}
        name, steps = await self.call(AUTHENTICATION, "Begin", "a{sv}", [variants])
        return name, steps

    async def respond(self, transaction: str, answer: str) -> Steps:
        """Answer a prompt."""
        (steps,) = await self.call(AUTHENTICATION, "Respond", "ss", [transaction, answer])
        return list(steps)

    async def verify(self, transaction_id: str, code: str) -> str:
        """Finish by transaction id."""
        (outcome,) = await self.call(AUTHENTICATION, "Verify", "ss", [transaction_id, code])
        return str(outcome)

    async def enrol(
        self, user: str, address: str, pin: str, *, channel: str = "sms", verify: bool = False
    ) -> str:
        """Enrol a user."""
        body = [user, channel, address, 0, verify]
        (name,) = await self.call(ADMIN, "EnrolUser", "ssshb", body, secret=pin)
        return str(name)

    async def configure(self, name: str, type_id: str, settings: Mapping[str, str]) -> None:
        """Configure a gateway without secrets."""
        body = [name, type_id, dict(settings), 0, False]
        await self.call(ADMIN, "ConfigureGateway", "ssa{ss}hb", body, secret="{}")


def _descriptor(text: str) -> int:
    descriptor = os.memfd_create("secret")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
