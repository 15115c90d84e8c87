# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Nobody learns from a login who is enrolled, locked or disabled; sshd's stand-ins do nothing."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from smsotpd.core.policy import Mode
from smsotpd.core.throttle import Failures
from smsotpd.core.transaction import Result, Steps
from tests.fakes.world import PIN, World


@dataclass(frozen=True)
class Seen:
    """All that somebody outside can see or measure of one login."""

    prompts: Steps
    steps: Steps
    hashes: int
    commits: int
    waited: float


def nobody(world: World) -> str:
    del world
    return "nobody"


def wrong_pin(world: World) -> str:
    world.enrol(pin="Blumenkohl8")
    return "anna"


def locked(world: World) -> str:
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    return "anna"


def disabled_by_failures(world: World) -> str:
    world.put_failures(Failures(5, 100, world.clock.now(), disabled=True))
    return "anna"


def disabled(world: World) -> str:
    world.enrol(disabled=True)
    return "anna"


def without_pin(world: World) -> str:
    world.enrol(pin="")
    return "anna"


KINDS = [nobody, wrong_pin, locked, disabled_by_failures, disabled, without_pin]
Kind = Callable[[World], str]


async def seen(kind: Kind, mode: Mode, answer: str) -> Seen:
    """Let somebody of one kind answer, and return what shows."""
    world = World()
    world.enrol()
    user = kind(world)
    commits, begun = world.store.committed, world.clock.now().boot
    terminal = world.begin(user, mode=mode)
    prompts = terminal.steps
    await terminal.answer(answer)
    assert world.texts == []
    return Seen(
        prompts,
        terminal.steps,
        world.hasher.verified,
        world.store.committed - commits,
        world.clock.now().boot - begun,
    )


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.TWO_ATTEMPT, Mode.CHANGE_PIN])
@pytest.mark.parametrize("answer", [PIN, "803157246", f"{PIN}123456", "x", "x" * 64])
@pytest.mark.parametrize("kind", KINDS)
async def test_whoever_is_denied_meets_the_same_steps_hashes_writes_and_time(
    kind: Kind, mode: Mode, answer: str
) -> None:
    shown = await seen(kind, mode, answer)
    assert shown == await seen(nobody, mode, answer)
    assert shown.steps[-1].text == Result.AUTH_ERR
    assert shown.hashes >= 1
    assert shown.commits == 1


async def test_names_that_are_not_enrolled_lock_like_those_that_are(world: World) -> None:
    outcomes = []
    for user in ("anna", "nobody"):
        for _ in range(11):
            world.clock.advance(60.0)
            await world.begin(user).answer("Blumenkohl8")
        outcomes.append((world.failures(user).locked is not None, world.failures(user).in_all))
    assert outcomes == [(True, 10), (True, 10)]


def stand_in(length: int) -> str:
    """Return what sshd sends instead of a password it does not want judged (auth-pam.c)."""
    junk = "\b\n\r\177INCORRECT"
    return (junk * (length // len(junk) + 1))[:length]


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.TWO_ATTEMPT, Mode.CHANGE_PIN])
@pytest.mark.parametrize("length", [*range(16), 64, 65, 70, 71, 1024])
@pytest.mark.parametrize("user", ["anna", "nobody"])
async def test_sshds_stand_in_for_a_password_costs_a_write_and_changes_nothing(
    world: World, user: str, mode: Mode, length: int
) -> None:
    world.write_nothing()
    before = world.stored()
    commits = world.store.committed
    terminal = await world.begin(user, mode=mode).answer(stand_in(length))
    assert terminal.outcome is Result.AUTH_ERR
    assert world.stored() == before
    assert world.store.committed == commits + 1
    assert world.texts == []
    assert world.hasher.verified == 1


async def test_a_pin_longer_than_any_pin_is_not_counted(world: World) -> None:
    world.write_nothing()
    before = world.stored()
    await world.begin().answer("x" * 65)
    assert world.stored() == before
    assert world.hasher.verified == 1


async def test_nobody_is_sent_anything_before_the_right_pin(world: World) -> None:
    for answer in ("", "r", "123456", PIN.lower(), f"{PIN} ", f" {PIN}", PIN[:-1], f"{PIN}\x00"):
        world.clock.advance(60.0)
        await world.begin().answer(answer)
    assert world.texts == []
    assert world.challenge() is None
