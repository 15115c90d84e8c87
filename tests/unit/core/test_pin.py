# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""PINs that are good enough, and those that anybody would try first."""

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.pin import LONGEST_PIN, check_pin
from smsotpd.core.secret import Secret


@pytest.mark.parametrize(
    "pin", ["7294", "80315724", "Rosenkohl7", "x7 !", "kohl" * 15 + "rabi", "héhö", "五月の花"]
)
def test_a_pin_of_four_characters_or_more_is_taken(pin: str) -> None:
    assert check_pin(Secret(pin), "anna").reveal() == pin


@pytest.mark.parametrize("pin", ["", "1", "729", "x" * (LONGEST_PIN + 1)])
def test_too_short_and_too_long_pins_are_refused(pin: str) -> None:
    with pytest.raises(BadArgumentError, match="PIN must have 4 to 64 characters"):
        check_pin(Secret(pin), "anna")


@pytest.mark.parametrize(
    "pin", ["72\n94", "7294\x00", "\x7f7294", " 7294", "7294 ", "72\u202e94", "7\x9b294"]
)
def test_pins_with_control_characters_or_outer_blanks_are_refused(pin: str) -> None:
    with pytest.raises(BadArgumentError, match="control characters"):
        check_pin(Secret(pin), "anna")


@pytest.mark.parametrize(
    "pin",
    [
        *("1111", "0000", "aaaaaa"),
        *("1234", "9876", "0123", "345678", "abcd", "zyxw"),
        *("1122", "000111", "aabb"),
        *("1212", "4747", "abab", "123123", "rosarosa"),
        *("1984", "2024", "1999"),
        *("2580", "password", "Passwort", "QWERTZ", "letmein"),
        *("anna", "ANNA"),
    ],
)
def test_the_first_that_anybody_would_try_are_refused(pin: str) -> None:
    with pytest.raises(BadArgumentError, match="among the first") as caught:
        check_pin(Secret(pin), "anna")
    assert pin not in str(caught.value)


@pytest.mark.parametrize("pin", ["bertram", "martreb", "Bertram"])
def test_the_users_own_name_is_no_pin(pin: str) -> None:
    with pytest.raises(BadArgumentError, match="among the first"):
        check_pin(Secret(pin), "Bertram")


@pytest.mark.parametrize("pin", ["1235", "1123", "2100", "1899", "11112", "annas"])
def test_what_only_looks_like_it_is_taken(pin: str) -> None:
    check_pin(Secret(pin), "anna")
