# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Several modems are one gateway: one that is idle and well sends; failures move on at once."""

import asyncio
import time
from dataclasses import replace

import pytest

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.core.report import Condition
from smsotpd.modem.sender import ModemSender
from tests.contract.modem.conftest import CODE, FAST, OTHER, Attach
from tests.fakes.scripted_modem import SILENCE, ScriptedModem, plugged

SECONDS = 20.0


async def all_ready(gateway: ModemSender) -> None:
    """Wait until every modem can send."""
    ends = time.monotonic() + SECONDS
    while (await gateway.inspect(1)).condition is not Condition.READY:
        assert time.monotonic() < ends, await gateway.inspect(1)
        await asyncio.sleep(0.02)


def handed_over(*modems: ScriptedModem) -> list[int]:
    """Return how many messages each modem was handed."""
    return [len(modem.messages) for modem in modems]


async def test_a_crowd_is_spread_over_all_modems_and_nobody_gets_two_messages(
    attach: Attach,
) -> None:
    with plugged(result_seconds=0.1) as first, plugged(result_seconds=0.1) as second:
        gateway = attach(first, second)
        await all_ready(gateway)
        crowd = [
            replace(CODE, recipient=parse_phone(f"+4917012345{each}")) for each in range(10, 30)
        ]
        outcomes = await asyncio.gather(*(gateway.send(each, 10.0) for each in crowd))
        assert all(isinstance(each, Accepted) for each in outcomes)
        assert len(set(first.sent + second.sent)) == 20
        assert min(handed_over(first, second)) >= 5


async def test_a_slow_modem_gets_fewer_messages_than_a_fast_one(attach: Attach) -> None:
    with plugged(result_seconds=0.6) as slow, plugged(result_seconds=0.05) as fast:
        gateway = attach(slow, fast, timing=replace(FAST, doubt=5.0))
        await all_ready(gateway)
        await asyncio.gather(*(gateway.send(CODE, 10.0) for _ in range(12)))
        assert len(fast.sent) > len(slow.sent)


@pytest.mark.parametrize(
    "script",
    [
        {"results": ("CMS 38",)},
        {"results": ("CMS 331",)},
        {"results": ("CMS 28",)},
        {"results": ("CMS 21",)},
        {"results": ("CMS 330",)},
        {"prompt": "\r\n^RSSI:3\r\n"},
        {"unplugged_at": "prompt"},
    ],
    ids=str,
)
async def test_a_message_that_one_modem_surely_did_not_send_goes_over_the_other(
    attach: Attach, script: dict[str, object]
) -> None:
    with plugged(**script) as bad, plugged() as good:
        gateway = attach(bad, good)
        await all_ready(gateway)
        for _ in range(4):
            assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        assert (len(bad.sent), len(good.sent)) == (0, 4)


async def test_a_modem_that_fails_again_and_again_stands_back_until_it_is_tried_anew(
    attach: Attach,
) -> None:
    with plugged(results=("CMS 38",)) as bad, plugged(result_seconds=0.05) as good:
        gateway = attach(bad, good, timing=replace(FAST, probe=4.0))
        await all_ready(gateway)
        outcomes = await asyncio.gather(*(gateway.send(CODE, SECONDS) for _ in range(12)))
        assert all(isinstance(each, Accepted) for each in outcomes)
        # Each refusal is told twice at most: 21 and 127 are repeated once, 38 is not.
        assert len(bad.messages) <= 3
        bad.script.results = ("",)
        ends = time.monotonic() + SECONDS
        while not bad.sent:
            await asyncio.gather(*(gateway.send(CODE, SECONDS) for _ in range(2)))
            assert time.monotonic() < ends


async def test_the_other_modem_does_all_where_one_is_unplugged(attach: Attach) -> None:
    with plugged() as away, plugged() as here:
        gateway = attach(away, here)
        await all_ready(gateway)
        away.unplug()
        begun = time.monotonic()
        for _ in range(3):
            assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        assert time.monotonic() - begun < SECONDS / 2
        await _summary(gateway, "1 of 2 modems can send; modem 1: ")
        facts = dict((await gateway.inspect(1)).facts)
        assert facts["1: State"].startswith("down: ")
        assert facts["2: State"] == "ready: registered: home network"
        assert facts["2: Signal"] == "-79 dBm, 4 of 5 bars"
        away.plug()
        await all_ready(gateway)


async def test_a_modem_that_hangs_before_the_prompt_costs_its_login_no_more_than_that_wait(
    attach: Attach,
) -> None:
    with plugged(deaf_at="AT+CMGS") as deaf, plugged(deaf_at="AT+CMGS") as other:
        gateway = attach(deaf, other)
        await all_ready(gateway)
        other.script.deaf_at = ""
        begun = time.monotonic()
        outcomes = await asyncio.gather(*(gateway.send(CODE, SECONDS) for _ in range(3)))
        assert all(isinstance(each, Accepted) for each in outcomes)
        assert time.monotonic() - begun < SECONDS / 2
        assert deaf.messages == []


async def test_a_code_in_doubt_goes_out_once_more_and_no_more(attach: Attach) -> None:
    with (
        plugged(results=("CMS 500",)) as first,
        plugged(results=("CMS 500",)) as second,
        plugged(results=("CMS 500",)) as third,
    ):
        gateway = attach(first, second, third)
        await all_ready(gateway)
        assert isinstance(await gateway.send(CODE, SECONDS), Unknown)
        assert sum(handed_over(first, second, third)) == 2
        bodies = {pdu for modem in (first, second, third) for _, pdu in modem.messages}
        assert len(bodies) == 1, "the same code"


