# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whom an account found: remembered, since looking people up is what Telegram limits most."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_MOST: Final = 4096
# A name or a number may go to somebody else one day.
_LIFETIME: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A user as one account may address it; the hash is of use to that account only."""

    user_id: int = field(repr=False)
    access_hash: int = field(repr=False)


class PeerBook:
    """Keep peers by account and address, for a day and in memory only."""

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._now = now
        self._most = most
        self._lock = threading.Lock()
        self._peers: OrderedDict[bytes, tuple[float, Peer]] = OrderedDict()

    def find(self, session: str, address: str) -> Peer | None:
        """Return whom the account found at this address of late."""
        with self._lock:
            noted = self._peers.get(_key(session, address))
        if noted is None or self._now() - noted[0] > _LIFETIME:
            return None
        return noted[1]

    def note(self, session: str, address: str, peer: Peer) -> None:
        """Remember whom the account found; whoever was found longest ago makes room."""
        key = _key(session, address)
        with self._lock:
            self._peers[key] = (self._now(), peer)
            self._peers.move_to_end(key)
            while len(self._peers) > self._most:
                self._peers.popitem(last=False)

    def forget(self, session: str, address: str) -> None:
        """Forget whom the account found at this address."""
        with self._lock:
            self._peers.pop(_key(session, address), None)


def _key(session: str, address: str) -> bytes:
    return hashlib.sha256(f"{session}\0{address}".encode()).digest()
