# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Codes live for five minutes at most, by either clock, across reboots, in every way through."""

import asyncio

import pytest

from smsotpd.core.moment import Moment, has_passed, may_have_passed
from smsotpd.core.policy import Factor, Mode
from smsotpd.core.throttle import Failures, is_locked
from smsotpd.core.transaction import Result
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.world import PIN, World

EXPIRED = "This code has expired. r sends a new one: "


WAYS = ["conversation", "two attempts", "transaction id"]


async def test_a_code_lets_in_until_the_last_second(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.advance(299.9)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


@pytest.mark.parametrize("way", WAYS)
async def test_expiry_binds_every_way_of_answering(world: World, way: str) -> None:
    world.set_policy(transaction_id=True)
    terminal = await world.begin().answer(PIN)
    transaction_id, code = terminal.notes[-1].rpartition(" ")[2], world.code
    world.clock.advance(300.0)
    match way:
        case "conversation":
            await terminal.answer(code)
            assert terminal.prompt == EXPIRED
        case "two attempts":
            other = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + code)
            assert other.outcome is Result.AUTH_ERR
        case _:
            result = await world.logins.verify(transaction_id, code, lambda _user: True)
            assert result is Result.AUTH_ERR
    assert world.challenge() is None


async def test_after_expiry_an_empty_answer_sends_nothing(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.advance(300.0)
    await terminal.answer(world.code, "", "")
    assert terminal.prompt == EXPIRED
    assert len(world.texts) == 1


async def test_after_expiry_a_new_code_can_be_had(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    old = world.code
    world.clock.advance(300.0)
    await terminal.answer(old, "r")
    assert len(world.texts) == 2
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_after_expiry_no_new_code_is_sent_to_whom_the_limits_forbid_it(world: World) -> None:
    world.set_limits(resend_seconds=1000.0)
    terminal = await world.begin().answer(PIN)
    world.clock.advance(300.0)
    await terminal.answer("r")
    assert terminal.outcome is Result.AUTH_ERR
    assert terminal.notes == ["A code was sent just now. Try again in 700 s."]


async def test_the_policy_may_shorten_the_life_of_a_code(world: World) -> None:
    world.set_policy(code_lifetime=60.0)
    terminal = await world.begin().answer(PIN)
    assert world.texts[0].endswith("Valid 1 min.")
    assert world.gateway.messages[0].lifetime == 60.0
    world.clock.advance(60.0)
    await terminal.answer(world.code)
    assert terminal.prompt == EXPIRED


async def test_a_reload_does_not_change_the_life_of_a_code_that_is_out(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.set_policy(code_lifetime=600.0)
    world.clock.advance(300.0)
    await terminal.answer(world.code)
    assert terminal.prompt == EXPIRED


@pytest.mark.parametrize("jump", [-86_400.0, -1.0, 60.0])
async def test_no_jump_of_the_wall_clock_lengthens_the_life_of_a_code(
    world: World, jump: float
) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.set_wall_clock(jump)
    world.clock.advance(300.0)
    await terminal.answer(world.code)
    assert terminal.prompt == EXPIRED


async def test_a_code_is_dead_once_the_wall_clock_says_so(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.set_wall_clock(300.0)
    await terminal.answer(world.code)
    assert terminal.prompt == EXPIRED


async def test_a_jump_back_and_forth_within_its_life_leaves_a_code_alive(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.set_wall_clock(-7200.0)
    world.clock.set_wall_clock(7200.0)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_restart_of_the_daemon_keeps_codes_that_are_out(world: World) -> None:
    await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    world.restart()
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_reboot_ends_codes_that_are_out(world: World) -> None:
    await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    world.clock.reboot(1.0)
    world.restart()
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + world.code)
    assert terminal.outcome is Result.AUTH_ERR


async def test_a_reboot_does_not_end_a_cool_down(world: World) -> None:
    await world.begin().answer(PIN)
    world.clock.reboot(5.0)
    world.restart()
    terminal = await world.begin().answer(PIN)
    assert terminal.notes == ["A code was sent just now. Try again in 25 s."]


@pytest.mark.parametrize("jump", [1800.0, 1_000_000.0])
async def test_setting_the_wall_clock_forward_ends_no_lock(world: World, jump: float) -> None:
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    world.clock.set_wall_clock(jump)
    assert (await world.begin().answer(PIN)).outcome is Result.AUTH_ERR
    world.clock.advance(1800.0)
    assert (await world.begin().answer(PIN)).outcome is None


async def test_setting_the_wall_clock_back_does_not_lengthen_a_lock_within_a_boot(
    world: World,
) -> None:
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    world.clock.set_wall_clock(-86_400.0)
    world.clock.advance(1800.0)
    assert (await world.begin().answer(PIN)).outcome is None


@pytest.mark.parametrize(("seconds", "locked"), [(1799.0, True), (1800.0, False), (-9.0, True)])
def test_across_boots_a_lock_follows_the_wall_clock(*, seconds: float, locked: bool) -> None:
    world = World()
    failures = Failures(10, 10, world.clock.now(), world.clock.now())
    world.clock.reboot(seconds)
    assert is_locked(failures, world.settings.limits, world.clock.now()) is locked


async def test_open_logins_end_when_the_wall_clock_jumps_forward(world: World) -> None:
    world.begin()
    world.clock.set_wall_clock(600.0)
    world.logins.expire()
    assert len(world.logins) == 0


async def test_code_only_codes_expire_too(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    terminal = await world.begin().answer("r")
    world.clock.advance(300.0)
    await terminal.answer(world.code)
    assert terminal.prompt == EXPIRED


ANOTHER_BOOT = Moment(NOON.wall, NOON.boot, "boot-2")


@pytest.mark.parametrize(
    ("wall", "boot", "may_have", "has"),
    [
        (0.0, 0.0, False, False),
        (60.0, 60.0, True, True),
        (60.0, 0.0, True, False),
        (0.0, 60.0, True, True),
        (-60.0, 60.0, True, True),
        (-60.0, 59.0, False, False),
    ],
)
def test_within_a_boot_the_stricter_clock_wins(
    *, wall: float, boot: float, may_have: bool, has: bool
) -> None:
    now = Moment(NOON.wall + wall, NOON.boot + boot, NOON.boot_id)
    assert may_have_passed(NOON, 60.0, now) is may_have
    assert has_passed(NOON, 60.0, now) is has


def test_what_must_not_live_too_long_ends_with_its_boot() -> None:
    assert may_have_passed(NOON, 60.0, ANOTHER_BOOT)
    assert not has_passed(NOON, 60.0, ANOTHER_BOOT)


async def test_the_clock_of_these_tests_wakes_the_earliest_sleeper_first() -> None:
    clock, woken = FakeClock(), []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now().boot - NOON.boot))

    await asyncio.gather(sleep(9.0), sleep(3.0), sleep(0.0), sleep(6.0))
    assert woken == [(0.0, 0.0), (3.0, 3.0), (6.0, 6.0), (9.0, 9.0)]
