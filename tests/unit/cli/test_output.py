# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is printed, and what is never printed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.cli.output import cell, print_facts, print_json, print_table, printable


@given(st.text())
def test_nothing_printed_controls_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain +49 ••• ••89", "plain +49 ••• ••89"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x1b[2J\x9b", "\\x1b[2J\\x9b"),
        ("\u202e\u2066\ufeff", "\\u202e\\u2066\\ufeff"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_controls_are_shown_by_their_number(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("value", "key", "shown"),
    [
        (None, "", "–"),
        ("", "", "–"),
        (True, "", "yes"),
        (False, "", "no"),
        (0, "failures", "0"),
        (["a", "b"], "", "a, b"),
        ([], "", "–"),
    ],
)
def test_values_are_words_for_people(value: object, key: str, shown: str) -> None:
    assert cell(value, key) == shown


def test_a_table_is_aligned_and_whole_where_nobody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table({"a": "Name", "b": "X"}, [{"a": "long" * 50, "b": "1"}, {"a": "s", "b": "[red]"}])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert [line.rindex(word) for line, word in zip(lines, ["X", "1", "[red]"], strict=True)] == (
        [202] * 3
    )


def test_facts_are_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts({"uptime_seconds": 3, "a\nb": "c\nd"})

    assert capsys.readouterr().out == "uptime seconds  3\na\\x0ab          c\\x0ad\n"


def test_json_is_ascii_and_parses_back(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"phone": "•\x1b"})

    text = capsys.readouterr().out
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text) == {"phone": "•\x1b"}
