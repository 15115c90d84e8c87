# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The second step elsewhere: the transaction id stands for the PIN."""

from dataclasses import replace

import pytest

from smsotpd.core.challenge import Challenge
from smsotpd.core.errors import NotAuthorizedError, UnavailableError
from smsotpd.core.events import LoginDenied, LoginGranted
from smsotpd.core.policy import Mode
from smsotpd.core.throttle import Failures
from smsotpd.core.transaction import Result
from tests.fakes.world import PIN, WRONG_CODE, Terminal, World


def anybody(_user: str) -> bool:
    return True


@pytest.fixture
def naming(world: World) -> World:
    world.set_policy(transaction_id=True)
    return world


def id_in(terminal: Terminal) -> str:
    (named,) = [note for note in terminal.notes if note.startswith("Transaction id: ")]
    return named.removeprefix("Transaction id: ")


async def first_step(world: World) -> str:
    """Prove the PIN; return the transaction id."""
    return id_in(await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN))


async def test_no_id_is_named_unless_the_policy_says_so(world: World) -> None:
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    assert not any("id" in note.split() for note in terminal.notes)
    challenge = world.challenge()
    assert challenge is not None
    assert challenge.id_digest is None


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.TWO_ATTEMPT])
async def test_the_first_step_names_an_id_of_at_least_eighty_bits(
    naming: World, mode: Mode
) -> None:
    transaction_id = id_in(await naming.begin(mode=mode).answer(PIN))
    assert len(transaction_id) * 5 >= 80


async def test_id_and_code_let_in(naming: World) -> None:
    transaction_id = await first_step(naming)
    naming.clock.advance(7.0)
    assert await naming.logins.verify(transaction_id, naming.code, anybody) is Result.SUCCESS
    (event,) = naming.journal.of(LoginGranted)
    assert (event.login.user, event.login.service) == ("anna", "login")


async def test_an_id_is_used_up_by_its_success(naming: World) -> None:
    transaction_id = await first_step(naming)
    code = naming.code
    await naming.logins.verify(transaction_id, code, anybody)
    assert await naming.logins.verify(transaction_id, code, anybody) is Result.AUTH_ERR
    assert len(naming.journal.of(LoginGranted)) == 1


async def test_a_code_used_in_a_conversation_is_used_up_for_its_id(naming: World) -> None:
    terminal = await naming.begin().answer(PIN)
    transaction_id, code = id_in(terminal), naming.code
    await terminal.answer(code)
    assert await naming.logins.verify(transaction_id, code, anybody) is Result.AUTH_ERR


async def test_an_unknown_id_is_denied_and_counts_for_nobody(naming: World) -> None:
    await first_step(naming)
    before = naming.stored()
    assert await naming.logins.verify("no-such-id", naming.code, anybody) is Result.AUTH_ERR
    assert await naming.logins.verify("", naming.code, anybody) is Result.AUTH_ERR
    assert naming.stored() == before


async def test_a_challenge_without_an_id_is_found_by_none(world: World) -> None:
    await world.begin().answer(PIN)
    assert await world.logins.verify("", world.code, anybody) is Result.AUTH_ERR


async def test_the_id_of_another_user_is_not_authorized_and_stays_valid(naming: World) -> None:
    transaction_id = await first_step(naming)
    before = naming.stored()
    with pytest.raises(NotAuthorizedError):
        await naming.logins.verify(transaction_id, naming.code, lambda user: user == "ben")
    assert naming.stored() == before
    result = await naming.logins.verify(transaction_id, naming.code, lambda user: user == "anna")
    assert result is Result.SUCCESS


async def test_a_newer_id_replaces_the_older_one_and_the_code_stays(naming: World) -> None:
    older, newer = await first_step(naming), await first_step(naming)
    assert older != newer
    assert len(naming.texts) == 1
    assert await naming.logins.verify(older, naming.code, anybody) is Result.AUTH_ERR
    assert await naming.logins.verify(newer, naming.code, anybody) is Result.SUCCESS


