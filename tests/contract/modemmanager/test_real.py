# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Through ModemManager itself, Debian's, to a scripted modem."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.modem.sender import ModemSender
from smsotpd.modem.status import report_of
from smsotpd.modemmanager.marks import Mark, MarkFile
from tests.contract.modemmanager.conftest import (
    CODE,
    FAST,
    NAME,
    Attach,
    RealModemManager,
    wait_until,
)
from tests.fakes.scripted_modem import SILENCE, ScriptedModem

Plug = Callable[..., ScriptedModem]
SECONDS = 20.0


async def test_a_code_goes_out_with_its_validity_and_is_not_left_behind(
    manager: RealModemManager, plugged: Plug, attach: Attach
) -> None:
    modem = plugged()
    assert await attach(ENABLE="yes").send(CODE, SECONDS) == Accepted("1")
    [pdu] = modem.sent
    submit = SMSSubmit.decode(StringIO(pdu))
    assert submit["user_data"]["data"] == CODE.text
    assert submit["recipient"]["number"] == "491701234567"
    assert submit["header"]["vpf"] == 2
    assert submit["vp"] == 0  # five minutes, 3GPP TS 23.040, 9.2.3.12.1
    assert not submit["header"]["srr"]
    wait_until(lambda: manager.messages() == [], SECONDS)


async def test_the_report_shows_the_modem_and_masks_its_number(
    plugged: Plug, attach: Attach
) -> None:
    plugged()
    sender = attach(ENABLE="yes")
    await sender.send(CODE, SECONDS)
    await wait_for(lambda: "Signal" in dict(report(sender).facts))  # which comes a moment later
    found = await sender.inspect(5.0)
    assert (found.condition, found.summary) == (Condition.READY, "registered: home network")
    assert dict(found.facts) | {"Port": ""} == {
        "Port": "", "Modem": "huawei E1752", "IMEI": "•••7518", "SIM": "ready",
        "Network": "home network, Operator", "Signal": "54 %, 4 of 5 bars",
        "In ModemManager": "registered", "Waiting": "0", "Sent": "1",
    }  # fmt: skip


async def test_a_modem_that_is_disabled_stays_so_unless_it_may_be_enabled(
    manager: RealModemManager, plugged: Plug, attach: Attach
) -> None:
    modem = plugged()
    sender = attach()
    outcome = await sender.send(CODE, SECONDS)
    assert isinstance(outcome, Rejected)
    assert "set ENABLE, or run mmcli -m any --enable" in outcome.detail
    [path] = manager.modems()
    manager.busctl("call", NAME, path, f"{NAME}.Modem", "Enable", "b", "true")
    await wait_ready(sender)
    assert await sender.send(CODE, SECONDS) == Accepted("1")
    assert len(modem.sent) == 1


async def test_a_sim_that_wants_its_pin_is_left_alone(plugged: Plug, attach: Attach) -> None:
    modem = plugged(sim="SIM PIN")
    outcome = await attach(ENABLE="yes").send(CODE, SECONDS)
    assert isinstance(outcome, Rejected)
    assert "the SIM wants its PIN: give it through NetworkManager or mmcli" in outcome.detail
    assert not [each for each in modem.commands if each.startswith("AT+CPIN=")]


@pytest.mark.parametrize(
    ("state", "error_class"), [(2, ErrorClass.TEMPORARY), (3, ErrorClass.AUTH)]
)
async def test_without_a_network_nothing_is_sent(
    plugged: Plug, attach: Attach, state: int, error_class: ErrorClass
) -> None:
    modem = plugged(registration=(state,))
    outcome = await attach(ENABLE="yes").send(CODE, SECONDS)
    assert isinstance(outcome, (Deferred, Rejected))
    assert outcome.error_class is error_class
    assert modem.messages == []


@pytest.mark.parametrize(
    ("result", "expected", "handed_over"),
    [
        ("CMS 330", Rejected(ErrorClass.SENDER), 1),
        ("CMS 331", Deferred(ErrorClass.TEMPORARY), 1),
        ("CMS 322", Deferred(ErrorClass.TEMPORARY), 1),
        ("CMS 332", Unknown(), 1),
        ("CMS 500", Unknown(), 1),
        ("CMS 38", Unknown(), 1),  # ModemManager 1.20 has no name for it
        ("CME 11", Rejected(ErrorClass.SENDER), 1),
        ("ERROR", Deferred(ErrorClass.TEMPORARY), 1),
    ],
)
async def test_what_the_modem_says_becomes_an_outcome(
    manager: RealModemManager,
    plugged: Plug,
    attach: Attach,
    result: str,
    expected: object,
    handed_over: int,
) -> None:
    modem = plugged(results=(result,))
    outcome = await attach(ENABLE="yes").send(CODE, SECONDS)
    assert type(outcome) is type(expected)
    assert getattr(outcome, "error_class", None) == getattr(expected, "error_class", None)
    assert len(modem.messages) == handed_over
    assert "123456" not in str(outcome)
    wait_until(lambda: manager.messages() == [], SECONDS)


