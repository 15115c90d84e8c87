# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Guesses are counted before they are judged: delays, lock, disabling, budgets."""

import asyncio
from dataclasses import replace

import pytest

from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import LoginDenied, LoginGranted, UserLocked
from smsotpd.core.guessing import subject_of
from smsotpd.core.limits import Budget, Limits
from smsotpd.core.policy import Mode
from smsotpd.core.recipient import parse_phone
from smsotpd.core.throttle import (
    NO_FAILURES,
    Counter,
    Failures,
    Permit,
    Refusal,
    count_within,
    is_locked,
    release_guess,
    reserve_guess,
)
from smsotpd.core.transaction import Result
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.world import KEY, PHONE, PIN, RHOST, WRONG_CODE, World

LIMITS = Limits()


async def guess(world: World, *, patiently: bool = True) -> str:
    """Guess one PIN wrongly; return why the journal says it was denied."""
    if patiently:
        world.clock.advance(60.0)
    await world.begin().answer("Blumenkohl8")
    return world.journal.of(LoginDenied)[-1].reason


async def test_a_wrong_pin_is_counted(world: World) -> None:
    await guess(world)
    assert world.failures().towards_lock == world.failures().in_all == 1


async def test_the_count_is_on_disk_before_the_pin_is_judged(world: World) -> None:
    seen: list[int] = []
    world.hasher.meanwhile = lambda: seen.append(world.failures().in_all)
    await world.begin().answer("Blumenkohl8")
    assert seen == [1]


async def test_a_count_that_cannot_be_stored_judges_nothing(world: World) -> None:
    terminal = world.begin()
    world.store.unavailable_on_commit = True
    with pytest.raises(Exception, match="told to fail"):
        await terminal.answer(PIN)
    assert world.hasher.verified == 0


async def test_a_right_pin_and_a_granted_login_leave_no_failure(world: World) -> None:
    await guess(world)
    terminal = await world.begin().answer(PIN)
    assert world.failures().in_all == 1
    await terminal.answer(world.code)
    assert world.failures() == NO_FAILURES


async def test_delays_grow_with_each_failure(world: World) -> None:
    waits = []
    for _ in range(5):
        world.clock.slept.clear()
        await guess(world, patiently=False)
        waits.append(world.clock.slept[0])
    assert waits == [0.0, 0.0, 0.0, 5.0, 10.0]


async def test_a_guess_that_would_wait_too_long_is_refused_unjudged_and_uncounted(
    world: World,
) -> None:
    for _ in range(6):
        await guess(world, patiently=False)
    assert world.journal.of(LoginDenied)[-1].reason == "wrong PIN"
    before = world.failures()
    assert await guess(world, patiently=False) == "delayed"
    assert world.failures() == before


async def test_the_delay_outlives_a_restart(world: World) -> None:
    for _ in range(6):
        await guess(world, patiently=False)
    world.restart()
    assert await guess(world, patiently=False) == "delayed"


async def test_the_tenth_failure_locks_for_thirty_minutes(world: World) -> None:
    for _ in range(10):
        assert await guess(world) == "wrong PIN"
    (event,) = world.journal.of(UserLocked)
    assert (event.failures, event.disabled) == (10, False)
    world.clock.advance(1799.0)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert world.journal.of(LoginDenied)[-1].reason == "locked"
    world.clock.advance(1.0)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is None


async def test_wrong_codes_count_towards_the_lock_like_wrong_pins(world: World) -> None:
    world.put_failures(Failures(towards_lock=8, in_all=8, last=world.clock.now()))
    terminal = await world.begin().answer(PIN)
    world.clock.advance(60.0)
    await terminal.answer(WRONG_CODE)
    assert world.failures().locked is None
    world.clock.advance(60.0)
    await terminal.answer(WRONG_CODE)
    assert is_locked(world.failures(), LIMITS, world.clock.now())
    await terminal.answer(world.code)
    assert terminal.outcome is Result.MAXTRIES
    assert world.journal.of(LoginGranted) == []


async def test_a_lock_outlives_a_restart(world: World) -> None:
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    world.restart()
    await world.begin().answer(PIN)
    assert world.texts == []


async def test_after_a_lock_ten_more_failures_lock_again(world: World) -> None:
    for _ in range(10):
        await guess(world)
    world.clock.advance(1800.0)
    for _ in range(9):
        await guess(world)
    assert not is_locked(world.failures(), LIMITS, world.clock.now())
    await guess(world)
    assert is_locked(world.failures(), LIMITS, world.clock.now())
    assert world.failures().in_all == 20


async def test_the_hundredth_failure_disables_until_an_administrator_unlocks(world: World) -> None:
    world.put_failures(Failures(towards_lock=5, in_all=99))
    await guess(world)
    (event,) = world.journal.of(UserLocked)
    assert (event.failures, event.disabled) == (100, True)
    world.clock.advance(10 * 86_400.0)
    await world.begin().answer(PIN)
    assert world.journal.of(LoginDenied)[-1].reason == "disabled"
    world.users.unlock("anna", 0)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is None


