# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""argon2id over a keyed digest of the PIN, in a bounded pool of threads."""

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2.exceptions import Argon2Error, InvalidHash
from argon2.low_level import Type, error_to_str, hash_secret, lib, verify_secret

from smsotpd.core.errors import BusyError, UnavailableError
from smsotpd.core.ports import CodeSource
from smsotpd.core.secret import Secret

_MOST_WAITING = 1024  # as many as the bus lets in at once
_HASH_BYTES = 32
_SALT_BITS = 128
_NO_MEMORY = "there is no memory to check a PIN; try again"
_NOT_COMPUTED = {
    error_to_str(lib.ARGON2_MEMORY_ALLOCATION_ERROR),
    error_to_str(lib.ARGON2_THREAD_FAIL),
}

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs; `memory` in KiB. The default is OWASP's first choice for argon2id."""

    memory: int = 47_104
    time: int = 1
    lanes: int = 1


class Argon2PinHasher:
    """Hash and verify PINs; the port `PinHasher`.

    A PIN is short, so its hash alone would not stand a stolen database. What is hashed is a keyed
    digest of it: without the daemon's key, which is not in the database, nothing can be tried.
    """

    def __init__(self, key: bytes, source: CodeSource, cost: Cost, threads: int) -> None:
        self._key = key
        self._source = source
        self._cost = cost
        self._pool = _started_pool(threads)
        self._waiting = 0
        self._decoy = self._hash_now(Secret(source.token(_SALT_BITS)))

    async def hash(self, pin: Secret) -> str:
        """Return the encoded hash of a new PIN.

        Raises:
            BusyError: too many PINs are being hashed.
            UnavailableError: there is no memory for it.
        """
        return await self._run(self._hash_now, pin)

    async def verify(self, encoded: str | None, pin: Secret) -> bool:
        """Compare a PIN with a hash; with None do the same work and say no.

        Raises:
            BusyError: too many PINs are being hashed.
            UnavailableError: there is no memory for it, so nobody knows whether it is right.
        """
        matches = await self._run(self._verify_now, encoded or self._decoy, pin)
        return matches and encoded is not None

    def close(self) -> None:
        """Stop the threads; what is being hashed is finished first."""
        self._pool.shutdown(cancel_futures=True)

    async def _run(self, work: Callable[..., _Result], *args: object) -> _Result:
        if self._waiting >= _MOST_WAITING:
            raise BusyError("too many PINs are being checked; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
        finally:
            self._waiting -= 1

    def _hash_now(self, pin: Secret) -> str:
        try:
            encoded: bytes = hash_secret(
                self._keyed(pin),
                self._source.token(_SALT_BITS).encode(),
                time_cost=self._cost.time,
                memory_cost=self._cost.memory,
                parallelism=self._cost.lanes,
                hash_len=_HASH_BYTES,
                type=Type.ID,
            )
        except Argon2Error as error:
            raise UnavailableError(_NO_MEMORY) from error
        return encoded.decode()

    def _verify_now(self, encoded: str, pin: Secret) -> bool:
        try:
            return bool(verify_secret(encoded.encode(), self._keyed(pin), Type.ID))
        except (Argon2Error, InvalidHash) as error:
            if str(error) in _NOT_COMPUTED:
                # To say no here would call a right PIN wrong.
                raise UnavailableError(_NO_MEMORY) from error
            return False

    def _keyed(self, pin: Secret) -> bytes:
        # A lone surrogate cannot come in over the bus, but must not end in a traceback either.
        text = pin.reveal().encode(errors="surrogatepass")
        return hmac.digest(self._key, b"pin\0" + text, hashlib.sha256)


def _started_pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool whose threads all run, since later there may be none to be had.

    Raises:
        UnavailableError: there are none now.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pinhash")
    all_run = threading.Barrier(threads)
    try:
        for waiting in [pool.submit(all_run.wait) for _ in range(threads)]:
            waiting.result()
    except RuntimeError as error:
        all_run.abort()
        raise UnavailableError("the system gives no threads to check PINs in") from error
    return pool
