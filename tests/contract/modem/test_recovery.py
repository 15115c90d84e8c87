# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A modem that vanishes, hangs or is somebody else's comes back by itself and holds up nobody."""

import asyncio
import gc
import time
from dataclasses import replace
from pathlib import Path

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.outcome import Accepted, Deferred, Outcome, Unknown
from smsotpd.core.report import Condition
from smsotpd.modem.catalogue import ModemCatalogue
from smsotpd.modem.errors import LineError
from smsotpd.modem.pin_marks import PinMarkFile
from smsotpd.modem.sender import ModemSender
from smsotpd.modem.transport import SerialLine
from tests.contract.modem.conftest import CODE, FAST, OTHER, Attach
from tests.fakes.scripted_modem import SILENCE, ScriptedModem, plugged

SECONDS = 20.0


async def sent(gateway: ModemSender, seconds: float = SECONDS) -> Outcome:
    """Send until it works, as people who log in do."""
    ends = time.monotonic() + seconds
    while True:
        outcome = await gateway.send(CODE, 2.0)
        if isinstance(outcome, Accepted) or time.monotonic() > ends:
            return outcome
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("prompt", Deferred), ("body", Unknown), ("result", Accepted)],
)
async def test_unplugging_means_what_was_handed_over_by_then(
    attach: Attach, stage: str, expected: type[Outcome]
) -> None:
    with plugged() as modem:
        gateway = attach(modem)
        await gateway.inspect(SECONDS)
        modem.script.unplugged_at = stage
        begun = time.monotonic()
        outcome = await gateway.send(CODE, SECONDS)
        if stage == "result":  # the number of the message was told, its OK was not
            assert isinstance(outcome, Accepted | Unknown)
        else:
            assert isinstance(outcome, expected)
        assert time.monotonic() - begun < SECONDS / 2
        refused = await gateway.send(CODE, SECONDS)
        assert isinstance(refused, Deferred)
        modem.plug()
        assert isinstance(await sent(gateway), Accepted)


async def test_a_modem_that_is_unplugged_while_idle_is_noticed_and_found_again_elsewhere(
    attach: Attach,
) -> None:
    with plugged() as modem:
        gateway = attach(modem)
        assert isinstance(await sent(gateway), Accepted)
        before = modem.link.resolve()
        modem.unplug()
        await _condition(gateway, Condition.DOWN)
        assert "modem" in (await gateway.inspect(1)).summary
        begun = time.monotonic()
        assert isinstance(await gateway.send(CODE, SECONDS), Deferred)
        assert time.monotonic() - begun < SECONDS / 2, "a modem that is away holds up no login"
        placeholder = ScriptedModem()  # takes the freed port's name
        with placeholder:
            modem.plug()
            assert modem.link.resolve() != before
            assert isinstance(await sent(gateway), Accepted)
            assert placeholder.commands == []


async def test_unplugging_while_it_starts_is_survived(attach: Attach) -> None:
    with plugged(unplugged_at="command") as modem:
        gateway = attach(modem)
        await asyncio.sleep(0.3)
        modem.plug()
        assert isinstance(await sent(gateway), Accepted)


async def test_unplugging_while_it_asks_to_wait_is_told_at_once(attach: Attach) -> None:
    with plugged(results=("CMS 515",)) as modem:
        gateway = attach(modem)
        await gateway.inspect(SECONDS)
        sending = asyncio.ensure_future(gateway.send(CODE, 30.0))
        ends = time.monotonic() + SECONDS
        while not modem.messages:
            assert time.monotonic() < ends
            await asyncio.sleep(0.01)
        modem.unplug()
        async with asyncio.timeout(SECONDS):
            assert isinstance(await sending, Deferred)


async def test_an_ok_without_the_messages_number_ends_the_wait(attach: Attach) -> None:
    with plugged(tells_reference=False) as modem:
        gateway = attach(modem, timing=replace(FAST, result=180.0))
        assert isinstance(await gateway.send(CODE, 30.0), Unknown)
        modem.script.tells_reference = True
        assert isinstance(await sent(gateway), Accepted)


async def test_a_gateway_that_is_closed_gives_back_a_modem_that_is_not_ready(
    attach: Attach,
) -> None:
    with plugged(registration=(2,)) as modem:
        gateway = attach(modem, timing=replace(FAST, register=60.0))
        ends = time.monotonic() + SECONDS
        while "AT+CREG?" not in modem.commands:
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)
        gateway.close()
        gateway.join(SECONDS)
        SerialLine(str(modem.link)).close()


async def test_a_modem_that_began_anew_unnoticed_is_back_in_pdu_mode_soon(attach: Attach) -> None:
    with plugged() as modem:
        gateway = attach(modem)
        assert isinstance(await sent(gateway), Accepted)
        modem.power_up()
        before = modem.commands.count("AT+CMGF=0")
        ends = time.monotonic() + SECONDS
        while modem.commands.count("AT+CMGF=0") == before:
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)
        assert isinstance(await sent(gateway), Accepted)


