# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Single values out of replies that may be any text."""

import time
from xmlrpc.client import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.gateways.spec.xml_text import element, is_xml_text, struct_member


@pytest.mark.parametrize("text", ["", "a\tb\nc", "für <b> & \U0001f600", "\ufffd"])
def test_what_xml_can_carry(text: str) -> None:
    assert is_xml_text(text)


@pytest.mark.parametrize("text", ["\0", "a\x0bb", "\x1b", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry(text: str) -> None:
    assert not is_xml_text(text)


def test_an_element_gives_its_text_without_references() -> None:
    assert element("<a><b> x &lt;&amp;&quot; </b><b>y</b></a>", "b") == 'x <&"'


@pytest.mark.parametrize("text", ["", "<b/>", "<b>", "<b><c>x</c></b>", "<bb>x</bb>"])
def test_an_element_that_is_not_there_is_empty(text: str) -> None:
    assert element(text, "b") == ""


@pytest.mark.parametrize(("value", "text"), [(200, "200"), ("200", "200"), (1.5, "1.5")])
def test_a_member_of_a_struct_is_found(value: object, text: str) -> None:
    reply = dumps(({"Other": 7, "StatusCode": value},), methodresponse=True)
    assert struct_member(reply, "StatusCode") == text


def test_a_member_without_a_type_is_text() -> None:
    reply = "<member><name>SessionID</name><value>a1</value></member>"
    assert struct_member(reply, "SessionID") == "a1"


@given(st.text(alphabet="<>/name value int StatusCode&;\n\0", max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(element(text, "name"), str)
    assert isinstance(struct_member(text, "StatusCode"), str)


@pytest.mark.parametrize("piece", ["<name> ", "<name>StatusCode</name> <value>", "<code>"])
def test_a_hostile_reply_is_read_quickly(piece: str) -> None:
    text = piece * (65_536 // len(piece))
    began = time.monotonic()
    struct_member(text, "StatusCode")
    element(text, "code")
    assert time.monotonic() - began < 0.5
