# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Messages become the PDUs that other encoders make of them."""

import re
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from smsotpd.core.gsm7 import BASIC, EXTENSION, is_gsm7
from smsotpd.modem.parts import Alphabet, Reference, UserData, user_data
from smsotpd.modem.septets import pack, septets_of, unpack
from smsotpd.modem.submit import Options, encode_address, encode_submits, relative_validity

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors/pdu/submit.toml").read_text())
ONE = Reference(0x5A)
PLAIN = Options()


@pytest.mark.parametrize("case", VECTORS["submit"], ids=lambda case: case["name"])
def test_a_message_becomes_the_pdus_of_others(case: dict[str, Any]) -> None:
    options = Options(case["validity_minutes"], case["flash"], case["report"])
    submits = encode_submits(case["number"], case["text"], ONE, options)
    assert [submit.length for submit in submits] == case["length"]
    for submit, tpdu in zip(submits, case["tpdu"], strict=True):
        assert submit.pdu.startswith("00")
        assert re.fullmatch(tpdu.replace("rr", "[0-9A-F]{2}"), submit.pdu[2:])
        assert case["number"] not in repr(submit)


def texts(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet=st.sampled_from(alphabet), max_size=1200)


GSM7 = "".join(BASIC) + "".join(EXTENSION)


def decoded(part: UserData) -> str:
    header = part.octets[0] + 1 if part.has_header else 0
    if part.alphabet is Alphabet.UCS2:
        return part.octets[header : part.length].decode("utf-16-be")
    fill = -8 * header % 7
    count = part.length - (8 * header + fill) // 7
    values = unpack(part.octets[header:], count, fill)
    basic = {value: char for char, value in BASIC.items()}
    extended = {value: char for char, value in EXTENSION.items()}
    text, escaped = "", False
    for value in values:
        if value == 0x1B:
            escaped = True
            continue
        text += extended[value] if escaped else basic[value]
        escaped = False
    assert not escaped, "a part ends inside a character"
    return text


@given(text=texts(GSM7), wide=st.booleans())
def test_gsm7_parts_hold_the_text_and_end_between_characters(text: str, *, wide: bool) -> None:
    parts = user_data(text, Reference(0x1234, is_wide=wide))
    assert "".join(map(decoded, parts)) == text
    assert all(len(part.octets) <= 140 for part in parts)
    assert (len(parts) > 1) is all(part.has_header for part in parts)


@given(text=st.text(min_size=1, max_size=400), wide=st.booleans())
def test_any_text_is_sent_whole_or_with_its_lone_surrogates_replaced(
    text: str, *, wide: bool
) -> None:
    parts = user_data(text, Reference(0x1234, is_wide=wide))
    expected = text if is_gsm7(text) else text.encode("utf-16-be", "replace").decode("utf-16-be")
    assert "".join(map(decoded, parts)) == expected
    assert all(len(part.octets) <= 140 for part in parts)


def test_the_references_header_is_short_or_wide() -> None:
    assert Reference(0x1234).header(3, 2) == bytes.fromhex("050003340302")
    assert Reference(0x1234, is_wide=True).header(3, 2) == bytes.fromhex("06080412340302")


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("a" * 400, [154, 154, 105]),
        ("x" * 151 + "€" + "y" * 200, [154, 154, 65]),
        ("ж" * 65 + "😀" + "ж" * 80, [151, 153, 53]),
    ],
    ids=["152 septets", "an escape on the edge", "a surrogate pair on the edge"],
)
def test_parts_under_a_wide_reference_are_read_by_others(text: str, octets: list[int]) -> None:
    submits = encode_submits("+491701234567", text, Reference(0x1234, is_wide=True), PLAIN)
    read = [SMSSubmit.decode(StringIO(submit.pdu))["user_data"] for submit in submits]
    assert "".join(each["data"] for each in read) == text
    heads = [each["header"]["elements"][0]["data"] for each in read]
    assert [(head["reference"], head["part_number"]) for head in heads] == [
        (0x1234, number) for number in range(1, len(submits) + 1)
    ]
    assert [len(submit.pdu) // 2 for submit in submits] == octets


def test_what_fits_into_one_message_is_one() -> None:
    counts = {
        ("a", 160): 1, ("a", 161): 2, ("a", 306): 2, ("a", 307): 3,
        ("ж", 70): 1, ("ж", 71): 2, ("ж", 134): 2, ("ж", 135): 3,
        ("€", 80): 1, ("€", 81): 2,
    }  # fmt: skip
    for (char, length), parts in counts.items():
        assert len(user_data(char * length, ONE)) == parts, (char, length)


def test_more_than_255_parts_are_refused() -> None:
    assert len(user_data("a" * 153 * 255, ONE)) == 255
    with pytest.raises(ValueError, match="255"):
        user_data("a" * (153 * 255 + 1), ONE)


@pytest.mark.parametrize(
    ("minutes", "octet"),
    [
        (1, 0),
        (5, 0),
        (6, 1),
        (10, 1),
        (60, 0x0B),
        (720, 0x8F),
        (721, 0x90),
        (1440, 0xA7),
        (1441, 0xA8),
        (43_200, 0xC4),
        (43_201, 0xC5),
        (635_040, 0xFF),
        (10**9, 0xFF),
    ],
)
def test_the_validity_is_rounded_up_to_what_can_be_said(minutes: int, octet: int) -> None:
    assert relative_validity(minutes) == octet


@pytest.mark.parametrize("number", ["+49\x1a", "+49,123", "+", "", "+" + "1" * 21, "+٤٩"])
def test_what_is_no_number_is_refused_unrepeated(number: str) -> None:
    with pytest.raises(ValueError, match=r"^no number$"):
        encode_address(number)


@given(st.lists(st.integers(0, 127), max_size=200), st.integers(0, 6))
def test_packing_is_undone_by_unpacking(septets: list[int], fill_bits: int) -> None:
    octets = pack(septets, fill_bits)
    assert unpack(octets, len(septets), fill_bits) == bytes(septets)
    with pytest.raises(ValueError, match="too few"):
        unpack(octets, len(septets) + 9, fill_bits)


def test_every_character_of_the_alphabet_has_its_septets() -> None:
    assert len(BASIC) == 127
    assert septets_of("@") == b"\x00"
    assert septets_of("€") == b"\x1b\x65"
    with pytest.raises(ValueError, match="does not hold"):
        septets_of("`")
