# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes and names are uniform, of the right length, and never the same."""

from collections import Counter

import pytest

from smsotpd.kernel.randomness import KernelCodeSource

SOURCE = KernelCodeSource()


@pytest.mark.parametrize("digits", [6, 7, 8, 9, 10])
def test_a_code_has_that_many_digits(digits: int) -> None:
    codes = {SOURCE.code(digits) for _ in range(50)}
    assert all(len(code) == digits and code.isascii() and code.isdigit() for code in codes)
    assert len(codes) > 40


def test_every_digit_is_as_frequent_in_every_place() -> None:
    codes = [SOURCE.code(6) for _ in range(20_000)]
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        chi_square = sum((counts[str(digit)] - 2000) ** 2 / 2000 for digit in range(10))
        # Nine degrees of freedom: above 39 by chance once in 90,000 places.
        assert chi_square < 39, counts


def test_leading_zeros_stay() -> None:
    assert any(SOURCE.code(6).startswith("0") for _ in range(500))


def test_a_name_has_enough_bits_and_plain_letters() -> None:
    names = {SOURCE.token(128) for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) * 5 >= 128 for name in names)
    assert set("".join(names)) <= set("abcdefghijklmnopqrstuvwxyz234567")
