# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logins with an authenticator app: each code once, near its time, and counted like any other."""

import asyncio

import pytest

from smsotpd.core.authenticator import MOST_DRIFT, STEP_SECONDS, seed_of
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.errors import (
    BadArgumentError,
    BusyError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from smsotpd.core.events import EnrolmentChanged, LoginGranted
from smsotpd.core.policy import Factor, Mode
from smsotpd.core.transaction import Result
from tests.fakes.world import APP_CODES, KEY, PIN, App, Terminal, World


@pytest.fixture
def app(world: World) -> App:
    return world.add_app()


async def log_in(world: World, code: str, **where: str) -> Terminal:
    """Log in by PIN and a code."""
    return await world.begin(**where).answer(PIN, code)  # type: ignore[arg-type]  # names only


async def test_the_apps_code_lets_in_where_a_sent_one_was_asked_for(world: World, app: App) -> None:
    terminal = await log_in(world, app.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.journal.of(LoginGranted)[-1].kind == "authenticator"
    assert world.failures().in_all == 0


async def test_the_code_that_was_sent_dies_with_the_login(world: World, app: App) -> None:
    await log_in(world, app.code)
    assert world.challenge() is None


@pytest.mark.usefixtures("app")
async def test_the_sent_code_still_lets_in(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.journal.of(LoginGranted)[-1].kind == "sent"


async def test_a_user_without_an_app_is_not_let_in_by_anothers(world: World) -> None:
    world.enrol("ben")
    app = world.add_app("ben")
    assert (await log_in(world, app.code)).outcome is None


async def test_a_code_is_refused_once_it_was_used(world: World, app: App) -> None:
    code = app.code
    await log_in(world, code)
    again = await log_in(world, code)
    assert again.outcome is None
    assert world.failures().in_all == 1


async def test_one_code_in_two_logins_at_once_lets_one_in(world: World, app: App) -> None:
    first = await world.begin(rhost="192.0.2.1").answer(PIN)
    world.clock.advance(60.0)
    second = await world.begin(rhost="192.0.2.2").answer(PIN)
    code = app.code
    await asyncio.gather(first.answer(code), second.answer(code))
    assert [first.outcome, second.outcome].count(Result.SUCCESS) == 1


async def test_a_code_is_used_up_over_a_restart_and_another_service(world: World, app: App) -> None:
    code = app.code
    await log_in(world, code)
    world.restart()
    assert (await log_in(world, code, service="sudo")).outcome is None


async def test_an_older_code_within_the_window_is_refused_after_a_newer_one(
    world: World, app: App
) -> None:
    older = app.code_after(-1)
    await log_in(world, app.code)
    assert (await log_in(world, older)).outcome is None


async def test_nothing_is_granted_if_the_use_cannot_be_written(world: World, app: App) -> None:
    terminal = await world.begin().answer(PIN)
    world.store.unavailable_on_commit = True
    code = app.code
    with pytest.raises(UnavailableError):
        await terminal.answer(code)
    world.store.unavailable_on_commit = False
    assert (await log_in(world, code)).outcome is Result.SUCCESS


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [(-2, None), (-1, Result.SUCCESS), (1, Result.SUCCESS), (2, None)],
)
async def test_one_step_each_way_is_accepted(
    world: World, app: App, steps: int, outcome: Result | None
) -> None:
    assert (await log_in(world, app.code_after(steps))).outcome is outcome


async def test_a_code_that_was_typed_slowly_does_not_shut_out_the_present(
    world: World, app: App
) -> None:
    assert (await log_in(world, app.code_after(-1))).outcome is Result.SUCCESS
    assert (await log_in(world, app.code)).outcome is Result.SUCCESS
    world.clock.advance(300.0)
    assert (await log_in(world, app.code_after(-1))).outcome is Result.SUCCESS
    assert (await log_in(world, app.code_after(1))).outcome is Result.SUCCESS


async def test_a_clock_that_goes_wrong_is_followed_slowly_and_not_for_ever(
    world: World, app: App
) -> None:
    for _ in range(MOST_DRIFT):
        app.drift += STEP_SECONDS
        world.clock.advance(300.0)
        assert (await log_in(world, app.code)).outcome is Result.SUCCESS
    with world.store.change() as change:
        known = change.authenticator("anna")
    assert known is not None
    assert known.drift == MOST_DRIFT
    app.drift += 2 * STEP_SECONDS
    world.clock.advance(300.0)
    assert (await log_in(world, app.code)).outcome is None


async def test_the_drift_that_is_followed_has_an_end(world: World, app: App) -> None:
    for _ in range(MOST_DRIFT + 1):
        app.drift -= STEP_SECONDS
        world.clock.advance(300.0)
        assert (await log_in(world, app.code)).outcome is Result.SUCCESS
    with world.store.change() as change:
        known = change.authenticator("anna")
    assert known is not None
    assert known.drift == -MOST_DRIFT


async def test_a_host_clock_that_jumps_back_accepts_no_code_again(world: World, app: App) -> None:
    code = app.code
    await log_in(world, code)
    world.clock.set_wall_clock(-STEP_SECONDS)
    assert (await log_in(world, code)).outcome is None
    world.clock.set_wall_clock(-3600.0)
    assert (await log_in(world, app.code)).outcome is None


async def test_a_host_clock_that_was_ahead_leaves_the_sent_code_as_a_way(
    world: World, app: App
) -> None:
    world.clock.set_wall_clock(86_400.0)
    assert (await log_in(world, app.code)).outcome is Result.SUCCESS
    world.clock.set_wall_clock(-86_400.0)
    terminal = await log_in(world, app.code)
    assert terminal.outcome is None
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


@pytest.mark.usefixtures("app")
async def test_wrong_codes_cost_what_wrong_sent_codes_cost(world: World) -> None:
    terminal = await log_in(world, "000000")
    assert terminal.prompt == "Wrong code, 2 tries left. Code (r: new one): "
    await terminal.answer("000000", "000000")
    assert terminal.outcome is Result.MAXTRIES
    assert world.failures().in_all == 3


async def test_a_locked_user_is_not_let_in_by_an_app(world: World, app: App) -> None:
    terminal = await world.begin().answer(PIN)
    for _ in range(10):
        await world.begin().answer("Blumenkohl8")
    await terminal.answer(app.code)
    assert terminal.outcome is Result.MAXTRIES


async def test_a_user_who_was_disabled_meanwhile_is_not_let_in_and_keeps_the_code(
    world: World, app: App
) -> None:
    terminal = await world.begin().answer(PIN)
    world.users.disable("anna", 0)
    code = app.code
    await terminal.answer(code)
    assert terminal.outcome is not Result.SUCCESS
    world.users.unlock("anna", 0)
    assert (await log_in(world, code)).outcome is Result.SUCCESS


async def test_who_proved_an_older_pin_is_not_let_in_by_the_app(world: World, app: App) -> None:
    terminal = await world.begin().answer(PIN)
    world.enrol(pin="Wirsing-31")
    await terminal.answer(app.code)
    assert terminal.outcome is None


async def test_where_the_policy_does_not_name_it_the_app_is_worth_nothing(
    world: World, app: App
) -> None:
    world.set_policy(codes=frozenset({CodeKind.SENT, CodeKind.RECOVERY}))
    assert (await log_in(world, app.code)).outcome is None


async def test_blanks_in_the_code_do_not_matter(world: World, app: App) -> None:
    code = app.code
    assert (await log_in(world, f" {code[:3]} {code[3:]} ")).outcome is Result.SUCCESS


async def test_eight_digits_are_eight(world: World) -> None:
    app = world.add_app(digits=8)
    assert len(app.code) == 8
    assert (await log_in(world, app.code[2:])).outcome is None
    assert (await log_in(world, app.code)).outcome is Result.SUCCESS


async def test_pin_and_app_code_in_one_answer_need_no_first_attempt(world: World, app: App) -> None:
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + app.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.texts == []


async def test_an_apps_code_is_found_where_sent_ones_have_more_digits(
    world: World, app: App
) -> None:
    world.set_policy(code_digits=8)
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + app.code)
    assert terminal.outcome is Result.SUCCESS


async def test_where_apps_do_not_count_six_digits_behind_a_pin_are_not_read_as_theirs(
    world: World, app: App
) -> None:
    world.set_policy(code_digits=8, codes=frozenset({CodeKind.SENT}))
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + app.code)
    assert terminal.outcome is Result.AUTH_ERR
    assert world.hasher.verified == 1
    assert world.texts == []