async def test_a_resend_names_a_new_id(naming: World) -> None:
    terminal = await naming.begin().answer(PIN)
    older = id_in(terminal)
    naming.clock.advance(30.0)
    await terminal.answer("r")
    newer = id_in(terminal)
    assert await naming.logins.verify(older, naming.code, anybody) is Result.AUTH_ERR
    assert await naming.logins.verify(newer, naming.code, anybody) is Result.SUCCESS


async def test_an_expired_id_is_denied(naming: World) -> None:
    transaction_id = await first_step(naming)
    naming.clock.advance(300.0)
    assert await naming.logins.verify(transaction_id, naming.code, anybody) is Result.AUTH_ERR
    (event,) = naming.journal.of(LoginDenied)[1:]
    assert event.reason == "the code has expired"


async def test_three_wrong_codes_end_the_id(naming: World) -> None:
    transaction_id = await first_step(naming)
    results = [await naming.logins.verify(transaction_id, WRONG_CODE, anybody) for _ in range(3)]
    assert results == [Result.AUTH_ERR, Result.AUTH_ERR, Result.MAXTRIES]
    assert await naming.logins.verify(transaction_id, naming.code, anybody) is Result.AUTH_ERR


async def test_wrong_answers_count_across_verify_and_conversation(naming: World) -> None:
    terminal = await naming.begin().answer(PIN)
    await terminal.answer(WRONG_CODE)
    await naming.logins.verify(id_in(await naming.begin().answer(PIN)), WRONG_CODE, anybody)
    await terminal.answer(WRONG_CODE)
    assert terminal.outcome is Result.MAXTRIES


async def test_a_locked_user_is_not_let_in_by_the_id(naming: World) -> None:
    transaction_id = await first_step(naming)
    naming.put_failures(Failures(10, 10, naming.clock.now(), naming.clock.now()))
    assert await naming.logins.verify(transaction_id, naming.code, anybody) is Result.MAXTRIES
    assert naming.journal.of(LoginDenied)[-1].reason == "locked"


async def test_wrong_codes_of_verify_count_for_the_user(naming: World) -> None:
    transaction_id = await first_step(naming)
    await naming.logins.verify(transaction_id, WRONG_CODE, anybody)
    assert naming.failures().in_all == 1


async def test_an_id_that_is_replaced_while_its_guess_waits_is_denied(naming: World) -> None:
    transaction_id = await first_step(naming)
    now = naming.clock.now()
    naming.put_failures(Failures(3, 3, now, next_slot=now.boot + 5.0))

    def take_id_away() -> None:
        challenge = naming.challenge()
        assert isinstance(challenge, Challenge)
        with naming.store.change() as change:
            change.put_challenge(replace(challenge, id_digest=b"another"))

    naming.clock.meanwhile = take_id_away
    assert await naming.logins.verify(transaction_id, naming.code, anybody) is Result.AUTH_ERR


async def test_an_id_outlives_a_restart(naming: World) -> None:
    transaction_id = await first_step(naming)
    naming.restart()
    assert await naming.logins.verify(transaction_id, naming.code, anybody) is Result.SUCCESS


async def test_a_store_that_cannot_note_that_the_id_is_used_grants_nothing(naming: World) -> None:
    transaction_id = await first_step(naming)
    naming.store.unavailable_on_commit = True
    with pytest.raises(UnavailableError):
        await naming.logins.verify(transaction_id, naming.code, anybody)
    assert naming.journal.of(LoginGranted) == []


async def test_only_a_digest_of_the_id_is_stored(naming: World) -> None:
    transaction_id = await first_step(naming)
    challenge = naming.challenge()
    assert challenge is not None
    assert challenge.id_digest is not None
    assert transaction_id.encode() not in challenge.id_digest
    assert transaction_id not in repr(challenge)
