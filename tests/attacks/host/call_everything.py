# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Make calls on the system bus of a machine, and print what each was answered.

    call_everything.py < calls.json    [["interface", "member", "signature", [argument, …]], …]

An argument of type h is /dev/null. Needs nothing but what our package depends on.
"""

import asyncio
import json
import os
import sys
from typing import Any

from dbus_next import BusType, Message, MessageType, Variant
from dbus_next.aio.message_bus import MessageBus


async def main() -> None:
    """Make all calls over one connection."""
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
    answers = []
    for interface, member, signature, body in json.load(sys.stdin):
        descriptors = [os.open(os.devnull, os.O_RDONLY)] if "h" in signature else []
        given = body
        if signature == "a{sv}":
            given = [{key: Variant("s", text) for key, text in body[0].items()}]
        reply: Any = await bus.call(
            Message(
                destination="org.smsotp1",
                path="/org/smsotp1",
                interface=interface,
                member=member,
                signature=signature,
                body=given,
                unix_fds=descriptors,
            )
        )
        is_error = reply.message_type is MessageType.ERROR
        answers.append([member, reply.error_name if is_error else "answered"])
    json.dump(answers, sys.stdout)


asyncio.run(main())
