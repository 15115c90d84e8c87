# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets that come in by file descriptor, so that no bus monitor sees them."""

import asyncio
import json
import os
import select
import threading
import time
from contextlib import suppress

from smsotpd.core.errors import BadArgumentError, UnavailableError
from smsotpd.core.secret import Secret
from smsotpd.dbus.method import Call

_MOST_BYTES = 64 * 1024
_SECONDS = 5.0


async def read_secret(call: Call, index: object) -> Secret:
    """Return the text behind the descriptor that a call names by index.

    Raises:
        BadArgumentError: there is no descriptor, it cannot be read, holds too much, no UTF-8, or
            never ends.
        UnavailableError: the system gives no thread to read it in.
    """
    if not isinstance(index, int) or not 0 <= index < len(call.descriptors):
        raise BadArgumentError("file descriptor", "is missing from the message")
    raw = await _in_a_thread_of_its_own(call.descriptors[index])
    try:
        return Secret(raw.decode())
    except UnicodeDecodeError:
        raise BadArgumentError("file descriptor", "does not hold UTF-8 text") from None


async def read_secrets(call: Call, index: object) -> dict[str, Secret]:
    """Return the JSON object of texts behind a descriptor; empty content is an empty object."""
    text = (await read_secret(call, index)).reveal()
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError:
        # Not chained: the parser's error holds the whole text.
        raise BadArgumentError("secrets", "are not a JSON object of texts") from None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise BadArgumentError("secrets", "are not a JSON object of texts")
    return {name: Secret(value) for name, value in values.items()}


async def _in_a_thread_of_its_own(descriptor: int) -> bytes:
    """Read in a daemon thread, so that whoever makes it hang makes but its own call hang.

    A read may block although `poll` said that there is something: a second reader takes it away, or
    a file system of the caller's own making never answers. A pool's threads would then be taken
    from everybody, and joined at the exit. The call keeps its place, which bounds these threads.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()

    def end(content: bytes, error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(content)
        else:
            done.set_exception(error)

    def work() -> None:
        content, failure = b"", None
        try:
            content = _read_all(descriptor)
        except OSError:
            failure = BadArgumentError("file descriptor", "cannot be read")
        except BadArgumentError as error:
            failure = error
        with suppress(RuntimeError):  # the loop is closed: the daemon has ended
            loop.call_soon_threadsafe(end, content, failure)

    try:
        threading.Thread(target=work, name="descriptor", daemon=True).start()
    except RuntimeError:
        raise UnavailableError("the system gives no thread to read a secret in") from None
    return await done


def _read_all(descriptor: int) -> bytes:
    """Read to the end, whatever kind of file it is, but neither for ever nor without bound."""
    deadline = time.monotonic() + _SECONDS
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    content = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise BadArgumentError("file descriptor", f"did not end within {_SECONDS:g} seconds")
        part = os.read(descriptor, _MOST_BYTES + 1 - len(content))
        content += part
        if len(content) > _MOST_BYTES:
            raise BadArgumentError("file descriptor", f"holds more than {_MOST_BYTES} bytes")
        if not part:
            return bytes(content)
