# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Errors say what, where and what to do, and never repeat a value."""

import pytest

from smsotpd.core.errors import (
    BadArgumentError,
    ConfigurationError,
    NoSuchTransactionError,
    SmsOtpError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigurationError("/etc/a.toml", "cannot be read"), "/etc/a.toml: cannot be read"),
        (
            ConfigurationError("/etc/a.toml", "is unknown", key="policy.x", line=7),
            "/etc/a.toml:7: policy.x: is unknown",
        ),
        (ConfigurationError("a", "is no number", key="k"), "a: k: is no number"),
        (BadArgumentError("phone", "is empty"), "phone is empty"),
        (NoSuchTransactionError(), "no such transaction, or it is over"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(error: SmsOtpError, text: str) -> None:
    assert str(error) == text


def test_the_place_in_a_file_can_be_read_from_the_error() -> None:
    error = ConfigurationError("/etc/a.toml", "is unknown", key="policy.x", line=7)
    assert (error.path, error.key, error.line) == ("/etc/a.toml", "policy.x", 7)
