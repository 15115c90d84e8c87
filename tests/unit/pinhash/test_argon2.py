# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""PIN hashes: salted, keyed, slow for everybody alike, bounded."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from argon2.exceptions import VerificationError
from argon2.low_level import verify_secret

from smsotpd.core.errors import BusyError, UnavailableError
from smsotpd.core.secret import Secret
from smsotpd.kernel.randomness import KernelCodeSource
from smsotpd.pinhash import argon2
from smsotpd.pinhash.argon2 import Argon2PinHasher, Cost

PIN = Secret("73915")
CHEAP = Cost(memory=8, time=1, lanes=1)
KEY = bytes(32)


@pytest_asyncio.fixture
async def hasher() -> AsyncIterator[Argon2PinHasher]:
    made = Argon2PinHasher(KEY, KernelCodeSource(), CHEAP, threads=2)
    yield made
    made.close()


async def test_a_pin_matches_its_own_hash_only(hasher: Argon2PinHasher) -> None:
    encoded = await hasher.hash(PIN)
    assert encoded.startswith("$argon2id$")
    assert await hasher.verify(encoded, PIN)
    assert not await hasher.verify(encoded, Secret("73916"))


async def test_equal_pins_have_different_hashes(hasher: Argon2PinHasher) -> None:
    assert await hasher.hash(PIN) != await hasher.hash(PIN)


async def test_a_hash_is_worth_nothing_without_the_key(hasher: Argon2PinHasher) -> None:
    encoded = await hasher.hash(PIN)
    other = Argon2PinHasher(bytes([1] * 32), KernelCodeSource(), CHEAP, threads=1)
    assert not await other.verify(encoded, PIN)
    other.close()


async def test_no_hash_is_no_and_costs_a_hash(
    hasher: Argon2PinHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[bytes] = []

    def count(encoded: bytes, *rest: object) -> bool:
        verified.append(encoded)
        return bool(verify_secret(encoded, *rest))

    monkeypatch.setattr(argon2, "verify_secret", count)
    assert not await hasher.verify(None, PIN)
    (decoy,) = verified
    real = await hasher.hash(PIN)
    assert decoy.decode().split("$")[1:4] == real.split("$")[1:4]  # the same cost


@pytest.mark.parametrize("encoded", ["garbage", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$12$abc"])
async def test_a_damaged_hash_is_a_no(hasher: Argon2PinHasher, encoded: str) -> None:
    assert not await hasher.verify(encoded, PIN)


async def test_a_lone_surrogate_is_a_no(hasher: Argon2PinHasher) -> None:
    assert not await hasher.verify(await hasher.hash(PIN), Secret("\ud800"))


async def test_a_crowd_is_refused_before_it_queues(
    hasher: Argon2PinHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(argon2, "_MOST_WAITING", 3)
    results = await asyncio.gather(
        *(hasher.verify(None, PIN) for _ in range(5)), return_exceptions=True
    )
    assert [type(result) for result in results] == [bool, bool, bool, BusyError, BusyError]
    assert not await hasher.verify(None, PIN)  # and the places are free again


async def test_what_cannot_be_computed_is_no_verdict(
    hasher: Argon2PinHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> bool:
        raise VerificationError("Memory allocation error")

    encoded = await hasher.hash(PIN)
    monkeypatch.setattr(argon2, "verify_secret", fail)
    with pytest.raises(UnavailableError):
        await hasher.verify(encoded, PIN)
    with pytest.raises(UnavailableError):
        await hasher.verify(None, PIN)


async def test_all_threads_run_before_the_first_pin_comes() -> None:
    before = threading.active_count()
    made = Argon2PinHasher(KEY, KernelCodeSource(), CHEAP, threads=3)
    assert threading.active_count() == before + 3
    made.close()


def test_a_hasher_without_threads_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(UnavailableError):
        Argon2PinHasher(KEY, KernelCodeSource(), CHEAP, threads=3)
