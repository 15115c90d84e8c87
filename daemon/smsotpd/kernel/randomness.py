# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes and names that nobody can guess."""

import base64
import secrets

import pyotp


class KernelCodeSource:
    """Draw codes and names from the kernel's generator; the port `CodeSource`."""

    def code(self, digits: int) -> str:
        """Return a one-time code: HOTP (RFC 4226) over a fresh secret that is then forgotten.

        The secret has 160 bits (RFC 4226, 4, R6). With ten digits the first is 0, 1 or 2, since
        HOTP truncates to 31 bits.
        """
        secret = base64.b32encode(secrets.token_bytes(20)).decode()
        return pyotp.HOTP(secret, digits=digits).at(0)

    def token(self, bits: int) -> str:
        """Return a random name of at least that many bits, in a-z and 2-7."""
        raw = secrets.token_bytes((bits + 7) // 8)
        return base64.b32encode(raw).decode().rstrip("=").lower()