async def test_the_right_pin_as_the_tenth_guess_locks_nobody(world: World) -> None:
    world.put_failures(Failures(towards_lock=9, in_all=9))
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is None
    assert world.failures().locked is None
    assert world.journal.of(UserLocked) == []


async def test_the_right_code_as_the_tenth_guess_locks_nobody(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.put_failures(Failures(towards_lock=9, in_all=9))
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.journal.of(UserLocked) == []


async def test_the_right_pin_as_the_hundredth_guess_disables_nobody(world: World) -> None:
    world.put_failures(Failures(towards_lock=5, in_all=99))
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is None
    assert not world.failures().disabled
    assert world.failures().in_all == 99


async def test_a_right_pin_never_lifts_a_lock_that_another_guess_set(world: World) -> None:
    world.put_failures(Failures(towards_lock=5, in_all=5))
    lock = Failures(10, 10, world.clock.now(), world.clock.now())
    world.hasher.meanwhile = lambda: world.put_failures(lock)
    await world.begin().answer(PIN)
    assert world.failures().locked == lock.locked
    assert world.texts == []


async def test_a_right_pin_never_undoes_that_another_guess_disabled(world: World) -> None:
    disabled = Failures(3, 100, world.clock.now(), disabled=True)
    world.hasher.meanwhile = lambda: world.put_failures(disabled)
    await world.begin().answer(PIN)
    assert world.failures().disabled


def test_a_release_lowers_both_counts_by_one_and_keeps_the_delay() -> None:
    before = Failures(4, 7, NOON, next_slot=NOON.boot + 9.0)
    after = release_guess(before, Permit())
    assert after == replace(before, towards_lock=3, in_all=6)


def test_a_release_of_what_was_forgotten_meanwhile_leaves_nothing_below_zero() -> None:
    assert release_guess(NO_FAILURES, Permit()) == NO_FAILURES


async def test_the_right_pin_does_not_speed_up_guessing_codes(world: World) -> None:
    """Each further login costs a PIN; if its release took back the delay, codes would be free."""
    world.set_limits(failures_to_lock=1000, failures_to_disable=1000, resend_seconds=0.0)
    judged, refused = 0, 0
    for _ in range(40):
        terminal = await world.begin().answer(PIN)
        while terminal.outcome is None:
            before = world.failures().in_all
            await terminal.answer(WRONG_CODE)
            judged += world.failures().in_all - before
        refused += world.journal.of(LoginDenied)[-1].reason == "delayed"
    assert judged <= 6
    assert refused >= 30


@pytest.mark.parametrize("yields", [0, 1, 7])
async def test_five_hundred_parallel_pins_are_judged_no_more_often_than_one_after_the_other(
    world: World, yields: int
) -> None:
    world.settings = replace(world.settings, most_transactions=100_000)
    terminals = [world.begin(rhost=f"h{number}") for number in range(500)]
    world.hasher.yields = yields
    await asyncio.gather(*(terminal.answer("Blumenkohl8") for terminal in terminals))
    reasons = [event.reason for event in world.journal.of(LoginDenied)]
    assert len(reasons) == 500
    assert reasons.count("wrong PIN") == 5
    assert reasons.count("delayed") == 495
    assert world.failures().in_all == 5


@pytest.mark.parametrize("yields", [0, 1, 7])
async def test_five_hundred_parallel_codes_get_three_answers(world: World, yields: int) -> None:
    world.settings = replace(world.settings, most_transactions=100_000)
    world.hasher.yields = yields
    terminals = [await world.begin().answer(PIN) for _ in range(500)]
    await asyncio.gather(*(terminal.answer(WRONG_CODE) for terminal in terminals))
    prompts = [terminal.steps[-1].text for terminal in terminals]
    assert sum("2 tries" in prompt for prompt in prompts) == 1
    assert sum("1 try" in prompt for prompt in prompts) == 1
    reasons = [event.reason for event in world.journal.of(LoginDenied)]
    assert reasons.count("too many wrong codes") == 1
    assert len(world.texts) == 1


@pytest.mark.parametrize("yields", [0, 1, 7])
async def test_one_code_typed_in_fifty_logins_at_once_lets_in_one(
    world: World, yields: int
) -> None:
    world.hasher.yields = yields
    terminals = [await world.begin().answer(PIN) for _ in range(50)]
    await asyncio.gather(*(terminal.answer(world.code) for terminal in terminals))
    assert sum(terminal.outcome is Result.SUCCESS for terminal in terminals) == 1
    assert len(world.journal.of(LoginGranted)) == 1


async def test_the_same_transaction_takes_one_answer_at_a_time(world: World) -> None:
    terminal = world.begin()
    world.hasher.yields = 3
    replies = await asyncio.gather(
        *(terminal.answer("Blumenkohl8") for _ in range(5)), return_exceptions=True
    )
    assert [isinstance(reply, NoSuchTransactionError) for reply in replies] == [False] + [True] * 4
    assert world.hasher.verified == 1


async def test_a_code_guess_that_has_to_wait_is_judged_after_the_wait(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.put_failures(Failures(3, 3, world.clock.now(), next_slot=world.clock.now().boot + 12.0))
    before = world.clock.now().boot
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.clock.now().boot == before + 12.0


async def test_a_code_that_expires_while_its_guess_waits_lets_nobody_in(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.advance(295.0)
    world.put_failures(Failures(3, 3, world.clock.now(), next_slot=world.clock.now().boot + 12.0))
    await terminal.answer(world.code)
    assert terminal.prompt == "This code has expired. r sends a new one: "


async def test_a_code_that_is_used_while_its_guess_waits_lets_nobody_in(world: World) -> None:
    waiting, other = await world.begin().answer(PIN), await world.begin().answer(PIN)
    code = world.code
    slot = world.clock.now().boot
    world.put_failures(Failures(3, 3, world.clock.now(), next_slot=slot + 5.0))
    await asyncio.gather(other.answer(code), waiting.answer(code))
    assert other.outcome is Result.SUCCESS
    assert waiting.outcome is None


SCOPES = [
    ("guesses_per_phone", "phone", subject_of(parse_phone(PHONE), KEY)),
    ("guesses_per_origin", "origin", RHOST),
    ("guesses_per_prefix", "prefix", "49"),
    ("guesses_in_all", "all", ""),
]


@pytest.mark.parametrize(("limit", "scope", "subject"), SCOPES)
async def test_a_budget_of_guesses_holds_for_its_window(
    world: World, limit: str, scope: str, subject: str
) -> None:
    world.set_limits(**{limit: Budget(2, 3600.0)})
    assert await guess(world) == "wrong PIN"
    assert await guess(world) == "wrong PIN"
    assert world.count("guess", scope, subject) == 2
    before = world.failures()
    world.restart()
    assert await guess(world) == "budget"
    assert world.failures() == before
    await world.begin().answer(PIN)
    assert world.texts == []
    world.clock.advance(3600.0)
    assert await guess(world) == "wrong PIN"


async def test_a_refused_guess_uses_up_no_other_budget(world: World) -> None:
    world.set_limits(guesses_per_prefix=Budget(1, 3600.0))
    await guess(world)
    await guess(world)
    assert world.count("guess", "all") == 1
    assert world.count("guess", "origin", RHOST) == 1


async def test_a_local_login_uses_up_no_origin(world: World) -> None:
    world.set_limits(guesses_per_origin=Budget(0, 3600.0), sends_per_origin=Budget(0, 3600.0))
    terminal = await world.begin(service="sudo", rhost="").answer(PIN)
    assert terminal.outcome is None


async def test_right_guesses_use_up_no_budget(world: World) -> None:
    world.set_limits(guesses_in_all=Budget(2, 3600.0))
    for _ in range(5):
        terminal = await world.begin().answer(PIN)
        await terminal.answer(world.code)
        assert terminal.outcome is Result.SUCCESS
    assert world.count("guess", "all") == 0


async def test_two_users_of_one_phone_share_its_budget(world: World) -> None:
    world.enrol("ben")
    world.set_limits(guesses_per_phone=Budget(1, 3600.0))
    await guess(world)
    await world.begin("ben").answer("Blumenkohl8")
    assert world.journal.of(LoginDenied)[-1].reason == "budget"


async def test_a_locked_user_keeps_nobody_else_out(world: World) -> None:
    world.enrol("ben", phone="+431234567")
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    terminal = await world.begin("ben").answer(PIN)
    assert terminal.outcome is None


async def test_wrong_pins_of_a_pin_change_count_too(world: World) -> None:
    await world.begin(mode=Mode.CHANGE_PIN).answer("Blumenkohl8")
    assert world.failures().in_all == 1


def test_delays_are_per_boot_and_follow_the_boot_clock() -> None:
    clock = FakeClock()
    failures = Failures(5, 5, clock.now(), next_slot=clock.now().boot + 14.0)
    clock.set_wall_clock(10_000.0)
    verdict, _ = reserve_guess(failures, LIMITS, clock.now())
    assert verdict == Permit(14.0, failures=6)
    clock.reboot()
    verdict, counted = reserve_guess(failures, LIMITS, clock.now())
    assert verdict == Permit(0.0, failures=6)
    assert counted.next_slot == clock.now().boot + 20.0


def test_what_is_refused_is_not_counted() -> None:
    for failures, refusal in (
        (Failures(disabled=True), Refusal.DISABLED),
        (Failures(10, 10, NOON, NOON), Refusal.LOCKED),
        (Failures(6, 6, NOON, next_slot=NOON.boot + 15.1), Refusal.DELAYED),
    ):
        assert reserve_guess(failures, LIMITS, NOON) == (refusal, failures)


def test_a_budget_counts_up_to_its_number() -> None:
    counter: Counter | None = None
    for count in (1, 2, 3):
        counter = count_within(counter, Budget(3, 60.0), NOON)
        assert counter == Counter(NOON, count, 60.0)
    assert count_within(counter, Budget(3, 60.0), NOON) is None
