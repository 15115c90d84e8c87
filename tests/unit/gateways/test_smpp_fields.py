# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an SMSC is sent, before anything is sent; needs no smpplib."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.smpp import GATEWAY
from smsotpd.gateways.providers.smpp.parts import cut
from smsotpd.gateways.providers.smpp.pdu import destination, validity
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.settings import check_settings
from smsotpd.gateways.spec.sms_text import segments

_NUMBER = "+491701234567"


def _definition(**given_settings: str) -> GatewayDefinition:
    settings = {"SMSC_HOST": "smsc.example", "SYSTEM_ID": "me", **given_settings}
    password = settings.pop("PASSWORD", "hush")
    return GatewayDefinition("g", "smpp", settings, {"PASSWORD": Secret(password)})


def _values(**given_settings: str) -> Values:
    return GATEWAY.values(_definition(**given_settings))


@pytest.mark.parametrize(
    ("seconds", "period"),
    [
        (0, ""),
        (0.5, "000000000001000R"),
        (300, "000000000500000R"),
        (3661, "000000010101000R"),
        (90_000, "000001010000000R"),
        (10**9, "000028014640000R"),
    ],
)
def test_a_lifetime_is_a_relative_validity_period(seconds: float, period: str) -> None:
    assert validity(seconds) == period


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        ({}, _NUMBER[1:]),
        ({"D_ADDR_TON": "0"}, _NUMBER),
        ({"REGEXP": r"/^\+49/0/", "D_ADDR_TON": "2"}, "01701234567"),
    ],
)
def test_only_an_international_number_loses_its_plus_sign(
    settings: dict[str, str], number: str
) -> None:
    assert destination(_values(**settings), _NUMBER) == number


@pytest.mark.parametrize("replacement", ["", "x", "1,2", "1" * 21])
def test_what_is_no_number_goes_nowhere(replacement: str) -> None:
    refused = destination(_values(REGEXP=f"/.+/{replacement}/"), _NUMBER)
    assert isinstance(refused, Rejected)
    assert refused.error_class is ErrorClass.RECIPIENT


def test_a_septet_takes_an_octet_and_an_extended_character_two() -> None:
    (part,) = cut("@a€", 7)
    assert (part.short_message, part.data_coding, part.esm_class) == (b"\x00a\x1b\x65", 0, 0)
    assert "€" not in repr(part)


def test_parts_are_numbered_and_held_together_by_the_reference() -> None:
    parts = cut("x" * 307, 7)
    assert [part.short_message[:6].hex(" ") for part in parts] == [
        "05 00 03 07 03 01",
        "05 00 03 07 03 02",
        "05 00 03 07 03 03",
    ]
    assert {part.esm_class for part in parts} == {0x40}


@given(st.text(min_size=1, max_size=400))
def test_there_are_as_many_parts_as_the_text_has_segments(text: str) -> None:
    assert len(cut(text, 0)) == segments(text)


@pytest.mark.parametrize("text", ["", "x" * (153 * 255 + 1)])
def test_a_text_that_no_parts_can_carry_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="the text"):
        cut(text, 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SMSC_HOST", "smsc.example:2775"),
        ("SMSC_HOST", "http://smsc.example"),
        ("SMSC_PORT", "0"),
        ("SMSC_PORT", "65536"),
        ("SYSTEM_ID", "x" * 16),
        ("SYSTEM_ID", "müller"),
        ("PASSWORD", "ninechars"),
        ("S_ADDR", "x" * 21),
        ("S_ADDR", "two words"),
        ("S_ADDR_TON", "7"),
        ("D_ADDR_NPI", "2"),
        ("REGEXP", "s/a/b/"),
        ("CA_FILE", "/etc/ssl/certs/ca-certificates.crt"),
    ],
)
def test_what_no_pdu_can_carry_is_refused_when_it_is_saved(name: str, text: str) -> None:
    with pytest.raises(BadArgumentError) as caught:
        check_settings(GATEWAY, _definition(**{name: text}))
    assert caught.value.name == name
    assert text not in str(caught.value)


@pytest.mark.parametrize("host", ["smsc.example", "192.0.2.7", "2001:db8::7"])
def test_an_ordinary_account_is_taken(host: str) -> None:
    settings = {"S_ADDR": "Example", "S_ADDR_TON": "5", "TLS": "yes"}
    check_settings(GATEWAY, _definition(SMSC_HOST=host, **settings))
