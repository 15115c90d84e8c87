# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Guessing with patience: whatever is changed between the guesses, the count goes on.

Services, hosts, resends, modes, restarts of the daemon, reboots, and a clock that somebody sets.
"""

import itertools
from collections.abc import Callable
from typing import Final

import pytest

from smsotpd.core.errors import SmsOtpError
from smsotpd.core.events import LoginGranted
from smsotpd.core.policy import Mode
from smsotpd.core.transaction import Result
from tests.fakes.world import PIN, WRONG_CODE, World
from tests.tally import Tried

DAY: Final = 86_400.0
GUESSES: Final = 60
Between = Callable[[World, int], None]


def nothing(_world: World, _number: int) -> None:
    pass


def restart(world: World, _number: int) -> None:
    world.restart()


def clock_forward(world: World, _number: int) -> None:
    world.clock.set_wall_clock(DAY)


def clock_back(world: World, _number: int) -> None:
    world.clock.set_wall_clock(-DAY)


def clock_to_and_fro(world: World, number: int) -> None:
    world.clock.set_wall_clock(DAY if number % 2 else -DAY)


def reboot(world: World, _number: int) -> None:
    world.clock.reboot(1.0)
    world.restart()


def reload(world: World, number: int) -> None:
    world.set_policy(wrong_answers=3 + number % 2)


BETWEEN: Final = (nothing, restart, clock_forward, clock_back, clock_to_and_fro, reboot, reload)


@pytest.fixture
def world() -> World:
    world = World()
    world.enrol()
    world.set_limits(delay_step_seconds=0.0, resend_seconds=0.0)
    return world


@pytest.mark.parametrize("between", BETWEEN)
async def test_no_more_than_ten_pins_are_judged_in_half_an_hour(
    world: World, tried: Tried, between: Between
) -> None:
    modes = itertools.cycle((Mode.CONVERSATION, Mode.TWO_ATTEMPT, Mode.CHANGE_PIN))
    for number in range(GUESSES):
        tried()
        rhost = f"192.0.{number}.7"
        terminal = world.begin(service=f"service{number % 9}", rhost=rhost, mode=next(modes))
        await terminal.answer(f"guess-{number}")
        between(world, number)
    assert world.failures().in_all == 10
    assert world.texts == []
    tried()
    terminal = await world.begin(rhost="198.51.100.7").answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR


@pytest.mark.parametrize("between", BETWEEN)
async def test_no_more_than_ten_codes_are_judged_in_half_an_hour(
    world: World, tried: Tried, between: Between
) -> None:
    for number in range(GUESSES):
        rhost = f"192.0.{number}.7"
        terminal = await world.begin(service=f"service{number % 9}", rhost=rhost).answer(PIN)
        for typed in ("999999", "r", "999998", "888888"):
            if terminal.outcome is not None:
                break
            tried()
            try:
                await terminal.answer(typed)
            except SmsOtpError:
                break
        between(world, number)
    assert world.failures().in_all == 10
    assert world.journal.of(LoginGranted) == []


# What ends a code, as a reboot does, leaves nothing to be guessed.
@pytest.mark.parametrize("between", [nothing, restart, clock_back])
async def test_one_code_gets_three_answers_however_often_another_is_asked_for(
    world: World, tried: Tried, between: Between
) -> None:
    left = []
    for number in range(3):
        tried()
        terminal = await world.begin().answer(PIN)
        await terminal.answer("r")
        assert len(world.texts) == number + 2, "and another was sent"
        await terminal.answer(WRONG_CODE)
        challenge = world.challenge()
        left.append(challenge.answers_left if challenge is not None else 0)
        between(world, number)
    assert left == [2, 1, 0]
    assert world.failures().in_all == 3


async def test_a_hundred_failures_end_it_whatever_the_time_between_them(
    world: World, tried: Tried
) -> None:
    for number in range(400):
        tried()
        await world.begin(rhost=f"192.0.{number % 200}.7").answer(f"guess-{number}")
        world.clock.advance(DAY)
    assert world.failures().in_all == 100
    assert world.failures().disabled
    terminal = await world.begin(rhost="198.51.100.7").answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
