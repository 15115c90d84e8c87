# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Reading replies: whatever comes, there is a value or none, and never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.core.outcome import Deferred, ErrorClass, Rejected
from smsotpd.gateways.spec import Failure
from smsotpd.gateways.spec.failure_table import FailureTable, FailureWords
from smsotpd.gateways.spec.reading import (
    code_text,
    entry,
    message_id,
    parse_json,
    parse_json_object,
)
from smsotpd.gateways.spec.request import JsonValue

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_TABLE = FailureTable(
    "HTTP 200, error {}",
    {"100": ErrorClass.AUTH, "6": ErrorClass.TEMPORARY, "24": ErrorClass.RATE},
)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "900", '"x"', "<html>", '{"a": NaN}', "[" * 100_000, "1" * 5000, "\0"],
)
def test_what_is_no_object_is_none(text: str) -> None:
    assert parse_json_object(text) is None


def test_an_object_is_parsed() -> None:
    assert parse_json_object(' {"a": [1, {"b": null}]} ') == {"a": [1, {"b": None}]}
    assert parse_json("900") == 900


@given(st.text())
def test_no_text_raises(text: str) -> None:
    parse_json(text)


@given(_JSON, st.lists(st.text(max_size=2) | st.integers(-2, 2), max_size=4))
def test_no_path_raises(value: JsonValue, path: list[str | int]) -> None:
    found = entry(value, *path)
    assert code_text(found) is not None
    assert len(message_id(found)) <= 64


def test_a_path_leads_to_its_entry_or_nowhere() -> None:
    value: JsonValue = {"data": [{"id": 7}]}
    assert entry(value, "data", 0, "id") == 7
    assert entry(value, "data", -1, "id") == 7
    assert entry(value) == value
    for path in (("data", 1), ("data", -2), ("data", "id"), (0,), ("none", "id")):
        assert entry(value, *path) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(100, "100"), ("100", "100"), (True, ""), (None, ""), (1.0, ""), ([], ""), (10**30, "")],
)
def test_a_code_is_text_or_a_whole_number(value: JsonValue, text: str) -> None:
    assert code_text(value) == text


def test_a_message_id_is_short_and_printable() -> None:
    assert message_id(23434) == "23434"
    assert message_id("a b\r\nc\x1b[31mé\ud800-7") == "abc[31m-7"
    assert message_id("x" * 100) == "x" * 64
    assert message_id(None) == ""


def test_a_documented_code_has_its_class_and_its_remedy() -> None:
    assert _TABLE.outcome("100") == Rejected(
        ErrorClass.AUTH,
        "the gateway refuses our credentials or does not allow us to send (HTTP 200, error 100)",
    )
    assert _TABLE.outcome("24", 30.0) == Deferred(
        ErrorClass.RATE, "the gateway says we send too fast or too much (HTTP 200, error 24)", 30.0
    )
    assert isinstance(_TABLE.outcome("6"), Deferred)
    assert Failure("HTTP 200, error 6", ErrorClass.TEMPORARY) in _TABLE.failures
    assert "24" in _TABLE
    assert "25" not in _TABLE


@pytest.mark.parametrize(
    ("code", "shown"), [("77", "77"), ("012345", "unknown"), ("+49", "unknown")]
)
def test_an_undocumented_code_is_a_refusal_that_repeats_short_numbers_only(
    code: str, shown: str
) -> None:
    assert _TABLE.outcome(code) == Rejected(
        ErrorClass.REJECTED, f"the gateway refuses the message (HTTP 200, error {shown})"
    )


def test_a_failure_in_free_text_is_known_by_its_words() -> None:
    words = FailureWords("HTTP 200, ERROR with {}", {"credit": ErrorClass.CREDIT})
    assert words.outcome("ERROR: Not enough Credit for +491701234567") == Rejected(
        ErrorClass.CREDIT, "the account has no credit left (HTTP 200, ERROR with credit)"
    )
    assert words.outcome("ERROR: +491701234567 is odd") == Rejected(
        ErrorClass.REJECTED, "the gateway refuses the message (HTTP 200, ERROR with other words)"
    )
    assert words.failures == (
        Failure("HTTP 200, ERROR with credit", ErrorClass.CREDIT),
        Failure("HTTP 200, ERROR with other words", ErrorClass.REJECTED),
    )