async def test_a_message_without_code_in_doubt_goes_out_no_more(attach: Attach) -> None:
    with plugged(results=("CMS 500",)) as first, plugged(results=("CMS 500",)) as second:
        gateway = attach(first, second)
        await all_ready(gateway)
        assert isinstance(await gateway.send(OTHER, SECONDS), Unknown)
        assert sum(handed_over(first, second)) == 1


async def test_a_code_in_doubt_that_is_over_goes_out_no_more(attach: Attach) -> None:
    brief = Message(CODE.recipient, CODE.text, 1.5, CODE.code)
    with plugged(result_seconds=2.0) as first, plugged(result_seconds=2.0) as second:
        first.script.results = second.script.results = ("CMS 500",)
        gateway = attach(first, second, timing=replace(FAST, doubt=1.8, result=SECONDS))
        await all_ready(gateway)
        assert isinstance(await gateway.send(brief, 1.5), Unknown)
        await asyncio.sleep(1.5)
        assert sum(handed_over(first, second)) == 1


async def test_silence_after_handing_over_gives_the_code_to_the_other_modem_in_time(
    attach: Attach,
) -> None:
    with plugged(results=(SILENCE,)) as silent, plugged(results=(SILENCE,)) as other:
        gateway = attach(silent, other, timing=replace(FAST, result=4.0))
        await all_ready(gateway)
        sending = asyncio.ensure_future(gateway.send(CODE, 3.0))
        while not (silent.messages or other.messages):  # noqa: ASYNC110  # a thread changes it
            await asyncio.sleep(0.01)
        idle = other if silent.messages else silent
        idle.script.results = ("",)
        assert isinstance(await sending, Accepted)
        assert handed_over(silent, other) == [1, 1]


async def test_a_code_in_doubt_goes_out_no_more_once_its_login_waits_no_more(
    attach: Attach,
) -> None:
    with plugged(result_seconds=3.0) as first, plugged(result_seconds=3.0) as second:
        gateway = attach(first, second, timing=replace(FAST, doubt=0.3, result=4.5))
        await all_ready(gateway)
        other = asyncio.ensure_future(gateway.send(OTHER, 10.0))
        await _handed_over(first, second)
        busy, idle = (first, second) if first.messages else (second, first)
        idle.script.results = (SILENCE,)
        # It is in doubt after 0.3 s; the busy modem could take it when the login has its answer.
        assert isinstance(await gateway.send(CODE, 1.0), Unknown)
        assert isinstance(await other, Accepted)
        await asyncio.sleep(0.5)
        assert handed_over(busy, idle) == [1, 1]


async def test_a_late_result_of_the_first_modem_counts_while_the_second_is_at_work(
    attach: Attach,
) -> None:
    with plugged(result_seconds=2.0) as first, plugged(result_seconds=2.0) as second:
        gateway = attach(first, second, timing=replace(FAST, doubt=1.2, result=SECONDS))
        await all_ready(gateway)
        assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        assert len(first.sent + second.sent) == 1
        assert sum(handed_over(first, second)) <= 2


async def test_a_wrong_number_is_told_at_once_and_no_other_modem_bothered(attach: Attach) -> None:
    with plugged(results=("CMS 1",)) as first, plugged(results=("CMS 1",)) as second:
        gateway = attach(first, second)
        await all_ready(gateway)
        outcome = await gateway.send(CODE, SECONDS)
        assert isinstance(outcome, Rejected)
        assert outcome.error_class is ErrorClass.RECIPIENT
        assert sum(handed_over(first, second)) == 1


async def test_where_all_modems_refuse_the_last_refusal_is_told(attach: Attach) -> None:
    with plugged(results=("CMS 38",)) as first, plugged(results=("CMS 38",)) as second:
        gateway = attach(first, second)
        await all_ready(gateway)
        outcome = await gateway.send(CODE, SECONDS)
        assert isinstance(outcome, Deferred)
        assert "CMS 38" in outcome.detail
        assert handed_over(first, second) == [1, 1]


async def test_where_all_modems_are_lost_a_login_is_told_at_once(attach: Attach) -> None:
    with plugged() as first, plugged() as second:
        gateway = attach(first, second)
        await all_ready(gateway)
        first.unplug()
        second.unplug()
        await _summary(gateway, "no modem can send; modem 1: ")
        begun = time.monotonic()
        assert isinstance(await gateway.send(CODE, SECONDS), Deferred)
        assert time.monotonic() - begun < SECONDS / 2


async def test_each_sim_gets_its_own_pin(attach: Attach) -> None:
    with plugged(sim="SIM PIN", pin="1111") as first, plugged(sim="SIM PIN", pin="2222") as second:
        gateway = attach(first, second, PIN="1111, 2222")
        await all_ready(gateway)
        assert 'AT+CPIN="1111"' in first.commands
        assert 'AT+CPIN="2222"' in second.commands
        assert not any("2222" in each for each in first.commands)


async def test_one_locked_sim_leaves_the_other_modem_at_work(attach: Attach) -> None:
    with plugged(sim="SIM PUK") as locked, plugged() as good:
        gateway = attach(locked, good)
        await _summary(gateway, "1 of 2 modems can send; modem 1: the SIM is locked")
        assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        assert len(good.sent) == 1


async def _handed_over(*modems: ScriptedModem) -> None:
    ends = time.monotonic() + SECONDS
    while not any(handed_over(*modems)):
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


async def _summary(gateway: ModemSender, text: str) -> None:
    ends = time.monotonic() + SECONDS
    while not (report := await gateway.inspect(1)).summary.startswith(text):
        assert time.monotonic() < ends, report.summary
        await asyncio.sleep(0.02)
