# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Senders that an SMS may show."""

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.gateways.spec.originator import check_originator, is_numeric


@pytest.mark.parametrize("text", ["", "MyHost", "My Host 01", "A.B-C&D_E", "+491701234567", "1960"])
def test_a_number_or_a_short_name_is_taken(text: str) -> None:
    check_originator("sender", text, 15)


@pytest.mark.parametrize(
    "text", ["TwelveLetter", "1234567890123456", "+", " Host", "Büro", "a;b", "1+2", "١٢"]
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadArgumentError, match="sender must be a number of 15 digits") as caught:
        check_originator("sender", text, 15)
    assert text not in str(caught.value)


def test_a_number_is_told_from_a_name() -> None:
    assert is_numeric("+491701234567")
    assert is_numeric("1960")
    assert not is_numeric("1960s")