async def test_a_sim_that_is_busy_is_asked_again(plugged: Plug, attach: Attach) -> None:
    modem = plugged(results=("CMS 314", "CMS 314", ""))
    assert await attach(ENABLE="yes").send(CODE, SECONDS) == Accepted("1")
    assert len(modem.messages) == 3


async def test_a_status_report_is_counted_and_deleted(
    manager: RealModemManager, plugged: Plug, attach: Attach
) -> None:
    plugged(reported=0)
    sender = attach(ENABLE="yes", REPORT="yes")
    assert await sender.send(CODE, SECONDS) == Accepted("1")
    await wait_for(lambda: ("Reported", "1 delivered") in report(sender).facts)
    wait_until(lambda: manager.messages() == [], SECONDS)


async def test_a_modem_that_is_unplugged_while_it_sends_leaves_a_doubt(
    plugged: Plug, attach: Attach
) -> None:
    modem = plugged(results=(SILENCE,))
    sender = attach(ENABLE="yes")
    sending = asyncio.create_task(sender.send(CODE, SECONDS))
    await wait_for(lambda: modem.messages)
    modem.unplug()
    assert isinstance(await sending, Unknown)
    refused = await sender.send(CODE, 2.0)
    assert isinstance(refused, (Deferred, Rejected))


async def test_a_modemmanager_that_dies_while_it_sends_leaves_a_doubt_and_may_come_back(
    manager: RealModemManager, plugged: Plug, attach: Attach
) -> None:
    modem = plugged(results=(SILENCE, ""))
    sender = attach(ENABLE="yes")
    sending = asyncio.create_task(sender.send(CODE, SECONDS))
    await wait_for(lambda: modem.messages)
    manager.kill()
    assert await sending == Unknown("ModemManager went away while it sent the message")
    absent = "ModemManager does not run; see: systemctl status ModemManager"
    await wait_for(lambda: report(sender).summary == absent)
    assert await sender.send(CODE, 2.0) == Deferred(ErrorClass.TEMPORARY, absent)
    manager.start()
    plugged("second")
    await wait_ready(sender)
    assert await sender.send(CODE, SECONDS) == Accepted("1")


async def test_a_result_after_the_deadline_counts_and_the_message_is_deleted(
    manager: RealModemManager, plugged: Plug, attach: Attach
) -> None:
    modem = plugged(result_seconds=5.0)
    sender = attach(replace(FAST, send=SECONDS), ENABLE="yes")
    await wait_ready(sender)
    outcome = await sender.send(CODE, 3.0)
    assert outcome == Unknown("the modem has the message and has not said yet what became of it")
    await wait_for(lambda: sender._pool.workers[0].record.late == 1)
    assert len(modem.sent) == 1
    wait_until(lambda: manager.messages() == [], SECONDS)


async def test_what_a_crash_left_behind_is_deleted_and_no_message_of_others(
    manager: RealModemManager, plugged: Plug, attach: Attach, marks: MarkFile
) -> None:
    plugged()
    first = attach(ENABLE="yes")
    await wait_ready(first)
    [modem] = manager.modems()
    texts = ["2", "number", "s", "+491701234567", "text", "s", "Your code is 654321"]
    create = ["call", NAME, modem, f"{NAME}.Modem.Messaging", "Create", "a{sv}", *texts]
    ours, theirs = (manager.busctl(*create).split('"')[1] for _ in range(2))
    marks.add(Mark(instance_of(manager), modem, ours))
    await wait_ready(attach())
    assert manager.messages() == [theirs]
    assert marks.left(instance_of(manager)) == frozenset()


async def test_of_several_modems_a_gateway_takes_its_own(
    manager: RealModemManager, plugged: Plug, attach: Attach
) -> None:
    first, second = plugged("first"), plugged("second")
    sender = attach(ENABLE="yes", MODEM=f"abstract:second-{manager.process.pid}")
    assert await sender.send(CODE, SECONDS) == Accepted("1")
    assert (len(first.sent), len(second.sent)) == (0, 1)
    lost = await attach(MODEM="359998880000000").send(CODE, 3.0)
    assert isinstance(lost, Deferred)


def instance_of(manager: RealModemManager) -> str:
    driver = "org.freedesktop.DBus"
    bus_id = manager.busctl("call", driver, "/", driver, "GetId").split('"')[1]
    owner = manager.busctl("call", driver, "/", driver, "GetNameOwner", "s", NAME).split('"')[1]
    return f"{bus_id}{owner}"


async def wait_ready(sender: ModemSender) -> None:
    await wait_for(lambda: sender._pool.workers[0].state.is_ready)


async def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # threads and other programs change it
            await asyncio.sleep(0.05)


def report(sender: ModemSender) -> Report:
    return report_of(sender._pool.workers, 0)