async def test_a_transaction_id_stands_for_the_pin_of_an_app_code_too(
    world: World, app: App
) -> None:
    world.set_policy(transaction_id=True)
    await world.begin().answer(PIN)
    name, code = world.source.tokens[-2], app.code
    ids = [token for token in world.source.tokens if len(token) > 20]
    results = [await world.logins.verify(each, code, lambda _user: True) for each in reversed(ids)]
    assert results.count(Result.SUCCESS) == 1
    assert await world.logins.verify(name, app.code_after(1), lambda _user: True) is Result.AUTH_ERR


async def test_an_id_without_a_live_challenge_is_no_way_in_by_an_app(
    world: World, app: App
) -> None:
    world.set_policy(transaction_id=True)
    await world.begin().answer(PIN)
    world.clock.advance(301.0)
    for token in world.source.tokens:
        assert await world.logins.verify(token, app.code, lambda _user: True) is not Result.SUCCESS


def test_the_seed_has_160_bits_and_needs_the_key_the_user_and_the_salt() -> None:
    seed = seed_of(KEY, "anna", "salt")
    assert len(seed) * 8 == 160
    others = {seed_of(b"x" * 32, "anna", "salt"), seed_of(KEY, "ben", "salt")}
    assert seed not in {*others, seed_of(KEY, "anna", "pepper")}


