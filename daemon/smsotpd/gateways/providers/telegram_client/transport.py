# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telethon's TCP transport, with a bound: whoever is on the wire may name any length."""

import asyncio
from typing import Final

from telethon.network.connection.tcpfull import ConnectionTcpFull, FullPacketCodec

# An account with some ten thousand contacts has an answer of this size.
LONGEST_PACKET: Final = 4 * 1024 * 1024


class _BoundedReader:
    """Read no more at once than a packet may hold."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readexactly(self, count: int) -> bytes:
        if not 0 <= count <= LONGEST_PACKET:
            raise ConnectionError("a packet without sense")
        return await self._reader.readexactly(count)


class _BoundedCodec(FullPacketCodec):  # type: ignore[misc]  # Telethon is untyped
    async def read_packet(self, reader: asyncio.StreamReader) -> bytes:
        packet: bytes = await super().read_packet(_BoundedReader(reader))
        return packet


class BoundedConnection(ConnectionTcpFull):  # type: ignore[misc]  # Telethon is untyped
    """A connection that ends where a packet is too long."""

    packet_codec = _BoundedCodec
