# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Agreeing on a key with a client that has none (core.telegram.org/mtproto/auth_key)."""

import os
import secrets
import time
from hashlib import sha1
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from telethon import functions, types
from telethon.crypto import rsa as client_keys
from telethon.extensions import BinaryReader
from telethon.tl import TLObject

from tests.fakes.mtproto.arithmetic import (
    GENERATOR,
    PRIME,
    exchange_cipher,
    ige,
    nonce_octets,
    number,
    octets,
    signed,
)

_FACTORS: Final = (1229739323, 1402015859)


class ViolationError(Exception):
    """The client did what the protocol does not allow."""


def insist(holds: object, why: str) -> None:
    if not holds:
        raise ViolationError(why)


def parsed(data: bytes) -> Any:
    with BinaryReader(data) as reader:
        return reader.tgread_object()


class ServerKey:
    """The server's RSA key, which clients know in advance."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        public = self._key.public_key()
        numbers = public.public_numbers()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode("ascii")
        client_keys.add_key(pem, old=False)
        spelled = b"".join(
            TLObject.serialize_bytes(octets(each)) for each in (numbers.n, numbers.e)
        )
        self.fingerprint = signed(sha1(spelled).digest()[-8:])  # noqa: S324  # as the protocol has it

    def decrypt(self, data: bytes) -> bytes:
        private = self._key.private_numbers()
        return octets(pow(number(data), private.d, private.public_numbers.n), 255)


class KeyExchange:
    """One client's three requests, each answered; `auth_key` is there after the last."""

    def __init__(self, server_key: ServerKey) -> None:
        self._server_key = server_key
        self._server_nonce = os.urandom(16)
        self._secret = secrets.randbits(2040)
        self.auth_key = b""
        self.salt = b""

    def answer(self, request: Any) -> Any:
        match request:
            case functions.ReqPqMultiRequest():
                self._nonce = request.nonce
                p, q = _FACTORS
                return types.ResPQ(
                    request.nonce,
                    signed(self._server_nonce),
                    octets(p * q),
                    [self._server_key.fingerprint],
                )
            case functions.ReqDHParamsRequest():
                self._check(request)
                return self._parameters(request)
            case functions.SetClientDHParamsRequest():
                self._check(request)
                return self._agreed(request)
            case _:
                raise ViolationError("a call without a key")

    def _check(self, request: Any) -> None:
        insist(request.nonce == self._nonce, "another nonce")
        insist(request.server_nonce == signed(self._server_nonce), "another server nonce")

    def _parameters(self, request: Any) -> Any:
        insist(request.public_key_fingerprint == self._server_key.fingerprint, "another RSA key")
        insist((number(request.p), number(request.q)) == _FACTORS, "wrong factors")
        inner = _inner(self._server_key.decrypt(request.encrypted_data))
        self._new_nonce = nonce_octets(inner.new_nonce, 32)
        answer = types.ServerDHInnerData(
            self._nonce,
            signed(self._server_nonce),
            GENERATOR,
            octets(PRIME),
            octets(pow(GENERATOR, self._secret, PRIME)),
            int(time.time()),  # noqa: TID251  # the protocol's clock
        )
        plain = bytes(answer)
        plain = sha1(plain).digest() + plain  # noqa: S324  # as the protocol has it
        plain += os.urandom(-len(plain) % 16)
        cipher = exchange_cipher(self._new_nonce, self._server_nonce)
        return types.ServerDHParamsOk(
            self._nonce, signed(self._server_nonce), ige(plain, *cipher, encrypt=True)
        )

    def _agreed(self, request: Any) -> Any:
        cipher = exchange_cipher(self._new_nonce, self._server_nonce)
        inner = _inner(ige(request.encrypted_data, *cipher, encrypt=False))
        self.auth_key = octets(pow(number(inner.g_b), self._secret, PRIME), 256)
        first, of_client = self._new_nonce[:8], self._server_nonce[:8]
        self.salt = bytes(a ^ b for a, b in zip(first, of_client, strict=True))
        aux_hash = sha1(self.auth_key).digest()[:8]  # noqa: S324  # as the protocol has it
        proof = sha1(self._new_nonce + b"\1" + aux_hash).digest()[4:]  # noqa: S324  # the same
        return types.DhGenOk(self._nonce, signed(self._server_nonce), signed(proof))


def _inner(plain: bytes) -> Any:
    inner = parsed(plain[20:])
    digest = sha1(bytes(inner)).digest()  # noqa: S324  # as the protocol has it
    insist(digest == plain[:20], "a wrong hash inside")
    return inner
