# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The codec, judged by an independent implementation of D-Bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney.low_level import Endianness, Header, HeaderFields, MessageFlag, MessageType, Parser
from jeepney.low_level import Message as JeepneyMessage

from pam_smsotp import wire

if TYPE_CHECKING:
    from pam_smsotp.wire import Order

ADDRESS = (":1.7", "/org/smsotp1", "org.smsotp1.Authentication")
TEXTS = st.text().filter(lambda text: "\0" not in text)


def parse(data: bytes) -> JeepneyMessage:
    [message] = Parser().feed(data)
    return message


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_a_call_with_strings_means_the_same_to_jeepney(texts: list[str]) -> None:
    body = wire.encode_strings(*texts)
    message = parse(wire.encode_call(5, ADDRESS, "Respond", "s" * len(texts), body))
    assert message.body == tuple(texts)
    assert message.header.serial == 5
    assert message.header.message_type is MessageType.method_call
    assert message.header.fields == {
        HeaderFields.path: "/org/smsotp1",
        HeaderFields.interface: "org.smsotp1.Authentication",
        HeaderFields.member: "Respond",
        HeaderFields.destination: ":1.7",
        HeaderFields.signature: "s" * len(texts),
    }


@given(st.dictionaries(TEXTS, st.one_of(TEXTS, st.lists(TEXTS, max_size=3))))
def test_a_context_means_the_same_to_jeepney(context: dict[str, str | list[str]]) -> None:
    body = wire.encode_dictionary(context)
    [received] = parse(wire.encode_call(2, ADDRESS, "Begin", "a{sv}", body)).body
    assert {name: value for name, (_, value) in received.items()} == context
    assert {kind for _, (kind, _) in received.items()} <= {"s", "as"}


def test_starting_a_service_means_the_same_to_jeepney() -> None:
    body = wire.encode_start_service("org.smsotp1")
    message = parse(wire.encode_call(3, ADDRESS, "StartServiceByName", "su", body))
    assert message.body == ("org.smsotp1", 0)


def test_a_call_without_arguments_or_reply_means_the_same_to_jeepney() -> None:
    message = parse(wire.encode_call(4, ADDRESS, "Hello", "", b"", reply_expected=False))
    assert message.body == ()
    assert message.header.flags is MessageFlag.no_reply_expected


def jeepney_reply(
    order: Order, signature: str, body: tuple[object, ...], *, serial: int = 9, sender: str = ":1.7"
) -> bytes:
    endianness = Endianness.little if order == "little" else Endianness.big
    fields = {
        HeaderFields.reply_serial: serial,
        HeaderFields.sender: sender,
        HeaderFields.signature: signature,
    }
    header = Header(endianness, MessageType.method_return, MessageFlag(0), 1, -1, 11, fields)
    data: bytes = JeepneyMessage(header, body).serialise()
    return data


def split(data: bytes) -> tuple[wire.Header, wire.Reader]:
    header = wire.Header(data[: wire.FIXED_HEADER])
    start = wire.FIXED_HEADER + header.padded_fields_length
    fields = data[wire.FIXED_HEADER : wire.FIXED_HEADER + header.fields_length]
    header.fields = wire.Reader(fields, header.order).read_header_fields()
    assert len(data) == start + header.body_length
    return header, wire.Reader(data[start:], header.order)


@pytest.mark.parametrize("order", ["little", "big"])
@given(TEXTS, st.lists(st.tuples(TEXTS, TEXTS)))
def test_jeepneys_replies_are_read_in_both_byte_orders(
    order: Order, transaction: str, steps: list[tuple[str, str]]
) -> None:
    header, body = split(jeepney_reply(order, "sa(ss)", (transaction, steps)))
    assert header.kind == wire.METHOD_RETURN
    assert header.fields == {
        wire.REPLY_SERIAL: 9,
        wire.SENDER: ":1.7",
        wire.SIGNATURE: "sa(ss)",
    }
    assert body.read_string() == transaction
    assert body.read_steps() == steps


@given(st.binary(max_size=200), st.sampled_from(["little", "big"]))
def test_no_bytes_do_more_than_be_malformed(data: bytes, order: Order) -> None:
    for read in (
        wire.Reader.read_string,
        wire.Reader.read_uint32,
        wire.Reader.read_steps,
        wire.Reader.read_header_fields,
    ):
        try:
            read(wire.Reader(data, order))
        except wire.MalformedError:
            continue


@given(st.data(), st.lists(st.tuples(TEXTS, TEXTS), min_size=1))
def test_a_damaged_reply_is_malformed_or_another_reply(
    data: st.DataObject, steps: list[tuple[str, str]]
) -> None:
    message = bytearray(jeepney_reply("little", "a(ss)", (steps,)))
    at = data.draw(st.integers(wire.FIXED_HEADER, len(message) - 1))
    message[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(wire.FIXED_HEADER, len(message)))
    header = wire.Header(bytes(message[: wire.FIXED_HEADER]))
    start = wire.FIXED_HEADER + header.padded_fields_length
    try:
        wire.Reader(bytes(message[:cut][wire.FIXED_HEADER : start]), "little").read_header_fields()
        wire.Reader(bytes(message[start:cut]), "little").read_steps()
    except wire.MalformedError:
        return


def test_an_array_that_ends_inside_a_value_is_malformed() -> None:
    data = bytearray(wire.encode_strings("info", "hello"))
    array = (len(data) - 2).to_bytes(4, "little") + bytes(4) + bytes(data)
    with pytest.raises(wire.MalformedError):
        wire.Reader(array, "little").read_steps()


def test_a_message_of_neither_byte_order_is_malformed() -> None:
    with pytest.raises(wire.MalformedError):
        wire.Header(b"x" + bytes(15))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05\0\0\0abc\0",
        b"\x03\0\0\0abcd",
        b"\x02\0\0\0\xc3\x28\0",
        b"\xff\xff\xff\xffabc\0",
    ],
    ids=["empty", "too short", "no NUL", "not UTF-8", "4 GB"],
)
def test_a_string_that_is_none_is_malformed(data: bytes) -> None:
    with pytest.raises(wire.MalformedError):
        wire.Reader(data, "little").read_string()
