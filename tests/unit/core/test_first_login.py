# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A first login enrols whom another module proved, once the number's code came back."""

import pytest

from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import CodeNotSent, EnrolmentChanged, LoginDenied, LoginGranted
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.core.policy import Factor, Mode, Unenrolled
from smsotpd.core.throttle import NO_FAILURES
from smsotpd.core.transaction import Result, Step, StepKind
from tests.fakes.world import RHOST, USER, WRONG_CODE, Terminal, World

NUMBER = "+431234567"
ASKS = "Not enrolled yet. Mobile number, as +491701234567: "
USER_UID = 1000


@pytest.fixture
def world() -> World:
    """Return a world in which nobody is enrolled and whoever comes may enrol."""
    world = World()
    world.set_policy(unenrolled=Unenrolled.ENROL, factors=frozenset({Factor.CODE}))
    return world


def is_enrolled(world: World, user: str = USER) -> bool:
    with world.store.change() as change:
        return change.enrolment(user) is not None


async def asked_for_code(
    world: World, number: str = NUMBER, *, service: str = "login", rhost: str = RHOST
) -> Terminal:
    terminal = await world.begin(service=service, rhost=rhost).answer(number)
    assert terminal.outcome is None, terminal.steps
    return terminal


async def test_the_number_counts_when_its_code_comes_back_and_the_user_is_in(world: World) -> None:
    terminal = world.begin()
    assert terminal.steps == (Step(StepKind.VISIBLE, ASKS),)
    await terminal.answer(NUMBER)
    assert terminal.prompt == "Code sent to +43 ••• ••67: "
    assert not is_enrolled(world)
    await terminal.answer(world.code)
    assert terminal.notes == ["You are enrolled. Codes go to +43 ••• ••67."]
    assert terminal.outcome is Result.SUCCESS
    assert is_enrolled(world)
    assert [event.change for event in world.journal.of(EnrolmentChanged)] == [
        "enrolled at the first login"
    ]
    assert len(world.journal.of(LoginGranted)) == 1
    assert world.failures() == NO_FAILURES


async def test_from_then_on_the_user_logs_in_like_any_other(world: World) -> None:
    await (await asked_for_code(world)).answer(world.code)
    terminal = await world.begin().answer("r")
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_what_is_no_number_is_asked_for_again_and_nothing_is_sent(world: World) -> None:
    terminal = world.begin()
    for typed in ("", "0170 1234567", "r", "+49,+43", "\x1b[2J"):
        await terminal.answer(typed)
        assert terminal.prompt == "No such number. With + and country code: "
    assert world.texts == []


async def test_questions_without_a_number_end(world: World) -> None:
    terminal = world.begin()
    for _ in range(9):
        await terminal.answer("")
    assert terminal.outcome is Result.MAXTRIES
    assert not is_enrolled(world)


async def test_a_wrong_code_costs_a_try_and_the_third_ends_it_unenrolled(world: World) -> None:
    terminal = await asked_for_code(world, service="sshd")
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Wrong code, 2 tries left. Code: "
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Wrong code, 1 try left. Code: "
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Too many wrong codes. Try again later. (Enter) "
    await terminal.answer("")
    assert terminal.outcome is Result.MAXTRIES
    assert not is_enrolled(world)
    assert world.failures().in_all == 3
    assert world.journal.of(LoginDenied)[-1].reason == "not enrolled: too many wrong codes"


async def test_an_expired_code_enrols_nobody(world: World) -> None:
    terminal = await asked_for_code(world)
    world.clock.advance(300)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.MAXTRIES
    assert not is_enrolled(world)


async def test_guesses_are_counted_over_logins_and_lock(world: World) -> None:
    world.set_limits(failures_to_lock=2, resend_seconds=0.0)
    terminal = await asked_for_code(world)
    await terminal.answer(WRONG_CODE, WRONG_CODE)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.MAXTRIES
    assert world.journal.of(LoginDenied)[-1].reason == "not enrolled: locked"
    terminal = await world.begin().answer(NUMBER)
    assert terminal.outcome is Result.MAXTRIES
    assert len(world.texts) == 1


async def test_numbers_cost_what_logins_cost(world: World) -> None:
    await asked_for_code(world)
    terminal = await world.begin().answer("+431234568")
    assert terminal.notes == ["A code was sent just now. Try again in 30 s."]
    assert world.count("send", "user", USER) == 1
    assert world.count("send", "prefix", "43") == 1
    assert [event.reason for event in world.journal.of(CodeNotSent)] == ["cooldown"]
    world.clock.advance(24 * 3600)
    for number in range(20):
        await asked_for_code(world, f"+4312345{number:02}")
        world.clock.advance(3600)
    terminal = await world.begin().answer(NUMBER)
    assert terminal.outcome is Result.MAXTRIES
    assert len(world.texts) == 21


async def test_a_gateway_that_fails_ends_it_and_says_so(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.CREDIT, "no credit"))
    terminal = await world.begin().answer(NUMBER)
    assert terminal.outcome is Result.UNAVAILABLE
    assert not is_enrolled(world)


async def test_of_two_who_enrol_at_once_only_the_first_is_taken(world: World) -> None:
    world.set_limits(resend_seconds=0.0)
    first = await asked_for_code(world)
    first_code = world.code
    second = await asked_for_code(world, "+491701234589", rhost="203.0.113.9")
    await second.answer(world.code)
    await first.answer(first_code)
    assert second.outcome is Result.SUCCESS
    assert first.outcome is Result.AUTH_ERR
    with world.store.change() as change:
        enrolment = change.enrolment(USER)
    assert enrolment is not None
    assert enrolment.recipients[0].address == "+491701234589"


async def test_a_login_that_is_given_up_meanwhile_enrols_nobody(world: World) -> None:
    terminal = world.begin()
    world.gateway.meanwhile = terminal.cancel
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(NUMBER)
    world.clock.advance(60)
    terminal = await asked_for_code(world)
    for _ in range(2):
        await terminal.answer(WRONG_CODE)
    world.clock.meanwhile = terminal.cancel
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(world.code)
    assert not is_enrolled(world)


async def test_no_program_but_roots_and_no_single_field_enrols(world: World) -> None:
    for terminal in (
        world.begin(uid=USER_UID),
        world.begin(mode=Mode.TWO_ATTEMPT),
        world.begin(mode=Mode.CHANGE_PIN),
    ):
        assert terminal.prompt != ASKS


def test_members_of_a_required_group_are_enrolled_by_an_administrator(world: World) -> None:
    world.set_policy(required_groups=frozenset({"admins"}))
    assert world.begin().prompt == ASKS
    for groups in (frozenset({"admins"}), None):
        world.accounts.by_user[USER] = groups
        assert world.begin().prompt != ASKS


def test_with_a_pin_among_the_factors_nobody_enrols(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.PIN, Factor.CODE}))
    assert world.begin().prompt == "PIN: "


async def test_the_number_stands_nowhere_but_in_the_message(world: World) -> None:
    await (await asked_for_code(world)).answer(world.code)
    assert "1234567" not in repr(world.journal.events)
