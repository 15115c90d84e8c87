# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What one modem says of a message takes nothing back that another one, or a part, has done."""

import time

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Deferred, Outcome, Rejected
from smsotpd.core.recipient import parse_phone
from smsotpd.modem.delivery import Delivering
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import LineError
from smsotpd.modem.item import Item
from smsotpd.modem.settings import parse
from smsotpd.modem.timing import Timing

HASTY = Timing(wake=0.05, command=0.1, prompt=0.1, result=0.1, gap=0.0, poll=0.01)
CODE = Message(parse_phone("+491701234567"), "Your code is 123456", 300.0, "123456")
PROMPT = b"\r\n> "


class AnsweringLine:
    """A port that says the next of its answers at each command, and at the end of each message."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._said = b""

    def read(self, seconds: float) -> bytes:  # noqa: ARG002  # the port's signature
        said, self._said = self._said, b""
        return said

    def write(self, octets: bytes) -> None:
        if octets.endswith((b"\r", b"\x1a")):
            self._said += self._answers.pop(0)
        elif self._answers == [b"gone"] and len(octets) > 1:
            raise LineError("the modem was unplugged")

    def close(self) -> None:
        self._said = b""


def delivered(item: Item, *answers: bytes) -> Outcome:
    """Let a modem that answers so deliver an item."""
    (settings,) = parse(GatewayDefinition("gsm", "modem", {}))
    dialogue = Dialogue(AnsweringLine(*answers), HASTY, lambda _pdu: None)
    return Delivering(dialogue, settings, HASTY, lambda: None).deliver(item).outcome


def item_of(message: Message = CODE) -> Item:
    return Item(message, time.monotonic() + 300, lambda _outcome: None)


def test_a_refusal_before_the_prompt_leaves_alone_what_another_modem_has() -> None:
    item = item_of()
    assert item.hand_over(), "to another modem, which is silent"
    outcome = delivered(item, b"\r\n+CMS ERROR: 302\r\n")
    assert isinstance(outcome, Rejected)
    assert not item.give_up(), "nobody knows whether it was sent"


def test_a_code_whose_first_part_was_sent_is_not_given_up_while_its_second_is_tried_again() -> None:
    long = Message(CODE.recipient, "x" * 161, 300.0, "123456")
    item = item_of(long)
    sent = b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
    refused = b"\r\n+CMS ERROR: 514\r\n"
    assert isinstance(delivered(item, PROMPT, sent, PROMPT, refused), Deferred)
    assert not item.give_up()


@pytest.mark.parametrize(
    "answers",
    [(b"\r\n+CMS ERROR: 302\r\n",), (PROMPT, b"\r\n+CMS ERROR: 514\r\n"), (PROMPT, b"gone")],
    ids=["before the prompt", "by the network", "unplugged amid the message"],
)
def test_what_was_surely_not_sent_can_be_given_up(answers: tuple[bytes, ...]) -> None:
    item = item_of()
    assert isinstance(delivered(item, *answers), Deferred | Rejected)
    assert item.give_up()


def test_a_message_is_repeated_once_whoever_asks() -> None:
    item = item_of()
    assert [item.repeat() for _ in range(3)] == [True, False, False]


def test_a_repetition_that_no_login_waits_for_is_not_handed_over() -> None:
    item = item_of()
    assert item.repeat()
    item.is_awaited = False
    assert not item.hand_over()
