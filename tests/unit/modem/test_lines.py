# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A modem's output is cut into lines and understood, whatever it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.modem.errors import CmeError, CmsError, CommandError
from smsotpd.modem.lines import MOST_CHARACTERS, LineReader, error_of, is_final, reference_of


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_octets_in_any_pieces_become_the_same_lines(pieces: list[bytes]) -> None:
    whole, cut = LineReader(), LineReader()
    at_once = whole.feed(b"".join(pieces))
    assert [line for piece in pieces for line in cut.feed(piece)] == at_once
    assert whole.rest == cut.rest
    for line in at_once:
        assert line == line.strip()
        assert "\r" not in line
        error_of(line)
        reference_of(line)


def test_output_without_end_is_dropped_and_what_follows_is_read() -> None:
    reader = LineReader()
    for _ in range(100):
        assert reader.feed(b"x" * 1000) == []
        assert len(reader.rest) <= MOST_CHARACTERS + 1000
    assert reader.feed(b"tail\r\nOK\r\n") == ["OK"]


def test_noise_around_a_result_is_cut_off_and_within_it_is_not() -> None:
    reader = LineReader()
    assert reader.feed(b"\xff\x00OK\x00\r\n") == ["OK"]
    (line,) = reader.feed(b"O\xffK\r\n")
    assert not is_final(line)


@pytest.mark.parametrize(
    "line", ["OKAY", "+CDS: 25", "NO CARRIER", "^RSSI:3", "ERROR 5", "+CMS ERROR"]
)
def test_only_a_whole_line_is_a_result(line: str) -> None:
    assert not is_final(line)


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        ("+CMS ERROR: 500", CmsError, 500),
        ("+CMS ERROR:38", CmsError, 38),
        ("+CMS ERROR: Memory Full", CmsError, 322),
        ("+CMS ERROR: brand new words", CmsError, -1),
        ("+CMS ERROR: 99999999", CmsError, -1),
        ("+CME ERROR: SIM PIN required", CmeError, 11),
        ("+CME ERROR: 16", CmeError, 16),
    ],
)
def test_a_failure_has_its_code_in_numbers_or_in_words(
    line: str, kind: type[CmsError | CmeError], code: int
) -> None:
    error = error_of(line)
    assert type(error) is kind
    assert isinstance(error, CmsError | CmeError)
    assert error.code == code


@pytest.mark.parametrize("line", ["ERROR", "COMMAND NOT SUPPORT", "NA", "MODEM ERROR: 7"])
def test_a_refusal_without_a_number_is_one(line: str) -> None:
    assert type(error_of(line)) is CommandError


@pytest.mark.parametrize(
    ("line", "reference"),
    [("+CMGS: 0", 0), ("+CMGS:255", 255), ('+CMGS: 12,"26/11/21"', 12), ("+CMGS: 1234", None)],
)
def test_a_reference_has_one_to_three_digits(line: str, reference: int | None) -> None:
    assert reference_of(line) == reference
