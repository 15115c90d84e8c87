# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Two-step verification: the server's side of SRP (core.telegram.org/api/srp)."""

import hashlib
import os
import secrets
from typing import Any

from telethon import types

from tests.fakes.mtproto.arithmetic import GENERATOR, PRIME, number, octets


class Verifier:
    """Know whether a password is right without ever being sent it."""

    def __init__(self, password: str, hint: str = "") -> None:
        self._hint = hint
        self._salts = (os.urandom(40), os.urandom(16))
        self._verifier = pow(GENERATOR, number(self._hash_of(password)), PRIME)
        self._id = 0

    def challenge(self) -> Any:
        self._id += 1
        self._secret = secrets.randbits(2048)
        k = number(_sha256(_long(PRIME), _long(GENERATOR)))
        self._b = (k * self._verifier + pow(GENERATOR, self._secret, PRIME)) % PRIME
        algorithm = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            *self._salts, GENERATOR, octets(PRIME)
        )
        return types.account.Password(
            new_algo=algorithm,
            new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
            secure_random=os.urandom(256),
            has_password=True,
            current_algo=algorithm,
            srp_B=_long(self._b),
            srp_id=self._id,
            hint=self._hint,
        )

    def accepts(self, proof: Any) -> bool:
        a = number(proof.A)
        if proof.srp_id != self._id or not 1 < a < PRIME - 1:
            return False
        u = number(_sha256(_long(a), _long(self._b)))
        shared = pow(a * pow(self._verifier, u, PRIME), self._secret, PRIME)
        mixed = octets(number(_sha256(_long(PRIME))) ^ number(_sha256(_long(GENERATOR))), 32)
        salts = (_sha256(self._salts[0]), _sha256(self._salts[1]))
        expected = _sha256(mixed, *salts, _long(a), _long(self._b), _sha256(_long(shared)))
        return bool(expected == proof.M1)

    def _hash_of(self, password: str) -> bytes:
        inner, outer = self._salts
        first = _salted(outer, _salted(inner, password.encode()))
        slow = hashlib.pbkdf2_hmac("sha512", first, inner, 100_000)
        return _salted(outer, slow)


def _long(value: int) -> bytes:
    return octets(value, 256)


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _salted(salt: bytes, data: bytes) -> bytes:
    return _sha256(salt, data, salt)
