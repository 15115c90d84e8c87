# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One client's connection: frames of the full TCP transport, plain and encrypted messages."""

import asyncio
import os
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from telethon import functions, types
from telethon.tl import TLObject
from telethon.tl.core import GzipPacked, MessageContainer

from tests.fakes.mtproto.arithmetic import ige, key_id, message_cipher, message_key
from tests.fakes.mtproto.key_exchange import KeyExchange, ServerKey, insist, parsed
from tests.fakes.mtproto.world import RpcError, SilenceError

_RPC_RESULT: Final = 0xF35C6D01
_RPC_ERROR: Final = 0x2144CA19
_KEY_UNKNOWN: Final = struct.pack("<i", -404)
_BAD_SALT: Final = 48


@dataclass
class Key:
    """One login's key, with the salt the server wants in its messages."""

    secret: bytes
    salt: bytes


# Answers a call of the client with that key; `api_id` is the one it introduced itself with.
Answer = Callable[[Any, Key, int], bytes]


class Line:
    """Read what a client sends until it goes, and answer."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server_key: ServerKey,
        keys: dict[bytes, Key],
        answer: Answer,
    ) -> None:
        self._reader, self._writer = streams
        self._exchange = KeyExchange(server_key)
        self._keys = keys
        self._answer = answer
        self._frames_in = self._frames_out = 0
        self._last_id = self._last_id_in = 0
        self._api_id = 0

    async def serve(self) -> None:
        while True:
            frame = await self._read()
            if frame[:8] == bytes(8):
                await self._plain(frame)
            else:
                await self._encrypted(frame)

    async def _read(self) -> bytes:
        head = await self._reader.readexactly(8)
        length, place = struct.unpack("<ii", head)
        insist(place == self._frames_in, "a frame out of order")
        insist(12 < length < 2**20, "a frame without sense")
        self._frames_in += 1
        body = await self._reader.readexactly(length - 8)
        insist(struct.unpack("<I", body[-4:])[0] == zlib.crc32(head + body[:-4]), "a wrong CRC")
        return body[:-4]

    async def _write(self, data: bytes) -> None:
        frame = struct.pack("<ii", len(data) + 12, self._frames_out) + data
        self._frames_out += 1
        self._writer.write(frame + struct.pack("<I", zlib.crc32(frame)))
        await self._writer.drain()

    def _message_id(self) -> int:
        now = int(time.time() * 2**32) & ~3 | 1  # noqa: TID251  # the protocol's clock
        self._last_id = max(now, self._last_id + 4)
        return self._last_id

    async def _plain(self, frame: bytes) -> None:
        (length,) = struct.unpack("<i", frame[16:20])
        insist(length == len(frame) - 20, "a wrong length")
        answer = bytes(self._exchange.answer(parsed(frame[20:])))
        if self._exchange.auth_key:
            secret = self._exchange.auth_key
            self._keys[key_id(secret)] = Key(secret, self._exchange.salt)
        head = struct.pack("<qqi", 0, self._message_id(), len(answer))
        await self._write(head + answer)

    async def _encrypted(self, frame: bytes) -> None:
        key = self._keys.get(frame[:8])
        if key is None:
            await self._write(_KEY_UNKNOWN)
            return
        msg_key = frame[8:24]
        cipher = message_cipher(key.secret, msg_key, to_server=True)
        plain = ige(frame[24:], *cipher, encrypt=False)
        insist(msg_key == message_key(key.secret, plain, to_server=True), "a wrong message key")
        salt, self._client, message_id, place, length = struct.unpack("<8sqqii", plain[:32])
        insist(12 <= len(plain) - 32 - length <= 1024, "padding of a length that is not allowed")
        insist(message_id % 4 == 0 and message_id > self._last_id_in, "a wrong message id")
        self._last_id_in = message_id
        if salt != key.salt:
            (wanted,) = struct.unpack("<q", key.salt)
            answer = bytes(types.BadServerSalt(message_id, place, _BAD_SALT, wanted))
            await self._send(key, answer)
            return
        await self._dispatch(key, message_id, parsed(plain[32 : 32 + length]))

    async def _dispatch(self, key: Key, message_id: int, call: Any) -> None:
        match call:
            case MessageContainer():
                for each in call.messages:
                    await self._dispatch(key, each.msg_id, each.obj)
            case GzipPacked():
                await self._dispatch(key, message_id, parsed(call.data))
            case types.MsgsAck():
                return
            case functions.PingRequest() | functions.PingDelayDisconnectRequest():
                await self._send(key, bytes(types.Pong(message_id, call.ping_id)))
            case _:
                try:
                    result = self._answer(self._unwrapped(call), key, self._api_id)
                except SilenceError:
                    return
                except RpcError as error:
                    result = struct.pack("<Ii", _RPC_ERROR, error.code)
                    result += TLObject.serialize_bytes(error.word)
                await self._send(key, struct.pack("<Iq", _RPC_RESULT, message_id) + result)

    def _unwrapped(self, call: Any) -> Any:
        """Return the call proper; the first one of a connection says who calls."""
        while isinstance(
            call,
            functions.InvokeWithLayerRequest
            | functions.InitConnectionRequest
            | functions.InvokeWithoutUpdatesRequest,
        ):
            self._api_id = getattr(call, "api_id", self._api_id)
            call = call.query
        insist(self._api_id, "a call before initConnection")
        return call

    async def _send(self, key: Key, body: bytes) -> None:
        head = struct.pack("<8sqqii", key.salt, self._client, self._message_id(), 1, len(body))
        plain = head + body
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        msg_key = message_key(key.secret, plain, to_server=False)
        cipher = message_cipher(key.secret, msg_key, to_server=False)
        await self._write(key_id(key.secret) + msg_key + ige(plain, *cipher, encrypt=True))
