# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users in CSV files, as spreadsheets and people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.cli.errors import WrongInputError
from smsotpd.cli.user_csv import Row, parse_users
from smsotpd.core.secret import Secret

PHONE = "+491701234567"


def test_columns_come_in_any_order_and_case() -> None:
    [row] = parse_users(f"Signal, PHONE ,pin,User\n@a,{PHONE},Rosenkohl7,anna\n".encode())

    assert row == Row(2, "anna", {"signal": "@a", "sms": PHONE}, Secret("Rosenkohl7"))
    assert list(row.addresses) == ["signal", "sms"]


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeffuser,phone\r\nanna,{PHONE}\r\n",
        f"user;phone\nanna;{PHONE}",
        f'"user","phone"\n"anna","{PHONE}"\n',
        f"\n\nuser,phone\n,\n  anna ,  {PHONE}\n\n",
    ],
)
def test_what_spreadsheets_write_is_understood(content: str) -> None:
    [row] = parse_users(content.encode())

    assert (row.user, row.addresses, row.mistake) == ("anna", {"sms": PHONE}, "")


def test_a_row_is_named_by_the_line_it_begins_on() -> None:
    content = f'user,pin,phone\nanna,"two\nlines",{PHONE}\n\nbob,Rosenkohl7,{PHONE}\n'

    assert [(row.line, row.user) for row in parse_users(content.encode())] == [
        (2, "anna"),
        (5, "bob"),
    ]


def test_a_pin_keeps_its_blanks_commas_and_quotes() -> None:
    [row] = parse_users(b'user,pin\nanna," a,b ""c"" "\n')

    assert row.pin == Secret(' a,b "c" ')
    assert "a,b" not in repr(row)


def test_rows_that_are_wrong_are_told_with_the_others() -> None:
    rows = parse_users(f"user,phone\nanna\n,{PHONE}\nbob,{PHONE}\ncarl,{'9' * 3000}\n".encode())

    assert [row.mistake for row in rows] == [
        "there are 1 cells, and 2 columns",
        "no user is named",
        "",
        "a cell is longer than 2048 characters",
    ]


def test_all_rows_of_a_user_named_twice_are_wrong() -> None:
    rows = parse_users(f"user,phone\nanna,{PHONE}\nbob,{PHONE}\nanna,+4915112345689\n".encode())

    assert [row.mistake for row in rows] == [
        "the user stands on line 4, too; keep one of them",
        "",
        "the user stands on line 2, too; keep one of them",
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"user,phon\nanna,+49\n", "unknown columns: “phon”; known are: user, sms"),
        (b"user,colour,shoe\n", "unknown columns: “colour”, “shoe”"),
        (b"user,\n", "unknown columns: “”"),
        (b"user,phone,sms\n", "more than one column “sms”"),
        (b"phone,pin\n", "no column “user”"),
        (b"user,phone\nanna,\xff\n", "line 2 is not UTF-8"),
        (b'user,phone\nanna,"+49\nbob,+49\n', "line 2 is no CSV"),
        (b'user,phone\nanna,"+49"1\n', "line 2 is no CSV"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_as_a_whole(
    content: bytes, complaint: str
) -> None:
    with pytest.raises(WrongInputError) as caught:
        parse_users(content)

    assert complaint in caught.value.text


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_clear_refusal(tail: bytes) -> None:
    try:
        rows = parse_users(b"user,phone,pin\n" + tail)
    except WrongInputError as error:
        complaint = error.text
    else:
        complaint = ""
        assert all(row.user or row.mistake for row in rows)
    assert not complaint or complaint.startswith("line ")