async def test_after_silence_the_next_message_goes_over_the_same_modem(attach: Attach) -> None:
    with plugged(results=(SILENCE, "")) as modem:
        gateway = attach(modem)
        first = await gateway.send(OTHER, SECONDS)
        assert isinstance(first, Unknown)
        assert isinstance(await sent(gateway), Accepted)
        assert len(modem.sent) == 1
        assert modem.resets == 0


async def test_a_modem_that_hangs_until_it_is_replugged_gets_its_pin_again(
    attach: Attach,
) -> None:
    with plugged(sim="SIM PIN") as modem:
        gateway = attach(modem, PIN="1234")
        assert isinstance(await sent(gateway), Accepted)
        modem.script.deaf_at = "AT+C"
        await _condition(gateway, Condition.DOWN)
        modem.script.deaf_at = "never"
        modem.unplug()
        modem.plug()
        assert isinstance(await sent(gateway, 10), Accepted)
        assert modem.commands.count('AT+CPIN="1234"') >= 2


async def test_a_modem_that_refuses_again_and_again_is_reset_once(attach: Attach) -> None:
    with plugged(results=("CMS 500",) * 3 + ("",)) as modem:
        gateway = attach(modem)
        for _ in range(3):
            assert isinstance(await gateway.send(CODE, SECONDS), Unknown)
        assert isinstance(await sent(gateway, 10), Accepted)
        assert modem.resets == 1
    with plugged(results=("CMS 500",)) as modem:
        gateway = attach(modem)
        for _ in range(12):
            await gateway.send(CODE, 2.0)
            await asyncio.sleep(0.1)
        assert modem.resets == 1


async def test_a_modem_that_swallows_message_after_message_is_reset(attach: Attach) -> None:
    with plugged(results=(SILENCE,) * 3 + ("",)) as modem:
        gateway = attach(modem)
        for _ in range(3):
            assert isinstance(await gateway.send(CODE, SECONDS), Unknown)
        assert isinstance(await sent(gateway, 10), Accepted)
        assert (modem.resets, len(modem.sent)) == (1, 1)


async def test_noise_without_end_from_a_wrong_speed_costs_neither_memory_nor_a_login(
    attach: Attach,
) -> None:
    with plugged(noise=b"\xf8\x80\x00" * 30_000, refused=frozenset({"Q0V1E0"})) as modem:
        gateway = attach(modem)
        begun = time.monotonic()
        assert not isinstance(await gateway.send(CODE, 1.0), Accepted)
        assert time.monotonic() - begun < SECONDS / 2


async def test_a_port_that_another_program_uses_is_left_alone(attach: Attach) -> None:
    with plugged() as modem:
        line = SerialLine(str(modem.link))
        with pytest.raises(LineError, match="another program uses the port"):
            SerialLine(str(modem.link))
        gateway = attach(modem)
        outcome = await gateway.send(CODE, 1.0)
        assert isinstance(outcome, Deferred)
        assert "another program uses the port" in outcome.detail
        assert modem.commands == []
        line.close()
        assert isinstance(await sent(gateway), Accepted)


def test_a_device_that_is_absent_or_no_port_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LineError, match="is the modem plugged in"):
        SerialLine(str(tmp_path / "absent"))
    (tmp_path / "file").touch()
    with pytest.raises(LineError, match="cannot be opened"):
        SerialLine(str(tmp_path / "file"))


async def test_a_gateway_that_is_removed_or_changed_gives_its_modem_back(tmp_path: Path) -> None:
    with plugged() as modem:
        catalogue = ModemCatalogue(PinMarkFile(tmp_path, b"k" * 32))
        definition = GatewayDefinition("gsm", "modem", {"DEVICE": str(modem.link.resolve())})
        first = catalogue.sender(definition)
        assert catalogue.sender(definition) is first
        assert isinstance(await first.send(CODE, SECONDS), Accepted)
        second = catalogue.sender(replace(definition, settings={**definition.settings, "PIN": ""}))
        assert second is not first
        assert isinstance(await second.send(CODE, SECONDS), Accepted)
        del second, first
        gc.collect()
        await _given_back(modem)


async def test_a_crowd_is_served_in_its_turn(attach: Attach) -> None:
    with plugged(result_seconds=0.02) as modem:
        gateway = attach(modem, timing=replace(FAST, gap=0.0), PER_MINUTE="999")
        outcomes = await asyncio.gather(*(gateway.send(CODE, SECONDS) for _ in range(50)))
        assert all(isinstance(each, Accepted) for each in outcomes)
        assert len(modem.sent) == 50


async def _given_back(modem: ScriptedModem) -> None:
    """Wait until nobody has the modem's port."""
    ends = time.monotonic() + SECONDS
    while True:
        try:
            SerialLine(str(modem.link)).close()
        except LineError:
            assert time.monotonic() < ends
            await asyncio.sleep(0.05)
        else:
            return


async def _condition(gateway: ModemSender, condition: Condition) -> None:
    ends = time.monotonic() + SECONDS
    while (await gateway.inspect(1)).condition is not condition:
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)
