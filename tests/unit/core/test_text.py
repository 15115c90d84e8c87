# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Texts with names in braces: filled in once, printed harmlessly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.text import check_text, fill, has_control_characters, printable

STEERING = ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066"]


def test_each_name_is_replaced_by_its_value() -> None:
    assert fill("{otp} for {user}, {otp}", {"otp": "1", "user": "anna"}) == "1 for anna, 1"


def test_what_is_filled_in_is_not_searched_again() -> None:
    assert fill("{user} {otp}", {"user": "{otp}", "otp": "123456"}) == "{otp} 123456"


def test_names_that_are_not_known_stay_as_they_are() -> None:
    assert fill("{a} {0.__class__} {} {{b}}", {"b": "x"}) == "{a} {0.__class__} {} {x}"


def test_a_text_with_known_fields_is_taken() -> None:
    assert check_text("prompt", "Code ({phone}): ", frozenset({"phone"})) == "Code ({phone}): "


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{otp}", r"unknown field {otp}; known: {host}, {phone}"),
        ("{}", r"unknown field {}; known"),
        ("a\x1b[2J", "control character"),
        ("x" * 481, "longer than 480 bytes"),
        ("ä" * 241, "longer than 480 bytes"),
    ],
)
def test_other_texts_are_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(BadArgumentError, match=complaint):
        check_text("prompt", text, frozenset({"phone", "host"}))


def test_where_no_field_is_known_the_complaint_says_so() -> None:
    with pytest.raises(BadArgumentError, match="known: none"):
        check_text("prompt", "{user}", frozenset())


@pytest.mark.parametrize("char", STEERING)
def test_what_could_steer_a_terminal_is_seen_and_replaced(char: str) -> None:
    assert has_control_characters(f"a{char}b")
    assert printable(f"a{char}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_letters_of_all_scripts_are_left_alone() -> None:
    text = "Größe ••89 五月 שלום é"
    assert printable(text) == text
    assert not has_control_characters(text)


@settings(deadline=None)  # a machine under load is no defect
@given(st.text())
def test_what_is_printable_holds_no_control_character(text: str) -> None:
    shown = printable(text)
    assert not has_control_characters(shown)
    assert len(shown) == len(text)
