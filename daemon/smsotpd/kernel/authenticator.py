# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an authenticator app shows, and how it is told its seed."""

import base64

import pyotp


class PyotpAppCodes:
    """Compute the codes of apps with pyotp; the port `AppCodes`."""

    def code(self, seed: bytes, step: int, digits: int) -> str:
        """Return the code of a time step: HOTP with SHA-1 of the step (RFC 6238, 4.2)."""
        return pyotp.HOTP(self.text(seed), digits=digits).at(step)

    def text(self, seed: bytes) -> str:
        """Return a seed as it is typed into an app: base32 without padding."""
        return base64.b32encode(seed).decode().rstrip("=")

    def uri(self, seed: bytes, user: str, host: str, digits: int) -> str:
        """Return the otpauth URI that an app reads from a QR code."""
        app = pyotp.TOTP(self.text(seed), digits=digits)
        return app.provisioning_uri(name=user, issuer_name=host)
