# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Another code for the same login: cool-downs, budgets, and what a resend does not change."""

from dataclasses import replace

import pytest

from smsotpd.core.events import CodeFailed, CodeNotSent
from smsotpd.core.guessing import subject_of
from smsotpd.core.limits import Budget, Limits
from smsotpd.core.outcome import ErrorClass, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.core.throttle import Cooldown, Failures, cooldown_seconds, next_cooldown
from smsotpd.core.transaction import Result
from tests.fakes.clock import FakeClock
from tests.fakes.world import KEY, MASKED, PHONE, PIN, RHOST, WRONG_CODE, Terminal, World

LIMITS = Limits()
FAILED = Rejected(ErrorClass.CREDIT)


async def at_code_prompt(world: World) -> Terminal:
    """Return a login that waits for its code, long enough for another to be sent."""
    terminal = await world.begin().answer(PIN)
    world.clock.advance(30.0)
    return terminal


@pytest.mark.parametrize("word", ["r", "R", " r "])
async def test_a_resend_sends_a_new_code_and_the_old_one_dies(world: World, word: str) -> None:
    terminal = await at_code_prompt(world)
    old = world.code
    await terminal.answer(word)
    assert terminal.prompt == f"Code sent to {MASKED}: "
    assert world.code != old
    await terminal.answer(old)
    assert terminal.prompt.startswith("Wrong code")
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_resend_resets_no_count(world: World) -> None:
    terminal = await at_code_prompt(world)
    await terminal.answer(WRONG_CODE, WRONG_CODE, "r", WRONG_CODE)
    assert terminal.outcome is Result.MAXTRIES
    assert len(world.texts) == 2


