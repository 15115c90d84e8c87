# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers and ciphers of MTProto 2.0, seen from the server."""

from hashlib import sha1, sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK: Final = 16

# The prime that Telegram's servers use, and with which clients skip a slow test (g is 3).
PRIME: Final = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F"
    "48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37"
    "20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4"
    "A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754"
    "FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F"
    "0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
GENERATOR: Final = 3


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def octets(value: int, length: int = 0) -> bytes:
    return value.to_bytes(length or (value.bit_length() + 7) // 8, "big")


def nonce_octets(nonce: int, length: int) -> bytes:
    """Return a nonce of TL, which Telethon holds as a signed number, as it is on the wire."""
    return nonce.to_bytes(length, "little", signed=True)


def signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def ige(data: bytes, key: bytes, iv: bytes, *, encrypt: bool) -> bytes:
    """Encrypt or decrypt by AES-256 in the mode IGE: each block is mixed with both neighbours."""
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  # the block cipher under IGE
    step = (cipher.encryptor() if encrypt else cipher.decryptor()).update
    before, beyond = (iv[:_BLOCK], iv[_BLOCK:]) if encrypt else (iv[_BLOCK:], iv[:_BLOCK])
    out = bytearray()
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        made = _xor(step(_xor(block, before)), beyond)
        before, beyond = made, block
        out += made
    return bytes(out)


def key_id(auth_key: bytes) -> bytes:
    return sha1(auth_key).digest()[-8:]  # noqa: S324  # as the protocol has it


def message_key(auth_key: bytes, plain: bytes, *, to_server: bool) -> bytes:
    start = 88 if to_server else 96
    return sha256(auth_key[start : start + 32] + plain).digest()[8:24]


def message_cipher(auth_key: bytes, msg_key: bytes, *, to_server: bool) -> tuple[bytes, bytes]:
    """Return key and initial value of one message."""
    x = 0 if to_server else 8
    a = sha256(msg_key + auth_key[x : x + 36]).digest()
    b = sha256(auth_key[x + 40 : x + 76] + msg_key).digest()
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]


def exchange_cipher(new_nonce: bytes, server_nonce: bytes) -> tuple[bytes, bytes]:
    """Return key and initial value of the answers while a key is agreed on."""
    first = sha1(new_nonce + server_nonce).digest()  # noqa: S324  # as the protocol has it
    second = sha1(server_nonce + new_nonce).digest()  # noqa: S324  # the same
    third = sha1(new_nonce + new_nonce).digest()  # noqa: S324  # the same
    return first + second[:12], second[12:] + third + new_nonce[:4]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
