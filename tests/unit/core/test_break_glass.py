# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Break-glass codes: by root, for a reason, for a time, once; and the journal knows."""

import pytest

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.errors import (
    BadArgumentError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
)
from smsotpd.core.events import (
    BreakGlassExpired,
    BreakGlassMade,
    BreakGlassUsed,
    LoginGranted,
)
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.core.policy import Factor
from smsotpd.core.transaction import Result
from smsotpd.core.ways import Ways
from tests.fakes.world import PIN, World

WHY = "phone lost, ticket 4711"


async def break_glass(world: World, seconds: int = 900) -> str:
    return await world.break_glasses.make("anna", seconds, WHY, 0)


async def test_the_code_lets_in_once_after_the_pin_and_the_journal_tells_it_all(
    world: World,
) -> None:
    code = await break_glass(world)
    assert world.ways().break_glass
    terminal = await world.begin().answer(PIN, code)
    assert terminal.outcome is Result.SUCCESS
    (made,), (used,) = world.journal.of(BreakGlassMade), world.journal.of(BreakGlassUsed)
    assert (made.user, made.reason, made.seconds, made.by_uid) == ("anna", WHY, 900.0, 0)
    assert (used.login.user, used.reason) == ("anna", WHY)
    assert world.journal.of(LoginGranted)[-1].kind == "break-glass"
    assert (await world.begin().answer(PIN, code)).outcome is None
    assert code not in repr(world.journal.events)
    assert code.replace("-", "") not in repr(world.stored())


async def test_it_does_not_stand_for_the_pin(world: World) -> None:
    terminal = await world.begin().answer(await break_glass(world))
    assert terminal.outcome is Result.AUTH_ERR


async def test_it_lets_in_where_no_gateway_works_and_where_no_policy_names_it(
    world: World,
) -> None:
    world.set_policy(codes=frozenset({CodeKind.SENT}))
    world.gateway.will(Rejected(ErrorClass.AUTH, "no"))
    code = await break_glass(world)
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == "No code could be sent. Code: "
    await terminal.answer(code)
    assert terminal.outcome is Result.SUCCESS


async def test_it_lets_in_where_the_code_alone_is_asked_for(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}), codes=frozenset({CodeKind.SENT}))
    terminal = await world.begin().answer(await break_glass(world))
    assert terminal.outcome is Result.SUCCESS


async def test_its_time_ends_it_and_the_journal_says_that_nobody_used_it(world: World) -> None:
    code = await break_glass(world, 60)
    world.break_glasses.expire()
    assert world.journal.of(BreakGlassExpired) == []
    world.clock.advance(60.0)
    assert (await world.begin().answer(PIN, code)).outcome is None
    world.break_glasses.expire()
    world.break_glasses.expire()
    assert world.journal.of(BreakGlassExpired) == [BreakGlassExpired("anna", WHY)]
    assert not world.ways().break_glass


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
async def test_a_jump_of_the_clock_never_lengthens_its_time(world: World, jump: float) -> None:
    code = await break_glass(world, 60)
    world.clock.set_wall_clock(jump)
    world.clock.advance(60.0)
    assert (await world.begin().answer(PIN, code)).outcome is None


async def test_a_restart_of_the_host_ends_it(world: World) -> None:
    code = await break_glass(world)
    world.clock.reboot(5.0)
    world.restart()
    assert (await world.begin().answer(PIN, code)).outcome is None


async def test_a_newer_one_replaces_it(world: World) -> None:
    older, newer = await break_glass(world), await break_glass(world)
    assert (await world.begin().answer(PIN, older)).outcome is None
    assert (await world.begin().answer(PIN, newer)).outcome is Result.SUCCESS


async def test_one_that_is_taken_back_while_it_is_compared_lets_nobody_in(world: World) -> None:
    code = await break_glass(world)
    terminal = await world.begin().answer(PIN)

    def take_back() -> None:
        with world.store.change() as change:
            change.drop_break_glass("anna")

    world.hasher.meanwhile = take_back
    await terminal.answer(code)
    assert terminal.outcome is None
    assert world.journal.of(BreakGlassUsed) == []


async def test_disabling_the_user_ends_it(world: World) -> None:
    code = await break_glass(world)
    world.users.disable("anna", 0)
    world.users.unlock("anna", 0)
    assert (await world.begin().answer(PIN, code)).outcome is None


async def test_root_alone_makes_one(world: World) -> None:
    with pytest.raises(NotAuthorizedError, match="root"):
        await world.break_glasses.make("anna", 900, WHY, 1000)
    assert not world.ways().break_glass


@pytest.mark.parametrize("seconds", [0, 59, 86_401])
async def test_a_minute_to_a_day(world: World, seconds: int) -> None:
    with pytest.raises(BadArgumentError, match="a minute"):
        await break_glass(world, seconds)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines", "\x1b[2J"])
async def test_a_reason_of_one_line_is_required(world: World, reason: str) -> None:
    with pytest.raises(BadArgumentError, match="reason"):
        await world.break_glasses.make("anna", 900, reason, 0)


async def test_nobody_unenrolled_or_disabled_gets_one(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.break_glasses.make("nobody", 900, WHY, 0)
    world.users.disable("anna", 0)
    with pytest.raises(RefusedError, match="disabled"):
        await break_glass(world)


async def test_a_host_is_not_remembered_for_it(world: World) -> None:
    world.set_policy(remember_seconds=3600.0)
    await world.begin().answer(PIN, await break_glass(world))
    assert (await world.begin().answer(PIN)).outcome is None


async def test_a_list_of_users_says_of_each_what_its_own_page_says(world: World) -> None:
    world.add_app()
    await world.add_recovery_codes()
    await break_glass(world)
    for user in ("ben", "cleo", "dora"):
        world.enrol(user)
    world.add_app("ben")
    world.add_app("cleo")
    world.users.disable("cleo", 0)
    await world.break_glasses.make("dora", 60, WHY, 0)
    world.clock.advance(60.0)
    listed = {state.enrolment.user: state.ways for state in world.users.list()}
    shown = {user: world.users.show(user).ways for user in listed}
    assert listed == shown
    assert listed == {
        "anna": Ways(authenticator=True, recovery_codes=10, break_glass=True),
        "ben": Ways(authenticator=True),
        "cleo": Ways(),
        "dora": Ways(),
    }