class TestAdding:
    """An app counts once one right code of it came back."""

    async def test_an_app_that_was_confirmed_lets_in(self, world: World) -> None:
        offer = world.authenticators.add("anna", 6, 0)
        seed = seed_of(KEY, "anna", world.source.tokens[-2])
        assert offer.seed == APP_CODES.text(seed)
        here = int(world.clock.now().wall // STEP_SECONDS)
        assert not world.ways().authenticator
        world.authenticators.confirm(offer.name, APP_CODES.code(seed, here, 6))
        assert world.ways().authenticator
        assert world.journal.of(EnrolmentChanged)[-1].change == "authenticator added"
        # The code that confirmed it is used up.
        assert (await log_in(world, APP_CODES.code(seed, here, 6))).outcome is None
        assert (await log_in(world, APP_CODES.code(seed, here + 1, 6))).outcome is Result.SUCCESS

    async def test_an_older_app_stays_in_force_until_then(self, world: World, app: App) -> None:
        world.authenticators.add("anna", 6, 0)
        assert (await log_in(world, app.code)).outcome is Result.SUCCESS

    def test_five_wrong_codes_end_it(self, world: World) -> None:
        offer = world.authenticators.add("anna", 6, 0)
        for left in (4, 3, 2, 1):
            with pytest.raises(RefusedError, match=f"tries left: {left} "):
                world.authenticators.confirm(offer.name, "000000")
        with pytest.raises(NotFoundError, match="too often"):
            world.authenticators.confirm(offer.name, "000000")
        with pytest.raises(NotFoundError, match="no such"):
            world.authenticators.confirm(offer.name, "000000")

    def test_ten_minutes_end_it(self, world: World) -> None:
        offer = world.authenticators.add("anna", 6, 0)
        world.clock.advance(601.0)
        with pytest.raises(NotFoundError):
            world.authenticators.confirm(offer.name, "000000")

    def test_those_that_wait_are_bounded_and_old_ones_make_room(self, world: World) -> None:
        for _ in range(256):
            world.authenticators.add("anna", 6, 0)
        with pytest.raises(BusyError):
            world.authenticators.add("anna", 6, 0)
        world.clock.advance(601.0)
        world.authenticators.add("anna", 6, 0)

    def test_nobody_unenrolled_gets_one(self, world: World) -> None:
        with pytest.raises(NotFoundError):
            world.authenticators.add("nobody", 6, 0)
        offer = world.authenticators.add("anna", 6, 0)
        seed = seed_of(KEY, "anna", world.source.tokens[-2])
        world.users.remove("anna", 0)
        here = int(world.clock.now().wall // STEP_SECONDS)
        with pytest.raises(NotFoundError):
            world.authenticators.confirm(offer.name, APP_CODES.code(seed, here, 6))

    def test_seven_digits_are_refused(self, world: World) -> None:
        with pytest.raises(BadArgumentError, match="6 or 8"):
            world.authenticators.add("anna", 7, 0)

    async def test_an_app_is_taken_away(self, world: World, app: App) -> None:
        world.authenticators.remove("anna", 0)
        assert (await log_in(world, app.code)).outcome is None
        with pytest.raises(NotFoundError):
            world.authenticators.remove("anna", 0)

    def test_no_seed_is_stored_or_printed(self, world: World) -> None:
        offer = world.authenticators.add("anna", 6, 0)
        assert offer.seed not in repr(offer)
        assert offer.seed not in repr(world.authenticators._pending)
        seed = seed_of(KEY, "anna", world.source.tokens[-2])
        here = int(world.clock.now().wall // STEP_SECONDS)
        world.authenticators.confirm(offer.name, APP_CODES.code(seed, here, 6))
        with world.store.change() as change:
            stored = change.authenticator("anna")
        assert stored is not None
        assert offer.seed.lower() not in f"{stored.salt}{stored}".lower()


async def test_without_a_pin_the_app_lets_in_at_the_first_prompt(world: World, app: App) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    terminal = await world.begin().answer(app.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.texts == []
