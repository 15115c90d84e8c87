# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a modem answers becomes the outcome that it means, and no message goes twice."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO

import pytest
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.modem.sender import ModemSender
from tests.contract.modem.conftest import CODE, FAST, OTHER, Attach
from tests.fakes.scripted_modem import SILENCE, STORM, plugged

SECONDS = 20.0
PASSING = ErrorClass.TEMPORARY


def decoded(pdu: str) -> dict[str, object]:
    """Return what an independent decoder reads in a PDU."""
    found: dict[str, object] = SMSSubmit.decode(StringIO(pdu))
    return found


def named(script: Mapping[str, object]) -> str:
    """Return a name for a test's script that is the same in every process."""
    return ", ".join(
        f"{word}={sorted(value) if isinstance(value, frozenset) else value}"
        for word, value in script.items()
    )


@pytest.mark.parametrize(
    "script",
    [
        {},
        {"echo": False},
        {"keeps_echo": True},
        {"prompt": "\r\n>"},
        {"prompt": "> "},
        {"prompt": "\r\n> \r\n"},
        {"prompt": "^RSSI:3 > "},
        {"prompt_seconds": 0.4},
        {"result_seconds": 1.0},
        {"gap": STORM},
        {"gap": STORM, "keeps_echo": True},
        {"noise": b"\xff\x00\xfe\r\n\xe4\xf6\x80OK\xff!\r\n"},
        {"noise": b"\x00" * 9000},
        {"ends_with_ok": False, "result_seconds": 0.1},
        {"registration": (5,)},
        {"registration": (2, 2, 1)},
        {"registration": (0, 6)},
        {"busy_sim": 4},
        {"storage": (20, 20)},
        {"signal": 99},
        {"maker": "Quectel", "refused": frozenset({"+CMEE=1", "+CSMS=0", "+CPMS?", "+COPS?"})},
        {"results": ("CMS 515", "CMS 314", "")},
        {"results": ("ERROR", "")},
        {"results": ("CMS 21", "")},
        {"results": ("CMS 127", "")},
        {"results": ("CMS 549", "")},
        {"results": ("CMS 198", "")},
    ],
    ids=named,
)
async def test_the_message_goes_once(attach: Attach, script: dict[str, object]) -> None:
    with plugged(**script) as modem:
        assert await attach(modem).send(CODE, SECONDS) == Accepted("1")
        assert len(modem.sent) == 1
        found = decoded(modem.sent[0])
    assert "491701234567" in str(found["recipient"])
    assert "Your code is 123456" in str(found["user_data"])


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("CMS 38", Deferred(PASSING)),
        ("CMS 331", Deferred(PASSING)),
        ("CMS 322", Deferred(PASSING)),
        ("CMS 42", Deferred(PASSING)),
        ("CMS 9999", Deferred(PASSING)),
        ("CMS memory full", Deferred(PASSING)),
        ("CME 30", Deferred(PASSING)),
        ("ERROR", Deferred(PASSING)),
        ("CMS 330", Rejected(ErrorClass.SENDER)),
        ("CMS 310", Rejected(ErrorClass.SENDER)),
        ("CMS 1", Rejected(ErrorClass.RECIPIENT)),
        ("CMS 196", Rejected(ErrorClass.RECIPIENT)),
        ("CMS 21", Rejected(ErrorClass.REJECTED)),
        ("CMS 304", Rejected(ErrorClass.REJECTED)),
        ("CMS 28", Rejected(ErrorClass.AUTH)),
        ("CME 103", Rejected(ErrorClass.AUTH)),
        ("CMS 500", Unknown()),
        ("CMS 332", Unknown()),
        ("CMS 255", Unknown()),
        ("CMS unknown error", Unknown()),
        (SILENCE, Unknown()),
        ("CMS 197", Accepted()),
    ],
)
async def test_a_refusal_becomes_its_outcome(
    attach: Attach, result: str, expected: Outcome
) -> None:
    with plugged(results=(result,)) as modem:
        outcome = await attach(modem).send(CODE, SECONDS)
        assert type(outcome) is type(expected)
        if not isinstance(outcome, Accepted) and not isinstance(expected, Accepted):
            assert outcome.error_class is expected.error_class
            assert outcome.detail
        assert len(modem.messages) <= 2
        assert "123456" not in repr(outcome)
        assert "1701234567" not in repr(outcome)


async def test_a_modem_that_asks_to_wait_is_asked_until_the_deadline(attach: Attach) -> None:
    with plugged(results=("CMS 515",)) as modem:
        outcome = await attach(modem).send(OTHER, 1.0)
        assert isinstance(outcome, Deferred | Unknown)
        assert len(modem.messages) > 3
        assert modem.sent == []


async def test_no_prompt_leaves_the_message_surely_unsent(attach: Attach) -> None:
    with plugged(prompt="\r\n^RSSI:3\r\n") as modem:
        outcome = await attach(modem).send(CODE, SECONDS)
        assert outcome == Deferred(PASSING, "the modem does not answer")
        assert modem.messages == []


async def test_a_login_is_told_at_its_deadline_and_the_late_result_counts_as_sent(
    attach: Attach,
) -> None:
    with plugged(result_seconds=3.0) as modem:
        gateway = attach(modem, timing=replace(FAST, result=SECONDS))
        await gateway.inspect(SECONDS)
        assert isinstance(await gateway.send(CODE, 0.5), Unknown)
        assert modem.sent == [], "the login was told before the modem was"
        facts = await _fact(gateway, "Sent", "1, 1 of them after the login's deadline")
        assert "Failed" not in facts
        assert await gateway.send(CODE, SECONDS) == Accepted("2")
        assert len(modem.sent) == 2


