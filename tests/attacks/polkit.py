# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A polkit of the tests' own on the private bus."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbus_next import Message, MessageType
from dbus_next.aio.message_bus import MessageBus


@asynccontextmanager
async def polkit_that_says(address: str, *, yes: bool | None) -> AsyncIterator[list[str]]:
    """Answer for polkit; yield the actions it was asked about.

    Args:
        yes: what it says; None for one that asks somebody who does not answer.
    """
    asked: list[str] = []
    bus = await MessageBus(address).connect()

    def take(message: Message) -> bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        asked.append(message.body[1])
        if yes is not None:
            bus.send(Message.new_method_return(message, "(bba{ss})", [[yes, False, {}]]))
        return True

    bus.add_message_handler(take)
    await bus.request_name("org.freedesktop.PolicyKit1")
    try:
        yield asked
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()
        bus._sock.close()  # dbus-next leaves it to the garbage collector
