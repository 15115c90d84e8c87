# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes of authenticator apps are those of RFC 6238."""

from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from smsotpd.kernel.authenticator import PyotpAppCodes

SEED = b"12345678901234567890"  # RFC 6238, appendix B, SHA-1


@pytest.mark.parametrize(
    ("time", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_come_out(time: int, code: str) -> None:
    assert PyotpAppCodes().code(SEED, time // 30, 8) == code
    assert PyotpAppCodes().code(SEED, time // 30, 6) == code[2:]


def test_the_uri_tells_an_app_all_it_needs() -> None:
    uri = urlsplit(PyotpAppCodes().uri(SEED, "anna", "host.example.org", 8))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path == "/host.example.org:anna"
    told = parse_qs(uri.query)
    assert told["secret"] == [PyotpAppCodes().text(SEED)]
    assert told["digits"] == ["8"]
    assert told["issuer"] == ["host.example.org"]


def test_an_app_that_reads_the_uri_shows_our_codes() -> None:
    codes = PyotpAppCodes()
    app = pyotp.parse_uri(codes.uri(SEED, "anna", "host.example.org", 6))
    assert isinstance(app, pyotp.TOTP)
    assert app.at(1_111_111_109) == codes.code(SEED, 1_111_111_109 // 30, 6)
