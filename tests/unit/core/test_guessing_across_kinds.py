# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Attacks on a code prompt that takes codes of several kinds: one answer is one guess."""

import asyncio
from collections.abc import Sequence

import pytest

from smsotpd.core.authenticator import Authenticator, judge_app_code
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import RecoveryCodeUsed
from smsotpd.core.policy import Factor
from smsotpd.core.spare_code import parse_spare_code
from smsotpd.core.transaction import Result, StepKind
from tests.fakes.world import APP_CODES, KEY, PIN, USER, Terminal, World

SPARE = "AAAA-AAAA-AAAA-AAAA"
GUESSES = ("000000", "00000000", SPARE, "ZAAA-AAAA-AAAA-AAAA", "not-it")


@pytest.fixture
async def rich(world: World) -> World:
    """Return a world whose user has everything there is."""
    world.add_app()
    await world.add_recovery_codes()
    await world.break_glasses.make(USER, 3600, "test", 0)
    return world


async def open_logins(world: World, number: int) -> Sequence[Terminal]:
    world.set_limits(resend_seconds=0.0)
    return [await world.begin(rhost=f"192.0.2.{i}").answer(PIN) for i in range(number)]


@pytest.mark.parametrize("guess", GUESSES)
async def test_each_kind_of_guess_costs_one_answer_and_one_failure(rich: World, guess: str) -> None:
    terminal = await rich.begin().answer(PIN, guess)
    challenge = rich.challenge()
    assert challenge is not None
    assert challenge.answers_left == 2
    assert rich.failures().in_all == 1
    await terminal.answer(guess, guess)
    assert terminal.outcome is Result.MAXTRIES


async def test_mixing_the_kinds_buys_no_more_guesses_before_the_lock(rich: World) -> None:
    rich.set_limits(resend_seconds=0.0, longest_delay_seconds=1e6)
    judged = 0
    for attempt in range(40):
        terminal = await rich.begin(rhost=f"192.0.2.{attempt}").answer(PIN)
        for number in range(3):
            if terminal.steps[-1].kind is StepKind.OUTCOME:
                break
            before = rich.failures().in_all
            await terminal.answer(GUESSES[(attempt + number) % len(GUESSES)])
            judged += rich.failures().in_all - before
    assert judged == 10
    assert rich.failures().locked is not None


async def test_parallel_guesses_of_all_kinds_are_counted_one_by_one(rich: World) -> None:
    terminals = await open_logins(rich, 30)
    rich.hasher.yields = 2

    async def guess(number: int) -> None:
        await terminals[number].answer(GUESSES[number % len(GUESSES)])

    await asyncio.gather(*(guess(number) for number in range(30)))
    failures = rich.failures()
    assert failures.in_all <= 10
    assert all(terminal.outcome is not Result.SUCCESS for terminal in terminals)


async def test_parallel_right_and_wrong_answers_use_a_recovery_code_once(rich: World) -> None:
    codes = await rich.add_recovery_codes()
    terminals = await open_logins(rich, 8)
    rich.hasher.yields = 2
    answers = [codes[0] if number % 2 else "000000" for number in range(8)]

    await asyncio.gather(
        *(terminal.answer(text) for terminal, text in zip(terminals, answers, strict=True))
    )
    assert [terminal.outcome for terminal in terminals].count(Result.SUCCESS) == 1
    assert len(rich.journal.of(RecoveryCodeUsed)) == 1


async def test_a_login_that_is_cancelled_while_its_recovery_code_is_judged_is_not_granted(
    world: World,
) -> None:
    codes = await world.add_recovery_codes()
    terminal = await world.begin().answer(PIN)
    world.hasher.meanwhile = terminal.cancel
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(codes[0])
    assert terminal.outcome is None


@pytest.mark.parametrize(("drift", "steps"), [(0, 3), (1, 4), (-1, 4), (2, 5), (-2, 5)])
def test_one_guess_of_six_digits_hits_an_app_three_to_five_times_in_a_million(
    drift: int, steps: int
) -> None:
    def code_at(_seed: bytes, step: int, digits: int) -> str:
        return f"{step % 10**digits:0{digits}}"

    app = Authenticator("anna", "salt", drift=drift)
    wall = 30.0 * 58_000_123 + 7
    hits = sum(
        judge_app_code(app, f"{number:06}", KEY, code_at, wall) is not None
        for number in range(1_000_000)
        if abs(number - 123) < 50 or number % 1009 == 0
    )
    assert hits == steps


def test_every_step_of_the_window_is_computed_whichever_is_right() -> None:
    computed: list[int] = []

    def code_at(seed: bytes, step: int, digits: int) -> str:
        computed.append(step)
        return APP_CODES.code(seed, step, digits)

    app = Authenticator("anna", "salt")
    for answer in ("000000", "", "ü", "\ud800"):
        judge_app_code(app, answer, KEY, code_at, 3000.0)
    assert computed == [97, 98, 99, 100, 101, 102, 103] * 4


@pytest.mark.parametrize("answer", ["000000", SPARE, "not-it"])
async def test_without_a_pin_everybody_costs_the_same_writes_hashes_and_words(
    rich: World, answer: str
) -> None:
    rich.set_policy(factors=frozenset({Factor.CODE}))
    spent = []
    for user in (USER, "nobody"):
        terminal = rich.begin(user, rhost="")
        writes, hashes = rich.store.committed, rich.hasher.verified
        await terminal.answer(answer)
        spent.append((rich.store.committed - writes, rich.hasher.verified - hashes, terminal.notes))
        assert rich.failures(user).in_all == 1
    assert spent[0] == spent[1]


async def test_without_a_pin_everybody_locks_alike(rich: World) -> None:
    rich.set_policy(factors=frozenset({Factor.CODE}))
    rich.set_limits(longest_delay_seconds=1e6)
    ends = []
    for user in (USER, "nobody"):
        outcomes = []
        terminal = rich.begin(user)
        for _ in range(11):
            await terminal.answer("000000")
            outcomes.append((terminal.outcome, terminal.notes))
            if terminal.outcome is not None:
                break
        ends.append(outcomes)
    assert ends[0] == ends[1]
    assert ends[0][-1][0] is Result.MAXTRIES


async def test_a_guess_that_must_wait_is_judged_after_the_wait_and_once(rich: World) -> None:
    codes = await rich.add_recovery_codes()
    rich.set_limits(failures_without_delay=0)
    terminal = await rich.begin().answer(PIN, codes[0])
    assert terminal.outcome is Result.SUCCESS
    assert rich.clock.slept


async def test_a_kind_that_is_switched_off_meanwhile_counts_for_logins_that_began_before(
    rich: World,
) -> None:
    codes = await rich.add_recovery_codes()
    terminal = await rich.begin().answer(PIN)
    rich.set_policy(codes=frozenset({CodeKind.SENT}))
    await terminal.answer(codes[0])
    assert terminal.outcome is Result.SUCCESS
    assert (await rich.begin().answer(PIN, codes[1])).outcome is None


def test_a_code_with_a_nul_or_a_surrogate_is_no_spare_code() -> None:
    for text in ("A" * 15 + "\0", "\ud800" * 16, "Ａ" * 16):
        assert parse_spare_code(text) == ""
