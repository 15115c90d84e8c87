# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A SIM's PIN is tried once, and never where that could lock the card."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition
from smsotpd.modem.pin_marks import FILE_NAME, PinMarkFile
from smsotpd.modem.sender import ModemSender
from tests.contract.modem.conftest import CODE, FAST, Attach
from tests.fakes.scripted_modem import ScriptedModem, plugged

SECONDS = 20.0


def tried(modem: ScriptedModem) -> list[str]:
    return [each for each in modem.commands if each.startswith("AT+CPIN=")]


async def refused(gateway: ModemSender) -> str:
    """Send, and return why the modem is in no state to."""
    outcome = await gateway.send(CODE, SECONDS)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.SENDER
    report = await gateway.inspect(1)
    assert report.condition is Condition.DOWN
    assert report.summary == outcome.detail
    return outcome.detail


@pytest.mark.parametrize("tells_tries", [True, False])
async def test_the_right_pin_opens_the_sim_every_time(
    attach: Attach, marks: PinMarkFile, *, tells_tries: bool
) -> None:
    with plugged(sim="SIM PIN", tells_tries=tells_tries) as modem:
        assert await attach(modem, PIN="1234").send(CODE, SECONDS) == Accepted("1")
        assert tried(modem) == ['AT+CPIN="1234"']
        assert not marks.is_tried("gsm", "1234")
    with plugged(sim="SIM PIN", tells_tries=tells_tries) as modem:
        assert await attach(modem, PIN="1234").send(CODE, SECONDS) == Accepted("1")


@pytest.mark.parametrize("tells_tries", [True, False])
async def test_a_wrong_pin_is_tried_once_ever(
    attach: Attach, tmp_path: Path, *, tells_tries: bool
) -> None:
    with plugged(sim="SIM PIN", tells_tries=tells_tries) as modem:
        for _ in range(3):  # as after restarts of the daemon: what holds is on disk
            gateway = attach(modem, PIN="9999")
            assert "tried once and not accepted" in await refused(gateway)
            await asyncio.sleep(0.5)
            gateway.close()
            gateway.join(SECONDS)
        assert tried(modem) == ['AT+CPIN="9999"']
        assert modem.script.tries == 2
    assert "9999" not in (tmp_path / FILE_NAME).read_text()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


async def test_no_try_is_spent_where_one_is_missing(attach: Attach) -> None:
    with plugged(sim="SIM PIN", tries=2) as modem:
        assert "2 of 3 tries left" in await refused(attach(modem, PIN="1234"))
        assert tried(modem) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("^CPIN?", "^CPIN: SIM PIN,,10,{},10,3"),
        ("^CPIN?", "^CPIN: SIM PIN,{0},10,{0},10,3"),
        ('+QPINC="SC"', '+QPINC: "SC",{},10'),
        ("#PCT", "#PCT: {}"),
        ("+SPIC", "+SPIC: {},10,3,10"),
        ("+CPINC", "+CPINC: {},3,10,10"),
        ("+UPINCNT", "+UPINCNT: {},3,10,10"),
        ('^SPIC="SC"', "^SPIC: {}"),
    ],
)
async def test_the_tries_that_are_left_are_read_in_the_makers_own_words(
    attach: Attach, question: str, answer: str
) -> None:
    words = {"sim": "SIM PIN", "tells_tries": False}
    with plugged(**words, tries=1, answers={question: answer.format(1)}) as modem:
        assert "1 of 3 tries left" in await refused(attach(modem, PIN="1234"))
        assert tried(modem) == []
    with plugged(**words, answers={question: answer.format(3)}) as modem:
        assert await attach(modem, PIN="1234").send(CODE, SECONDS) == Accepted("1")


async def test_another_pin_is_not_tried_after_a_wrong_one_where_the_sim_counts(
    attach: Attach,
) -> None:
    with plugged(sim="SIM PIN") as modem:
        gateway = attach(modem, PIN="9999")
        await refused(gateway)
        gateway.close()
        gateway.join(SECONDS)
        assert "2 of 3 tries left" in await refused(attach(modem, PIN="8888"))
        assert tried(modem) == ['AT+CPIN="9999"']


async def test_silence_after_the_pin_is_a_used_try(attach: Attach, marks: PinMarkFile) -> None:
    with plugged(sim="SIM PIN", deaf_at="AT+CPIN=") as modem:
        gateway = attach(modem, PIN="1234")
        assert not isinstance(await gateway.send(CODE, 2.0), Accepted)
        assert marks.is_tried("gsm", "1234")
        modem.unplug()
        modem.script.deaf_at = ""
        modem.plug()
        await asyncio.sleep(1.0)
        assert "tried once" in await refused(gateway)
        assert tried(modem) == ['AT+CPIN="1234"']