async def test_a_message_before_the_prompt_can_be_given_up_for_sure(attach: Attach) -> None:
    with plugged(prompt_seconds=1.0) as modem:
        gateway = attach(modem, timing=replace(FAST, prompt=SECONDS))
        await gateway.inspect(SECONDS)
        assert isinstance(await gateway.send(OTHER, 0.2), Deferred)
        await asyncio.sleep(1.0)
        assert modem.messages == []
        assert await gateway.send(OTHER, SECONDS) == Accepted("1")


async def test_codes_go_before_other_messages(attach: Attach) -> None:
    with plugged(result_seconds=0.1) as modem:
        gateway = attach(modem)
        await gateway.inspect(SECONDS)
        others = [asyncio.ensure_future(gateway.send(OTHER, SECONDS)) for _ in range(4)]
        await asyncio.sleep(0)
        assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        assert "123456" in "".join(map(_text, modem.sent[:2]))
        assert all(isinstance(each, Accepted) for each in await asyncio.gather(*others))


async def test_messages_beyond_the_pace_wait_and_the_hopeless_are_refused(attach: Attach) -> None:
    with plugged() as modem:
        gateway = attach(modem, PER_MINUTE="2")
        assert await gateway.send(CODE, SECONDS) == Accepted("1")
        assert await gateway.send(CODE, SECONDS) == Accepted("2")
        waits = await gateway.send(CODE, 0.2)
        assert isinstance(waits, Unknown)
        assert "waits for the modem" in waits.detail
        refused = await gateway.send(OTHER, 0.2)
        assert isinstance(refused, Deferred)
        assert refused.error_class is ErrorClass.RATE
        assert len(modem.sent) == 2


async def test_notices_leave_some_of_the_pace_to_codes(attach: Attach) -> None:
    with plugged() as modem:
        gateway = attach(modem, PER_MINUTE="4")
        await gateway.inspect(SECONDS)
        notices = await asyncio.gather(*(gateway.send(OTHER, 1.0) for _ in range(6)))
        assert sum(isinstance(each, Accepted) for each in notices) == 3
        assert isinstance(await gateway.send(CODE, SECONDS), Accepted)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("x" * 160, 1), ("x" * 161, 2), ("ж" * 70, 1), ("ж" * 66 + "😀" + "ж" * 9, 2)],
)
async def test_a_long_message_goes_in_parts_that_others_can_read(
    attach: Attach, text: str, parts: int
) -> None:
    with plugged() as modem:
        message = Message(parse_phone("+491701234567"), text, 60.0, "123456")
        assert isinstance(await attach(modem).send(message, SECONDS), Accepted)
        assert len(modem.sent) == parts
        whole = "".join(_text(pdu) for pdu in modem.sent)
    assert whole == text


async def test_what_the_settings_ask_for_stands_in_the_pdu(attach: Attach) -> None:
    with plugged() as modem:
        gateway = attach(modem, FLASH="yes", REPORT="yes", NUMBER_FORMAT="digits")
        await gateway.send(CODE, SECONDS)
        (pdu,) = modem.sent
    assert pdu[2:4] == "31"  # relative validity, report
    assert pdu[6:10] == "0C81"  # a number of unknown type
    assert pdu[22:28] == "001000"  # class 0, five minutes


async def test_a_modem_without_flash_messages_gets_plain_ones(attach: Attach) -> None:
    with plugged(results=("CMS 145", "")) as modem:
        assert await attach(modem, FLASH="yes").send(CODE, SECONDS) == Accepted("1")
        assert [pdu[24:26] for _, pdu in modem.messages] == ["10", "00"]


@pytest.mark.parametrize(("status", "told"), [(0, "1 delivered"), (0x45, "1 failed")])
async def test_status_reports_are_counted(attach: Attach, status: int, told: str) -> None:
    with plugged(reported=status) as modem:
        gateway = attach(modem, REPORT="yes")
        await gateway.send(CODE, SECONDS)
        await _fact(gateway, "Reported", told)


async def test_a_full_storage_is_emptied_where_that_is_allowed(attach: Attach) -> None:
    with plugged(storage=(20, 20), results=("CMS 322", "")) as modem:
        assert isinstance(await attach(modem).send(CODE, SECONDS), Deferred)
        assert "AT+CMGD=1,4" not in modem.commands
    with plugged(storage=(20, 20), results=("CMS 322", "")) as modem:
        assert await attach(modem, DELETE_MESSAGES="yes").send(CODE, SECONDS) == Accepted("1")
        assert "AT+CMGD=1,4" in modem.commands


def _text(pdu: str) -> str:
    data = decoded(pdu)["user_data"]
    assert isinstance(data, dict)
    return str(data["data"])


async def _fact(gateway: ModemSender, label: str, text: str) -> dict[str, str]:
    """Wait until a gateway's status says something."""
    ends = time.monotonic() + SECONDS
    while True:
        facts = dict((await gateway.inspect(1)).facts)
        if facts.get(label) == text:
            return facts
        assert time.monotonic() < ends, facts
        await asyncio.sleep(0.02)
