# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A transaction belongs to the connection that began it."""

from dataclasses import replace

import pytest

from smsotpd.core.errors import NoSuchTransactionError, NotAuthorizedError
from smsotpd.core.events import CodeSent, LoginCancelled, LoginDenied, LoginGranted
from smsotpd.core.recipient import parse_phone
from smsotpd.core.throttle import Failures
from smsotpd.core.transaction import Result
from tests.fakes.world import MASKED, OWNER, PIN, WRONG_CODE, Terminal, World

OTHER = ":1.8"


async def test_another_connection_cannot_answer(world: World) -> None:
    terminal = world.begin()
    with pytest.raises(NoSuchTransactionError):
        await world.logins.respond(terminal.name, PIN, OTHER)
    await terminal.answer(PIN)
    assert terminal.outcome is None


def test_another_connection_cannot_cancel(world: World) -> None:
    terminal = world.begin()
    world.logins.cancel(terminal.name, OTHER)
    assert len(world.logins) == 1


async def test_an_unknown_transaction_is_refused_like_another_connections(world: World) -> None:
    with pytest.raises(NoSuchTransactionError, match="no such transaction, or it is over"):
        await world.logins.respond("no-such-name", PIN, OWNER)


def test_a_cancelled_login_is_over_and_in_the_journal_once(world: World) -> None:
    terminal = world.begin()
    terminal.cancel()
    terminal.cancel()
    assert len(world.logins) == 0
    (event,) = world.journal.of(LoginCancelled)
    assert (event.login.transaction, event.reason) == (terminal.name, "given up")


async def test_nobody_answers_a_cancelled_login(world: World) -> None:
    terminal = world.begin()
    terminal.cancel()
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(PIN)


def test_when_a_connection_leaves_all_its_logins_are_cancelled_and_no_others(world: World) -> None:
    world.begin()
    world.begin("ben")
    other = world.begin(owner=OTHER)
    world.logins.owner_left(OWNER)
    assert len(world.logins) == 1
    assert [event.reason for event in world.journal.of(LoginCancelled)] == ["the program left"] * 2
    world.logins.owner_left(":1.99")
    assert len(world.logins) == 1
    other.cancel()


async def test_a_pending_code_outlives_its_login(world: World) -> None:
    await world.begin().answer(PIN)
    code = world.code
    world.logins.owner_left(OWNER)
    terminal = await world.begin(owner=OTHER).answer(PIN)
    assert terminal.prompt == f"Code was already sent to {MASKED}: "
    await terminal.answer(code)
    assert terminal.outcome is Result.SUCCESS


async def test_what_is_cancelled_while_the_pin_is_hashed_sends_nothing(world: World) -> None:
    terminal = world.begin()
    world.hasher.meanwhile = terminal.cancel
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(PIN)
    assert world.texts == []
    assert world.challenge() is None
    assert len(world.logins) == 0


async def test_what_is_cancelled_while_a_code_is_sent_is_over(world: World) -> None:
    terminal = world.begin()
    world.gateway.meanwhile = terminal.cancel
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(PIN)
    assert len(world.journal.of(CodeSent)) == 1
    assert len(world.logins) == 0


async def test_the_code_of_a_login_that_was_cancelled_while_it_waited_grants_nothing(
    world: World,
) -> None:
    terminal = await world.begin().answer(PIN)
    slow_down(world, terminal)
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(world.code)
    assert world.journal.of(LoginGranted) == []


async def test_a_wrong_code_of_a_cancelled_login_gets_no_reply(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    slow_down(world, terminal)
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(WRONG_CODE)


async def test_an_error_ends_the_transaction(world: World) -> None:
    terminal = world.begin()

    def fail() -> None:
        raise MemoryError

    world.hasher.meanwhile = fail
    with pytest.raises(MemoryError):
        await terminal.answer(PIN)
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(PIN)


async def test_a_user_disabled_while_the_pin_is_hashed_is_sent_nothing(world: World) -> None:
    terminal = world.begin()
    world.hasher.meanwhile = lambda: world.users.disable("anna", 0)
    await terminal.answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert world.texts == []


async def test_a_user_removed_while_the_pin_is_hashed_is_sent_nothing(world: World) -> None:
    terminal = world.begin()
    world.hasher.meanwhile = lambda: world.users.remove("anna", 0)
    await terminal.answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert world.texts == []
    assert world.journal.of(LoginDenied)[0].reason == "the enrolment was changed meanwhile"


async def test_a_phone_changed_while_the_pin_is_hashed_gets_the_code(world: World) -> None:
    terminal = world.begin()
    with world.store.change() as change:
        enrolment = change.enrolment("anna")
    assert enrolment is not None

    def change_phone() -> None:
        with world.store.change() as change:
            change.put_enrolment(replace(enrolment, recipients=(parse_phone("+431234567"),)))

    world.hasher.meanwhile = change_phone
    await terminal.answer(PIN)
    assert world.gateway.messages[0].recipient.address == "+431234567"


async def test_a_user_disabled_at_the_code_prompt_gets_neither_in_nor_another_code(
    world: World,
) -> None:
    terminal, other = await world.begin().answer(PIN), await world.begin().answer(PIN)
    world.users.disable("anna", 0)
    world.clock.advance(60.0)
    await terminal.answer(world.code)
    assert terminal.prompt == "This code has expired. r sends a new one: "
    for waiting in (terminal, other):
        await waiting.answer("r")
        assert waiting.outcome is Result.AUTH_ERR
    assert len(world.texts) == 1


async def test_a_code_right_for_a_user_whom_the_store_calls_disabled_grants_nothing(
    world: World,
) -> None:
    terminal = await world.begin().answer(PIN)
    with world.store.change() as change:
        enrolment = change.enrolment("anna")
        assert enrolment is not None
        change.put_enrolment(replace(enrolment, disabled=True))
    await terminal.answer(world.code)
    assert terminal.outcome is Result.MAXTRIES
    assert world.challenge() is None


@pytest.mark.parametrize("user", ["anna", "nobody-of-that-name"])
def test_nobody_but_root_and_the_user_may_begin(world: World, user: str) -> None:
    with pytest.raises(NotAuthorizedError):
        world.begin(user, may_act_for=lambda _user: False)
    assert len(world.logins) == 0


def slow_down(world: World, terminal: Terminal) -> None:
    """Let the next guess wait, and the login be cancelled meanwhile."""
    now = world.clock.now()
    world.put_failures(Failures(3, 3, now, next_slot=now.boot + 5.0))
    world.clock.meanwhile = terminal.cancel
