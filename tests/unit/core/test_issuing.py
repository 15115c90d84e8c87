# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The message that carries a code."""

from smsotpd.core.events import Login
from smsotpd.core.issuing import code_message
from smsotpd.core.message import Message
from smsotpd.core.policy import Policy
from smsotpd.core.recipient import parse_phone

_LOGIN = Login("ada", "sshd", "192.0.2.7", "ssh", "transaction")


def _message() -> Message:
    return code_message(_LOGIN, Policy(), parse_phone("+491701234567"), "013579", "host")


def test_a_code_stands_in_the_text_and_by_itself() -> None:
    message = _message()
    assert "013579" in message.text
    assert message.code == "013579"


def test_a_printed_message_shows_neither_text_nor_code() -> None:
    assert "013579" not in f"{_message()} {_message()!r}"
