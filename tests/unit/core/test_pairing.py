# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Pairings belong to a connection, end once, and store only what was found in the end."""

from collections.abc import Mapping

import pytest

from smsotpd.core.errors import BusyError, ExistsError, NotFoundError, RefusedError
from smsotpd.core.events import GatewayChanged
from smsotpd.core.pairing import Pairings
from smsotpd.core.pairing_step import PairingStep, PairingStepKind, PairingSteps
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from tests.fakes.sender import fake_gateway
from tests.fakes.world import World

NOTHING = Secret("")
BY = 1000
ASK = PairingStep(PairingStepKind.ASK, "Which colour?")


class ScriptedPairing:
    """Asks once, then ends with a report."""

    def __init__(self, ends: Report, kept: Mapping[str, Secret]) -> None:
        self.report: Report | None = None
        self.kept: Mapping[str, Secret] = {}
        self.answers: list[str] = []
        self.is_closed = False
        self._ends = ends
        self._keeps = kept

    async def advance(self, answer: Secret, seconds: float) -> PairingSteps:
        assert seconds > 0
        self.answers.append(answer.reveal())
        if len(self.answers) == 1:
            return (ASK,)
        self.report, self.kept = self._ends, self._keeps
        return ()

    def close(self) -> None:
        self.is_closed = True


LINKED = Report(Condition.READY, "linked", (("Devices", "2"),))


def script(
    world: World, ends: Report = LINKED, kept: Mapping[str, Secret] | None = None
) -> ScriptedPairing:
    made = ScriptedPairing(ends, kept or {})
    world.gateway.pairing = made
    return made


@pytest.fixture
def pairings(world: World) -> Pairings:
    return Pairings(world.gateways, world.clock, world.source, lambda: 15.0)


async def test_a_pairing_asks_and_ends_with_what_it_found(world: World, pairings: Pairings) -> None:
    scripted = script(world)
    name = pairings.begin("first", ":1.1", BY)
    assert await pairings.proceed(name, NOTHING, ":1.1") == (ASK,)
    (done,) = await pairings.proceed(name, Secret("blue"), ":1.1")
    assert done == PairingStep(PairingStepKind.DONE, "linked", "Devices: 2")
    assert scripted.answers == ["", "blue"]
    assert scripted.is_closed
    with pytest.raises(NotFoundError):
        await pairings.proceed(name, NOTHING, ":1.1")


async def test_what_it_found_out_is_stored_with_the_gateway(
    world: World, pairings: Pairings
) -> None:
    script(world, kept={"TOKEN": Secret("new"), "COLOUR": Secret("blue")})
    name = pairings.begin("first", ":1.1", BY)
    await pairings.proceed(name, NOTHING, ":1.1")
    await pairings.proceed(name, NOTHING, ":1.1")
    (stored,) = world.gateways.list()
    assert stored.settings == {"COLOUR": "blue"}
    assert stored.secrets == {"TOKEN": Secret("new")}
    assert GatewayChanged("first", "linked", BY) in world.journal.events


async def test_a_failed_pairing_stores_nothing(world: World, pairings: Pairings) -> None:
    script(world, Report(Condition.DOWN, "nobody scanned it"), {"COLOUR": Secret("blue")})
    name = pairings.begin("first", ":1.1", BY)
    await pairings.proceed(name, NOTHING, ":1.1")
    (failed,) = await pairings.proceed(name, NOTHING, ":1.1")
    assert failed == PairingStep(PairingStepKind.FAILED, "nobody scanned it")
    assert world.gateways.list()[0].settings == {"COLOUR": "red"}


async def test_another_connection_cannot_go_on(world: World, pairings: Pairings) -> None:
    script(world)
    name = pairings.begin("first", ":1.1", BY)
    with pytest.raises(NotFoundError):
        await pairings.proceed(name, NOTHING, ":1.2")


async def test_a_connection_that_leaves_gives_up_its_pairings(
    world: World, pairings: Pairings
) -> None:
    scripted = script(world)
    name = pairings.begin("first", ":1.1", BY)
    closed = []
    for owner in (":1.2", ":1.1"):
        pairings.owner_left(owner)
        closed.append(scripted.is_closed)
    assert closed == [False, True]
    with pytest.raises(NotFoundError):
        await pairings.proceed(name, NOTHING, ":1.1")


def test_a_gateway_without_accounts_needs_none(pairings: Pairings) -> None:
    with pytest.raises(RefusedError):
        pairings.begin("first", ":1.1", BY)
    with pytest.raises(NotFoundError):
        pairings.begin("absent", ":1.1", BY)


def test_old_pairings_make_room_and_a_crowd_is_refused(world: World, pairings: Pairings) -> None:
    script(world)
    for _ in range(8):
        pairings.begin("first", ":1.1", BY)
    with pytest.raises(BusyError):
        pairings.begin("first", ":1.1", BY)
    world.clock.advance(901)
    pairings.begin("first", ":1.1", BY)


async def test_a_gateway_in_a_file_keeps_nothing(world: World, pairings: Pairings) -> None:
    world.in_files = (fake_gateway("first"),)
    script(world, kept={"COLOUR": Secret("blue")})
    name = pairings.begin("first", ":1.1", BY)
    await pairings.proceed(name, NOTHING, ":1.1")
    with pytest.raises(ExistsError):
        await pairings.proceed(name, NOTHING, ":1.1")