async def test_a_resend_too_early_says_how_long_to_wait_and_keeps_the_code(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.clock.advance(12.0)
    await terminal.answer("r")
    assert terminal.prompt == "No new code for 18 s. Code: "
    assert len(world.texts) == 1
    (event,) = world.journal.of(CodeNotSent)
    assert event.reason == "cooldown"
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_the_cool_down_doubles_with_each_send(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    for seconds in (30.0, 60.0, 120.0):
        world.clock.advance(seconds - 1.0)
        await terminal.answer("r")
        assert terminal.prompt == "No new code for 1 s. Code: "
        world.clock.advance(1.0)
        await terminal.answer("r")
        assert terminal.prompt == f"Code sent to {MASKED}: "


async def test_one_challenge_has_three_resends(world: World) -> None:
    world.set_limits(resend_seconds=0.0)
    terminal = await world.begin().answer(PIN, "r", "r", "r")
    assert len(world.texts) == 4
    await terminal.answer("r")
    assert terminal.prompt == "No more new codes. Code: "
    assert len(world.texts) == 4
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_cool_down_keeps_a_second_login_from_sending(world: World) -> None:
    await world.begin().answer(PIN)
    terminal = await world.begin(service="sudo", rhost="").answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert terminal.notes == ["A code was sent just now. Try again in 30 s."]
    assert len(world.texts) == 1


async def test_a_cool_down_outlives_a_restart(world: World) -> None:
    await world.begin().answer(PIN)
    world.restart()
    terminal = await world.begin(service="sudo").answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR


async def test_three_wrong_codes_do_not_make_the_next_code_come_sooner(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    await terminal.answer(WRONG_CODE, WRONG_CODE, WRONG_CODE)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert len(world.texts) == 1


async def test_a_granted_login_ends_the_cool_down(world: World) -> None:
    for _ in range(3):
        terminal = await world.begin().answer(PIN)
        await terminal.answer(world.code)
        assert terminal.outcome is Result.SUCCESS


async def test_a_quiet_hour_ends_the_doubling(world: World) -> None:
    world.set_policy(resends=100)
    terminal = await world.begin().answer(PIN)
    for _ in range(3):
        world.clock.advance(1000.0)
        await terminal.answer("r")
    with world.store.change() as change:
        assert change.cooldown("anna") == Cooldown(world.clock.now(), 4)
    world.clock.advance(3600.0)
    await terminal.answer("r")
    with world.store.change() as change:
        assert change.cooldown("anna") == Cooldown(world.clock.now(), 1)


async def test_a_failed_resend_keeps_the_older_code_alive(world: World) -> None:
    terminal = await at_code_prompt(world)
    code = world.code
    world.gateway.will(FAILED)
    await terminal.answer("r")
    assert terminal.prompt == "The new code could not be sent. Code: "
    await terminal.answer(code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_failed_resend_may_be_tried_again_at_once(world: World) -> None:
    terminal = await at_code_prompt(world)
    world.gateway.will(FAILED)
    await terminal.answer("r", "r")
    assert terminal.prompt == f"Code sent to {MASKED}: "


async def test_a_failed_resend_gives_no_answer_back(world: World) -> None:
    """Answers given to the new code while the gateways were tried count for the old one too."""
    terminal, other = await at_code_prompt(world), await world.begin().answer(PIN)
    world.gateway.will(FAILED, seconds=5.0)
    world.gateway.meanwhile = lambda: lower_answers_left(world)
    await terminal.answer("r")
    await other.answer(WRONG_CODE)
    assert other.prompt.startswith("Wrong code, 1 try left")


async def test_a_failed_resend_revives_no_code_that_died_meanwhile(world: World) -> None:
    terminal = await at_code_prompt(world)
    code = world.code
    world.gateway.will(FAILED)
    world.gateway.meanwhile = lambda: world.users.disable("anna", 0)
    await terminal.answer("r")
    world.users.unlock("anna", 0)
    assert world.challenge() is None
    await terminal.answer(code)
    assert terminal.prompt == "This code has expired. r sends a new one: "


async def test_a_failed_send_forgets_no_cool_down_that_began_meanwhile(world: World) -> None:
    world.gateway.will(FAILED)
    later = Cooldown(world.clock.now(), 3)

    def send_elsewhere() -> None:
        world.clock.advance(1.0)
        with world.store.change() as change:
            change.put_cooldown("anna", Cooldown(world.clock.now(), later.sends))

    world.gateway.meanwhile = send_elsewhere
    await world.begin().answer(PIN)
    with world.store.change() as change:
        assert change.cooldown("anna") == Cooldown(world.clock.now(), 3)


async def test_after_an_ambiguous_resend_the_newer_code_counts(world: World) -> None:
    terminal = await at_code_prompt(world)
    world.gateway.will(Unknown())
    await terminal.answer("r")
    assert terminal.notes == ["The code may be late; r asks for another."]
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_locked_user_is_sent_no_further_code(world: World) -> None:
    terminal = await at_code_prompt(world)
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    await terminal.answer("r")
    assert terminal.prompt == "No more new codes. Code: "
    assert len(world.texts) == 1


async def test_the_policys_own_word_asks_for_another_code(world: World) -> None:
    texts = type(world.settings.default_policy.texts)(resend_word="Neu")
    world.set_policy(texts=texts)
    terminal = await at_code_prompt(world)
    await terminal.answer("neu")
    assert len(world.texts) == 2


SCOPES = [
    ("sends_per_user", "user", "anna"),
    ("sends_per_phone", "phone", subject_of(parse_phone(PHONE), KEY)),
    ("sends_per_origin", "origin", RHOST),
    ("sends_per_prefix", "prefix", "49"),
    ("sends_in_all", "all", ""),
]


@pytest.mark.parametrize(("limit", "scope", "subject"), SCOPES)
async def test_a_budget_of_sends_holds_for_a_day(
    world: World, limit: str, scope: str, subject: str
) -> None:
    world.set_limits(**{limit: Budget(2, 86_400.0), "resend_seconds": 0.0})
    terminal = await world.begin().answer(PIN, "r")
    assert world.count("send", scope, subject) == 2
    await terminal.answer("r")
    assert terminal.prompt == "No more new codes. Code: "
    world.restart()
    world.clock.advance(86_399.0)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.MAXTRIES
    assert terminal.notes == ["Too many codes were sent. Ask an administrator."]
    world.clock.advance(1.0)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is None
    assert len(world.texts) == 3


async def test_a_granted_login_gives_no_send_back(world: World) -> None:
    world.set_limits(sends_per_user=Budget(2, 86_400.0))
    for _ in range(2):
        terminal = await world.begin().answer(PIN)
        await terminal.answer(world.code)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.MAXTRIES


async def test_every_failed_attempt_is_in_the_journal(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.CREDIT, "account is empty"), seconds=2.0)
    await world.begin().answer(PIN)
    (event,) = world.journal.of(CodeFailed)
    assert (event.gateway, event.outcome, event.error_class) == ("first", "rejected", "credit")
    assert (event.detail, event.latency, event.recipient) == ("account is empty", 2.0, MASKED)


def test_a_cool_down_has_an_upper_end() -> None:
    clock = FakeClock()
    assert cooldown_seconds(Cooldown(clock.now(), 10_000), LIMITS, clock.now()) == 3600.0


def test_a_cool_down_follows_the_boot_clock() -> None:
    clock = FakeClock()
    cooldown = next_cooldown(None, LIMITS, clock.now())
    clock.advance(10.0)
    clock.set_wall_clock(100_000.0)
    assert cooldown_seconds(cooldown, LIMITS, clock.now()) == 20.0


@pytest.mark.parametrize(("seconds", "left"), [(10.0, 20.0), (-500.0, 30.0), (30.0, 0.0)])
def test_across_boots_a_cool_down_follows_the_wall_clock(seconds: float, left: float) -> None:
    clock = FakeClock()
    cooldown = next_cooldown(None, LIMITS, clock.now())
    clock.reboot(seconds)
    assert cooldown_seconds(cooldown, LIMITS, clock.now()) == left


def test_a_cool_down_that_is_not_over_is_never_shown_as_nothing() -> None:
    clock = FakeClock()
    cooldown = next_cooldown(None, LIMITS, clock.now())
    clock.advance(29.9)
    assert cooldown_seconds(cooldown, LIMITS, clock.now()) == 1.0


def lower_answers_left(world: World) -> None:
    """Count one wrong answer to the present challenge, as another transaction does."""
    challenge = world.challenge()
    assert challenge is not None
    with world.store.change() as change:
        change.put_challenge(replace(challenge, answers_left=challenge.answers_left - 1))