async def test_no_pin_is_tried_that_cannot_be_marked(attach: Attach, tmp_path: Path) -> None:
    with plugged(sim="SIM PIN") as modem:
        (tmp_path / FILE_NAME).mkdir()
        outcome = await attach(modem, PIN="1234").send(CODE, SECONDS)
        assert not isinstance(outcome, Accepted)
        assert tried(modem) == []


@pytest.mark.parametrize(
    ("sim", "pin", "told"),
    [
        ("SIM PIN", "", "wants its PIN; set PIN"),
        ("SIM PUK", "1234", "wants its PUK"),
        ("PH-NET PIN", "1234", "locked to another SIM or network"),
        ("SIM PIN2", "1234", "locked to another SIM or network"),
        ("none", "1234", "no SIM; put one in"),
    ],
)
async def test_what_a_human_has_to_do_is_said_and_nothing_is_tried(
    attach: Attach, sim: str, pin: str, told: str
) -> None:
    with plugged(sim=sim) as modem:
        assert told in await refused(attach(modem, PIN=pin))
        assert not any("CPIN=" in each for each in modem.commands)


async def test_a_sim_whose_state_comes_without_an_ok_is_understood(attach: Attach) -> None:
    with plugged(answers={"+CPIN?": "\r\n+CPIN: READY\r\n"}) as modem:
        assert await attach(modem).send(CODE, SECONDS) == Accepted("1")


async def test_a_sim_that_starts_is_waited_for_and_not_called_locked(attach: Attach) -> None:
    with plugged(answers={"+CPIN?": "+CPIN: NOT READY"}) as modem:
        gateway = attach(modem, timing=replace(FAST, sim=SECONDS))
        sending = asyncio.ensure_future(gateway.send(CODE, SECONDS))
        ends = time.monotonic() + SECONDS
        while modem.commands.count("AT+CPIN?") < 3:
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)
        modem.script.answers = {}
        assert await sending == Accepted("1")


@pytest.mark.parametrize("probe", [0.2, 600.0], ids=["while idle", "by a refusal"])
async def test_a_sim_that_is_closed_again_without_a_replug_gets_its_pin_again(
    attach: Attach, probe: float
) -> None:
    with plugged(sim="SIM PIN") as modem:
        gateway = attach(modem, timing=replace(FAST, probe=probe), PIN="1234")
        assert await gateway.send(CODE, SECONDS) == Accepted("1")
        modem.power_up()
        if probe > SECONDS:
            assert isinstance(await gateway.send(CODE, SECONDS), Rejected)
        ends = time.monotonic() + SECONDS
        while len(tried(modem)) < 2:
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)
        while not isinstance(await gateway.send(CODE, SECONDS), Accepted):
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)


async def test_what_a_modem_says_of_its_network_steers_no_terminal(attach: Attach) -> None:
    evil = {"+COPS?": '+COPS: 0,0,"Op\x1b[2Jerator\x07",2', "+CSCA?": '+CSCA: "+49\x1b[1m\x07",145'}
    with plugged(answers=evil) as modem:
        gateway = attach(modem)
        assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        facts = (await gateway.inspect(1)).facts
        assert "Op[2Jerator" in dict(facts)["Network"]
        assert all(text.isprintable() for _, text in facts)


@pytest.mark.parametrize(
    ("script", "error_class", "told"),
    [
        ({"registration": (0,)}, ErrorClass.TEMPORARY, "no network (not registered)"),
        ({"registration": (2,)}, ErrorClass.TEMPORARY, "no network (searching)"),
        ({"registration": (8,)}, ErrorClass.TEMPORARY, "emergency calls only"),
        ({"registration": (3,)}, ErrorClass.AUTH, "the network denies this SIM"),
        ({"centre": ""}, ErrorClass.SENDER, "set SERVICE_CENTRE"),
        ({"busy_sim": 9999}, ErrorClass.TEMPORARY, "stays busy (CME 14)"),
        ({"pdu_mode": False}, ErrorClass.SENDER, "no PDU mode"),
    ],
    ids=str,
)
async def test_a_modem_in_no_state_to_send_says_why(
    attach: Attach, script: dict[str, object], error_class: ErrorClass, told: str
) -> None:
    with plugged(**script) as modem:
        outcome: Outcome = await attach(modem).send(CODE, SECONDS)
        assert not isinstance(outcome, Accepted)
        assert outcome.error_class is error_class
        assert told in outcome.detail
        assert modem.messages == []


async def test_a_service_centre_of_the_settings_is_set(attach: Attach) -> None:
    with plugged(centre="") as modem:
        gateway = attach(modem, SERVICE_CENTRE="+491710760000")
        assert await gateway.send(CODE, SECONDS) == Accepted("1")
        assert 'AT+CSCA="+491710760000",145' in modem.commands
        facts = dict((await gateway.inspect(1)).facts)
        assert facts["Service centre"] == "•••0000"
        assert facts["IMEI"] == "•••7518"
