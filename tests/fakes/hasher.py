# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A cheap PIN hasher that counts what it is asked."""

import asyncio
import hashlib
from collections.abc import Callable

from smsotpd.core.secret import Secret

Meanwhile = Callable[[], object]


class FakePinHasher:
    """Hash with one SHA-256 and a counting salt.

    Attributes:
        hashed: how many new PINs were hashed.
        verified: how many PINs were compared, with a hash or with none.
        yields: how often each call lets the other tasks run.
        meanwhile: called once, in the middle of the next call.
    """

    def __init__(self) -> None:
        self.hashed = 0
        self.verified = 0
        self.yields = 0
        self.meanwhile: Meanwhile | None = None
        self._salts = 0

    async def hash(self, pin: Secret) -> str:
        self.hashed += 1
        await self._work()
        return self.encoded(pin.reveal())

    async def verify(self, encoded: str | None, pin: Secret) -> bool:
        self.verified += 1
        await self._work()
        if encoded is None:
            return False
        salt = encoded.partition("$")[0]
        return _encoded(salt, pin.reveal()) == encoded

    def encoded(self, pin: str) -> str:
        """Return the hash of a PIN at once and uncounted."""
        self._salts += 1
        return _encoded(f"salt-{self._salts}", pin)

    async def _work(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        for _ in range(self.yields):
            await asyncio.sleep(0)
        if meanwhile is not None:
            meanwhile()


def _encoded(salt: str, pin: str) -> str:
    text = f"{salt}\0{pin}".encode(errors="surrogatepass")
    return f"{salt}${hashlib.sha256(text).hexdigest()}"
