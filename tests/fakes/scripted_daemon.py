# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Own org.smsotp1 and answer each call by a script: a stand-in for smsotpd, well-behaved or not.

    scripted_daemon.py BUS_ADDRESS SCRIPT_JSON CALLS_FILE

The script is a list of behaviours, one for each Begin or Respond; the last one repeats:

    {"steps": [["hidden", "PIN: "]]}    reply with these steps
    {"error": "org.smsotp1.Error.Busy"} reply with this error
    {"raw": ["u", [5]]}                 reply with this signature and body
    {"huge": 3000000}                   reply with one text of that many letters
    {"silence": true}                   never reply
    {"die": true}                       end at once, without a reply
    {"late": 0.5, …}                    as the rest says, after as many seconds

With "loop" as the only addition ({"loop": [...]}), the list starts again at each Begin.
Each call is one JSON line (member, body) in the calls file. The line "ready" on standard output
says that the name is owned.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from dbus_next.aio.message_bus import MessageBus
from dbus_next.constants import MessageType, NameFlag, RequestNameReply
from dbus_next.message import Message
from dbus_next.signature import Variant

NAME = "org.smsotp1"


class ScriptedDaemon:
    """Replies from a script and remembers what it was asked."""

    def __init__(
        self, bus: MessageBus, script: list[dict[str, Any]] | dict[str, Any], calls: str
    ) -> None:
        self._bus = bus
        self._loop = isinstance(script, dict)
        self._script = script["loop"] if isinstance(script, dict) else script
        self._at = 0
        self._calls = calls

    def handle(self, message: Message) -> Message | bool | None:
        """Answer one message."""
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.interface != f"{NAME}.Authentication":
            return None
        with open(self._calls, "a", encoding="utf-8") as calls:  # noqa: PTH123  # one line, one write
            calls.write(json.dumps([message.member, _plain(message.body)]) + "\n")
        if message.member == "Cancel":
            return True
        if message.member == "Begin" and self._loop:
            self._at = 0
        behaviour = self._script[min(self._at, len(self._script) - 1)]
        self._at += 1
        return self._behave(message, behaviour)

    def _behave(self, message: Message, behaviour: dict[str, Any]) -> Message | bool:
        begins = message.member == "Begin"
        match behaviour:
            case {"late": seconds, **rest}:
                asyncio.get_running_loop().call_later(seconds, self._send, message, rest)
                return True
            case {"steps": steps}:
                body = ["transaction-1", steps] if begins else [steps]
                return Message.new_method_return(message, "sa(ss)" if begins else "a(ss)", body)
            case {"error": name}:
                return Message.new_error(message, name, "as scripted")
            case {"raw": [signature, body]}:
                return Message.new_method_return(message, signature, body)
            case {"huge": letters}:
                steps = [["info", "x" * letters], ["outcome", "PAM_SUCCESS"]]
                return self._behave(message, {"steps": steps})
            case {"die": _}:
                os._exit(1)
            case _:
                return True

    def _send(self, message: Message, behaviour: dict[str, Any]) -> None:
        reply = self._behave(message, behaviour)
        if isinstance(reply, Message):
            self._bus.send(reply)


def _plain(value: object) -> object:
    match value:
        case Variant():
            return _plain(value.value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


async def main() -> None:
    """Own the name and serve until the bus goes."""
    address, script, calls = sys.argv[1:]
    bus = await MessageBus(bus_address=address).connect()
    bus.add_message_handler(ScriptedDaemon(bus, json.loads(script), calls).handle)
    # The daemon of the test before may still be leaving.
    wanted = RequestNameReply.PRIMARY_OWNER
    while await bus.request_name(NAME, NameFlag.DO_NOT_QUEUE) is not wanted:  # noqa: ASYNC110  # the bus tells nobody in particular
        await asyncio.sleep(0.02)
    print("ready", flush=True)  # noqa: T201  # the readiness line
    await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main())
