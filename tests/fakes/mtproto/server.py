# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Data centres on ports of the loopback, in a thread of their own."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from telethon.crypto import AuthKey
from telethon.sessions import StringSession

from tests.fakes.mtproto.arithmetic import key_id
from tests.fakes.mtproto.key_exchange import ServerKey, ViolationError
from tests.fakes.mtproto.line import Key, Line
from tests.fakes.mtproto.telegram import Telegram
from tests.fakes.mtproto.world import HangUpError, World


@dataclass
class Server:
    """Serve one world at several data centres until the `with` block ends.

    A key is known at one data centre only, as with the real ones.
    """

    world: World
    server_key: ServerKey
    dcs: tuple[int, ...] = (2,)
    violations: list[str] = field(default_factory=list)
    keys: dict[int, dict[bytes, Key]] = field(default_factory=dict)
    connections: int = 0

    def __enter__(self) -> Self:
        self._telegram = Telegram(self.world)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listeners = [self._wait_for(self._listen(dc)) for dc in self.dcs]
        return self

    def __exit__(self, *_: object) -> None:
        self._wait_for(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.world.dc_ports[self.dcs[0]]}"

    def session(self) -> str:
        """Return the session of a device that is logged in."""
        key = Key(os.urandom(256), os.urandom(8))
        dc = self.world.home_dc
        self.keys[dc][key_id(key.secret)] = key
        self.world.logged_in.add(key.secret)
        session = StringSession()
        session.set_dc(dc, "127.0.0.1", self.world.dc_ports[dc])
        session.auth_key = AuthKey(key.secret)
        text: str = session.save()
        return text

    def forget_keys(self) -> None:
        for known in self.keys.values():
            known.clear()

    def _wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _listen(self, dc: int) -> asyncio.Server:
        self.keys[dc] = {}
        listener = await asyncio.start_server(partial(self._serve, dc), "127.0.0.1", 0)
        self.world.dc_ports[dc] = listener.sockets[0].getsockname()[1]
        return listener

    async def _serve(
        self, dc: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        answer = partial(self._telegram.answer, dc=dc)
        line = Line((reader, writer), self.server_key, self.keys[dc], answer)
        try:
            await line.serve()
        except (asyncio.IncompleteReadError, ConnectionError, HangUpError, asyncio.CancelledError):
            pass  # the client goes when it likes
        except ViolationError as violation:
            self.violations.append(str(violation))
        finally:
            writer.close()

    async def _stop(self) -> None:
        for listener in self._listeners:
            listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
