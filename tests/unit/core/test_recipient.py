# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Phone numbers: parsed strictly, shown by their ends only."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.recipient import Recipient, country_prefix, mask, parse_phone


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("+491701234567", "+491701234567"),
        ("+49 170 1234567", "+491701234567"),
        ("+49 (170) 123-45.67", "+491701234567"),
        ("+49 170/1234567", "+491701234567"),
        ("  +491701234567 ", "+491701234567"),
        ("+49 (0)170 1234567", "+491701234567"),
        ("+390612345678", "+390612345678"),
        ("+1 212 555 0100", "+12125550100"),
        ("+358401234567", "+358401234567"),
    ],
)
def test_numbers_in_international_form_are_taken(text: str, address: str) -> None:
    assert parse_phone(text) == Recipient("sms", address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "0151 9876543",
        "00491519876543",
        "491519876543",
        "+49",
        "+491",
        "+4915198765438901234",
        "+999123456789",
        "+49151987654a",
        "+491519876543,+491701234568",
        "+491519876543@example.org",
        "+491519876543#1",
        "+491519876543;ext=1",
        "+491519876543 ext. 5",
        "+49151\n9876543",
        "+49151\x009876543",
        "++491519876543",
        "+49+1519876543",
        "tel:+491519876543",
        "+" + "\N{ARABIC-INDIC DIGIT FOUR}\N{ARABIC-INDIC DIGIT NINE}1519876543",
        "\N{FULLWIDTH PLUS SIGN}491519876543",
        "+49*1519876543",
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadArgumentError) as caught:
        parse_phone(text)
    assert caught.value.name == "phone"
    assert len(text) < 2 or text not in str(caught.value)


@settings(deadline=None)  # a machine under load is no defect
@given(st.text(alphabet="+0123456789 -./()\n,@#a", max_size=24))
def test_whatever_is_taken_is_e164(text: str) -> None:
    try:
        address = parse_phone(text).address
    except BadArgumentError:
        return
    assert address[0] == "+"
    assert address[1:].isdigit()
    assert address.isascii()
    assert 5 <= len(address) <= 16


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("+491701234589", "+49 ••• ••89"),
        ("+12125550100", "+1 ••• ••00"),
        ("+358401234567", "+358 ••• ••67"),
    ],
)
def test_a_masked_number_shows_country_and_two_digits(address: str, masked: str) -> None:
    assert Recipient("sms", address).masked == masked


def test_a_number_has_its_country_on_every_channel() -> None:
    assert country_prefix(Recipient("signal", "+491701234589")) == "49"
    assert mask("", "89") == "••• ••89"


def test_the_printed_form_hides_the_number() -> None:
    assert "1701234589" not in repr(Recipient("sms", "+491701234589"))


def test_the_prefix_is_the_one_that_the_number_is_parsed_with() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(region)
        assert number is not None
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert country_prefix(Recipient("sms", e164)) == str(number.country_code)


@pytest.mark.parametrize("text", ["+390612345678", "+393312345678", "+2250701234567"])
def test_a_zero_that_belongs_to_a_number_stays(text: str) -> None:
    assert parse_phone(text).address == text
