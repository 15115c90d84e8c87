# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Changing a PIN through PAM."""

import pytest

from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import EnrolmentChanged, LoginDenied
from smsotpd.core.policy import Factor, Mode
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Result, Step, StepKind
from tests.fakes.world import PIN, Terminal, World

NEW_PIN = "Wirsing-31"


def change_pin(world: World) -> Terminal:
    return world.begin(service="passwd", mode=Mode.CHANGE_PIN)


async def test_the_present_pin_then_twice_the_new_one_changes_it(world: World) -> None:
    terminal = change_pin(world)
    assert terminal.steps == (Step(StepKind.HIDDEN, "Current PIN: "),)
    await terminal.answer(PIN)
    assert terminal.steps == (Step(StepKind.HIDDEN, "New PIN: "),)
    await terminal.answer(NEW_PIN)
    assert terminal.steps == (Step(StepKind.HIDDEN, "New PIN again: "),)
    await terminal.answer(NEW_PIN)
    assert terminal.notes == ["The PIN was changed."]
    assert terminal.outcome is Result.SUCCESS
    assert world.texts == []


async def test_after_a_change_the_new_pin_counts_and_the_old_one_does_not(world: World) -> None:
    await change_pin(world).answer(PIN, NEW_PIN, NEW_PIN)
    assert (await world.begin().answer(PIN)).outcome is Result.AUTH_ERR
    assert (await world.begin().answer(NEW_PIN)).outcome is None


async def test_a_change_is_in_the_journal_without_the_pin(world: World) -> None:
    await change_pin(world).answer(PIN, NEW_PIN, NEW_PIN)
    assert world.journal.events == [EnrolmentChanged("anna", "PIN changed by the user")]


async def test_a_wrong_present_pin_ends_it(world: World) -> None:
    terminal = await change_pin(world).answer("Blumenkohl8")
    assert terminal.outcome is Result.AUTH_ERR
    (event,) = world.journal.of(LoginDenied)
    assert event.reason == "PIN not changed: wrong PIN"


async def test_a_bad_new_pin_is_refused_with_the_reason_and_asked_for_again(world: World) -> None:
    terminal = await change_pin(world).answer(PIN, "1234")
    assert terminal.notes == ["That PIN is among the first that anybody would try."]
    assert terminal.prompt == "New PIN: "
    await terminal.answer(NEW_PIN, NEW_PIN)
    assert terminal.outcome is Result.SUCCESS


async def test_two_different_new_pins_change_nothing_and_are_asked_for_again(world: World) -> None:
    terminal = await change_pin(world).answer(PIN, NEW_PIN, "Wirsing-32")
    assert terminal.notes == ["The two PINs differ; nothing was changed."]
    assert terminal.prompt == "New PIN: "
    await terminal.answer(NEW_PIN, NEW_PIN)
    assert terminal.outcome is Result.SUCCESS


async def test_eight_answers_end_it(world: World) -> None:
    terminal = await change_pin(world).answer(PIN, *["1234"] * 7)
    assert terminal.outcome is None
    await terminal.answer(NEW_PIN)
    assert terminal.outcome is Result.MAXTRIES


async def test_a_change_works_where_logins_need_no_pin(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    terminal = await change_pin(world).answer(PIN, NEW_PIN, NEW_PIN)
    assert terminal.outcome is Result.SUCCESS


async def test_a_change_ends_the_codes_that_are_out(world: World) -> None:
    login = await world.begin().answer(PIN)
    code = world.code
    await change_pin(world).answer(PIN, NEW_PIN, NEW_PIN)
    await login.answer(code)
    assert login.prompt == "This code has expired. r sends a new one: "


async def test_a_login_whose_pin_was_changed_meanwhile_gets_no_further_code(world: World) -> None:
    login = await world.begin().answer(PIN)
    await change_pin(world).answer(PIN, NEW_PIN, NEW_PIN)
    world.clock.advance(60.0)
    await login.answer("r")
    assert login.outcome is Result.AUTH_ERR
    assert len(world.texts) == 1


async def test_a_pin_that_an_administrator_set_meanwhile_is_not_overwritten(world: World) -> None:
    terminal = await change_pin(world).answer(PIN, NEW_PIN)
    await world.users.set_pin("anna", Secret("Mangold-12"), 0)
    await terminal.answer(NEW_PIN)
    assert terminal.outcome is Result.AUTHTOK_ERR
    assert (await world.begin().answer(NEW_PIN)).outcome is Result.AUTH_ERR
    assert (await world.begin().answer("Mangold-12")).outcome is None


async def test_a_user_who_was_removed_meanwhile_is_not_enrolled_again(world: World) -> None:
    terminal = await change_pin(world).answer(PIN, NEW_PIN)
    world.users.remove("anna", 0)
    await terminal.answer(NEW_PIN)
    assert terminal.outcome is Result.AUTHTOK_ERR
    assert world.users.list() == []


async def test_a_user_who_was_disabled_meanwhile_changes_nothing(world: World) -> None:
    terminal = await change_pin(world).answer(PIN, NEW_PIN)
    world.users.disable("anna", 0)
    await terminal.answer(NEW_PIN)
    assert terminal.outcome is Result.AUTHTOK_ERR


@pytest.mark.parametrize("answered", [[], [PIN], [PIN, NEW_PIN]])
async def test_what_is_cancelled_while_a_pin_is_hashed_changes_nothing(
    world: World, answered: list[str]
) -> None:
    terminal = await change_pin(world).answer(*answered)
    with world.store.change() as change:
        before = change.enrolment("anna")
    world.hasher.meanwhile = terminal.cancel
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(PIN if not answered else NEW_PIN)
    with world.store.change() as change:
        assert change.enrolment("anna") == before
    assert len(world.logins) == 0


async def test_an_unenrolled_user_changes_nothing_after_the_same_prompt(world: World) -> None:
    terminal = world.begin("ben", mode=Mode.CHANGE_PIN)
    assert terminal.prompt == "Current PIN: "
    await terminal.answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert world.hasher.verified == 1
