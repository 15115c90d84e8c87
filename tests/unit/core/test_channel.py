# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Each channel takes its own addresses, and nothing that could be a list or a group."""

import pytest

from smsotpd.core.channel import CHANNELS, parse_recipient
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.recipient import Recipient, country_prefix

GOOD = [
    ("sms", "+49 151 12345689", "+4915112345689", "+49 ••• ••89"),
    ("signal", "+1 555 123 4567", "+15551234567", "+1 ••• ••67"),
    (
        "signal",
        "7D5E0D6C-3B86-4D83-9A4E-2B6C0B6F1A10",
        "7d5e0d6c-3b86-4d83-9a4e-2b6c0b6f1a10",
        "7•••10",
    ),
    ("whatsapp", "+55 11 99999 8888", "+5511999998888", "+55 ••• ••88"),
    ("telegram", "123456789", "123456789", "1•••89"),
    ("telegram", "@alice_w", "@alice_w", "@•••_w"),
    ("telegram", "+4915112345689", "+4915112345689", "+49 ••• ••89"),
    ("xmpp", "alice@example.org", "alice@example.org", "a•••@example.org"),
]

BAD = [
    ("sms", "015112345689"),
    ("sms", "+49151,+49152"),
    ("signal", "group.ckRzaEd4VmRzNnJaASAEsasa"),
    ("signal", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd28="),
    ("signal", "alice.42"),
    ("whatsapp", "5511999998888@g.us"),
    ("whatsapp", "5511999998888"),
    ("telegram", "-100123456"),
    ("telegram", "alice"),
    ("telegram", "@a"),
    ("telegram", "0123"),
    ("xmpp", "alice"),
    ("xmpp", "alice@example.org/phone"),
    ("xmpp", "@@"),
    ("xmpp", "a b@example.org"),
    ("xmpp", "alice@"),
    ("xmpp", "a" * 1024 + "@example.org"),
    ("carrier pigeon", "home"),
]


@pytest.mark.parametrize(("channel", "text", "address", "masked"), GOOD)
def test_an_address_is_parsed_and_masked(
    channel: str, text: str, address: str, masked: str
) -> None:
    recipient = parse_recipient(channel, text)
    assert recipient == Recipient(channel, address)
    assert recipient.masked == masked
    assert address not in repr(recipient)


@pytest.mark.parametrize(("channel", "text"), BAD)
def test_what_is_no_address_is_refused_unrepeated(channel: str, text: str) -> None:
    with pytest.raises(BadArgumentError) as caught:
        parse_recipient(channel, text)
    assert text not in str(caught.value)


def test_only_numbers_have_a_country_prefix() -> None:
    assert country_prefix(Recipient("signal", "+15551234567")) == "1"
    assert country_prefix(Recipient("xmpp", "alice@example.org")) == ""


def test_every_channel_refuses_the_empty_address() -> None:
    for channel in CHANNELS:
        with pytest.raises(BadArgumentError):
            parse_recipient(channel, "")
