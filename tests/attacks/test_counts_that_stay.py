# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Having guesses forgotten, or telling by what is not forgotten who is enrolled."""

import ipaddress
from typing import Final

import pytest

from smsotpd.core.limits import Budget
from smsotpd.core.throttle import NO_FAILURES
from smsotpd.core.transaction import Result
from tests.fakes.world import PIN, WRONG_CODE, World
from tests.tally import Tried

DAY: Final = 86_400.0
WRONG_PIN: Final = "Blumenkohl8"
TRUSTED: Final = "192.0.2.7"
ELSEWHERE: Final = "203.0.113.9"


@pytest.fixture
def world() -> World:
    world = World()
    world.enrol()
    world.set_policy(trusted_networks=(ipaddress.ip_network(f"{TRUSTED}/32"),))
    world.set_limits(resend_seconds=0.0, delay_step_seconds=0.0)
    return world


async def log_in_by_pin_alone(world: World) -> None:
    terminal = await world.begin(service="sshd", rhost=TRUSTED).answer(PIN)
    assert terminal.outcome is Result.SUCCESS


async def guess_a_code(world: World) -> None:
    terminal = await world.begin(service="sudo", rhost="").answer(PIN)
    if terminal.outcome is None:
        await terminal.answer(WRONG_CODE)


async def test_logins_by_pin_alone_forget_no_guesses_of_codes(world: World, tried: Tried) -> None:
    """Who knows the PIN, and sits where it is enough, has only the code to guess."""
    for _ in range(9):
        tried()
        await guess_a_code(world)
        await log_in_by_pin_alone(world)
    tried()
    await guess_a_code(world)
    assert world.failures().locked is not None
    terminal = await world.begin(service="sshd", rhost=TRUSTED).answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR


async def test_a_hundred_guesses_of_codes_disable_however_often_the_pin_is_enough(
    world: World, tried: Tried
) -> None:
    world.set_limits(sends_per_user=Budget(10_000, DAY), sends_per_phone=Budget(10_000, DAY))
    for _ in range(120):
        tried()
        await guess_a_code(world)
        await world.begin(service="sshd", rhost=TRUSTED).answer(PIN)
        world.clock.advance(3600)
    assert world.failures().disabled
    assert world.failures().in_all == 100


async def test_logins_by_pin_alone_forget_wrong_pins(world: World, tried: Tried) -> None:
    tried(30)
    for _ in range(30):
        await world.begin(rhost=TRUSTED).answer(WRONG_PIN)
        await log_in_by_pin_alone(world)
        world.clock.advance(600.0)
    assert world.failures() == NO_FAILURES


async def test_a_login_by_every_factor_forgets_guesses_of_codes(world: World, tried: Tried) -> None:
    tried(2)
    await guess_a_code(world)
    terminal = await world.begin(rhost=ELSEWHERE).answer(PIN)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.failures() == NO_FAILURES


@pytest.mark.parametrize("guesses", [1, 3, 5, 9, 10, 25])
async def test_nobody_tells_by_a_delay_days_later_who_is_enrolled(
    tried: Tried, guesses: int
) -> None:
    """What is kept of names that are not enrolled is forgotten after a quiet day."""
    waits: list[list[float]] = []
    for user in ("anna", "nobody"):
        world = World()
        world.enrol()
        for _ in range(guesses):
            tried()
            await world.begin(user).answer(WRONG_PIN)
            world.clock.advance(600.0)
        world.clock.advance(DAY + 60)
        world.store.prune(world.clock.now())
        waits.append([])
        for _ in range(12):
            begun = world.clock.now().boot
            await world.begin(user).answer(WRONG_PIN)
            waits[-1].append(world.clock.now().boot - begun)
    assert waits[0] == waits[1]
