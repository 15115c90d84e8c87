# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telethon, for one errand at a time: connect, ask, leave; within the seconds there are.

This module and the ones that import it are imported in a lane's thread only, where a gateway of
this type is used: Telethon need not be installed, and takes its time to load.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from telethon import TelegramClient
from telethon.sessions import StringSession

from smsotpd.gateways.providers.telegram_client.settings import parse_server
from smsotpd.gateways.providers.telegram_client.transport import BoundedConnection
from smsotpd.gateways.spec import Values

_T = TypeVar("_T")

# Telethon's own tasks end in no time; the server is not waited for.
_LEAVING: Final = 0.5
_SHORTEST: Final = 0.1
_TEST_DC: Final = 2

Client = Any
Do = Callable[[Client], Awaitable[_T]]


class Server(NamedTuple):
    """A data centre of Telegram's."""

    dc_id: int
    address: str
    port: int


def run(
    values: Values,
    session: str,
    seconds: float,
    do: Do[_T],
    *,
    server: Server | None = None,
    tries: int = 1,
) -> tuple[_T, str]:
    """Do something with a connected client; return what came of it, and the session as it is now.

    Args:
        server: where to begin a new session, for an empty `session`.
        tries: how often a request is made; the second try may be at another data centre.

    Raises:
        Exception: whatever Telethon raises, or TimeoutError; `failures` knows what it means.
    """
    begin = partial(_client, values, _session(values, session, server), seconds, tries)
    return asyncio.run(_run(begin, seconds, do))


async def _run(begin: Callable[[], Client], seconds: float, do: Do[_T]) -> tuple[_T, str]:
    # What Telethon's tasks leave behind when the connection breaks is of no use to anybody.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    client = begin()
    try:
        async with asyncio.timeout(max(seconds - 2 * _LEAVING, _SHORTEST)):
            await client.connect()
            result = await do(client)
            return result, client.session.save()
    finally:
        with suppress(Exception):
            await asyncio.wait_for(client.disconnect(), _LEAVING)


def _client(values: Values, session: StringSession, seconds: float, tries: int) -> Client:
    return TelegramClient(
        session,
        int(values.text("api_id")),
        values.text("api_hash"),
        connection=BoundedConnection,
        timeout=max(seconds, _SHORTEST),
        request_retries=tries - 1,
        connection_retries=0,
        retry_delay=0,
        auto_reconnect=False,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        receive_updates=False,
        # The account's owner sees these in the list of devices; the defaults tell of the host.
        device_model="pam-smsotp",
        system_version="Linux",
        app_version="1",
        base_logger=_silent_logger(),
    )


def _session(values: Values, text: str, server: Server | None) -> StringSession:
    session = StringSession(text)
    test_server = values.text("test_server")
    if server is None and test_server:
        server = Server(_TEST_DC, *parse_server(test_server))
    if server is not None and not text:
        session.set_dc(*server)
    return session


def _silent_logger() -> logging.Logger:
    """Return a logger that says nothing: Telethon's lines hold requests, and so texts."""
    logger = logging.getLogger("smsotpd.telethon")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
