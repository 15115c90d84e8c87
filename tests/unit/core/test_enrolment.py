# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Enrolling, changing and removing users."""

import pytest

from smsotpd.core.enrolment import Enrolment, parse_user
from smsotpd.core.errors import (
    BadArgumentError,
    BusyError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from smsotpd.core.events import CodeSent, EnrolmentChanged
from smsotpd.core.outcome import ErrorClass, Rejected, Unknown
from smsotpd.core.policy import Factor, Mode
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.core.throttle import Cooldown, Failures
from smsotpd.core.transaction import Result
from tests.fakes.world import MASKED, PHONE, PIN, WRONG_CODE, World

BY = 1000
NO_PIN = Secret("")


def enrolment(world: World, user: str = "ben") -> Enrolment | None:
    with world.store.change() as change:
        return change.enrolment(user)


async def enrol(world: World, user: str = "ben", *, verify: bool = True) -> str:
    return await world.users.enrol(user, "sms", PHONE, Secret(PIN), BY, verify=verify)


async def test_enrolling_without_proof_counts_at_once(world: World) -> None:
    assert await enrol(world, verify=False) == ""
    assert world.journal.events == [EnrolmentChanged("ben", "enrolled", BY)]
    terminal = await world.begin("ben").answer(PIN)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    stored = enrolment(world)
    assert stored is not None
    assert stored.enrolled_at == world.clock.now().wall


async def test_enrolling_counts_once_the_code_comes_back(world: World) -> None:
    name = await enrol(world)
    assert enrolment(world) is None
    assert world.gateway.messages[-1].recipient == Recipient("sms", PHONE)
    (sent,) = world.journal.of(CodeSent)
    assert (sent.login.user, sent.login.service, sent.recipient) == ("ben", "enrolment", MASKED)
    world.users.confirm(name, world.code)
    assert enrolment(world) is not None
    assert world.journal.of(EnrolmentChanged) == [EnrolmentChanged("ben", "enrolled", BY)]


async def test_a_wrong_code_leaves_two_tries_and_the_third_ends_the_enrolment(
    world: World,
) -> None:
    name = await enrol(world)
    for left in (2, 1):
        with pytest.raises(RefusedError, match=f"tries left: {left}"):
            world.users.confirm(name, WRONG_CODE)
    with pytest.raises(NotFoundError, match="wrong too often"):
        world.users.confirm(name, WRONG_CODE)
    with pytest.raises(NotFoundError, match="no such enrolment"):
        world.users.confirm(name, world.code)
    assert enrolment(world) is None


async def test_the_right_code_after_a_wrong_one_enrols(world: World) -> None:
    name = await enrol(world)
    with pytest.raises(RefusedError):
        world.users.confirm(name, WRONG_CODE)
    world.users.confirm(name, world.code)
    assert enrolment(world) is not None


async def test_an_enrolment_is_confirmed_once(world: World) -> None:
    name = await enrol(world)
    world.users.confirm(name, world.code)
    with pytest.raises(NotFoundError):
        world.users.confirm(name, world.code)


async def test_a_confirmation_that_comes_too_late_changes_nothing(world: World) -> None:
    name = await enrol(world)
    world.clock.advance(300.0)
    with pytest.raises(NotFoundError, match="expired"):
        world.users.confirm(name, world.code)
    assert enrolment(world) is None


async def test_a_restart_forgets_pending_enrolments(world: World) -> None:
    name = await enrol(world)
    world.restart()
    with pytest.raises(NotFoundError):
        world.users.confirm(name, world.code)


@pytest.mark.parametrize("with_gateway", [True, False])
async def test_a_code_that_cannot_be_sent_changes_nothing(
    world: World, *, with_gateway: bool
) -> None:
    if with_gateway:
        world.gateway.will(Rejected(ErrorClass.AUTH))
        why = "no gateway took it; nothing was changed"
    else:
        world.gateways.remove("first", 0)
        why = "no gateway is there for it; nothing was changed"
    with pytest.raises(UnavailableError, match=why):
        await enrol(world)
    assert enrolment(world) is None


async def test_an_ambiguous_gateway_leaves_the_enrolment_pending(world: World) -> None:
    world.gateway.will(Unknown())
    name = await enrol(world)
    world.users.confirm(name, world.code)
    assert enrolment(world) is not None


async def test_pending_enrolments_are_bounded_and_expired_ones_make_room(world: World) -> None:
    for _ in range(256):
        await enrol(world)
    with pytest.raises(BusyError):
        await enrol(world)
    world.clock.advance(300.0)
    assert await enrol(world) != ""


async def test_a_new_user_needs_a_pin(world: World) -> None:
    with pytest.raises(RefusedError, match="ben is not enrolled yet and needs a PIN"):
        await world.users.enrol("ben", "sms", PHONE, NO_PIN, BY, verify=False)


async def test_the_phone_of_a_user_changes_without_a_pin(world: World) -> None:
    before = enrolment(world, "anna")
    await world.users.enrol("anna", "sms", "+43 1 234567", NO_PIN, BY, verify=False)
    after = enrolment(world, "anna")
    assert before is not None
    assert after is not None
    assert after.pin_hash == before.pin_hash
    assert after.recipients == (Recipient("sms", "+431234567"),)
    assert world.journal.events == [EnrolmentChanged("anna", "enrolment changed", BY)]


async def test_a_changed_enrolment_ends_the_codes_that_are_out(world: World) -> None:
    await world.begin().answer(PIN)
    await world.users.enrol("anna", "sms", PHONE, NO_PIN, BY, verify=False)
    assert world.challenge() is None


async def test_what_changed_while_a_phone_was_proven_stays_changed(world: World) -> None:
    name = await world.users.enrol("anna", "sms", "+431234567", NO_PIN, BY, verify=True)
    await world.users.set_pin("anna", Secret("Mangold-12"), BY)
    world.users.disable("anna", BY)
    world.users.confirm(name, world.code)
    after = enrolment(world, "anna")
    assert after is not None
    assert after.disabled
    world.users.unlock("anna", BY)
    assert (await world.begin().answer(PIN)).outcome is Result.AUTH_ERR
    assert (await world.begin().answer("Mangold-12")).outcome is None


async def test_a_user_disabled_while_a_new_pin_is_hashed_stays_disabled(world: World) -> None:
    world.hasher.meanwhile = lambda: world.users.disable("anna", BY)
    await enrol(world, "anna", verify=False)
    assert world.users.show("anna").word == "disabled"


async def test_a_user_removed_while_a_phone_is_proven_needs_a_pin_again(world: World) -> None:
    name = await world.users.enrol("anna", "sms", PHONE, NO_PIN, BY, verify=True)
    world.users.remove("anna", BY)
    with pytest.raises(RefusedError, match="needs a PIN"):
        world.users.confirm(name, world.code)
    assert enrolment(world, "anna") is None


@pytest.mark.parametrize(
    ("user", "phone", "pin", "named"),
    [
        ("a:b", PHONE, PIN, "user"),
        ("ben", "0170 1234567", PIN, "phone"),
        ("ben", PHONE, "123", "PIN"),
    ],
)
async def test_what_is_malformed_is_refused_and_named(
    world: World, user: str, phone: str, pin: str, named: str
) -> None:
    with pytest.raises(BadArgumentError) as caught:
        await world.users.enrol(user, "sms", phone, Secret(pin), BY, verify=False)
    assert caught.value.name == named
    assert [state.enrolment.user for state in world.users.list()] == ["anna"]


async def test_a_pin_that_an_administrator_sets_ends_the_codes_that_are_out(world: World) -> None:
    await world.begin().answer(PIN)
    await world.users.set_pin("anna", Secret("Mangold-12"), BY)
    assert world.challenge() is None
    assert world.journal.events[-1] == EnrolmentChanged("anna", "PIN set", BY)
    assert (await world.begin().answer("Mangold-12")).outcome is Result.AUTH_ERR  # cool-down
    assert (await world.begin().answer(PIN)).notes == []


async def test_no_pin_is_set_for_a_user_who_is_not_enrolled(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.users.set_pin("ben", Secret("Mangold-12"), BY)


async def test_unlocking_forgets_failures_lock_and_cool_down(world: World) -> None:
    await world.begin().answer(PIN)
    world.put_failures(Failures(10, 100, world.clock.now(), world.clock.now(), disabled=True))
    world.users.unlock("anna", BY)
    assert world.users.show("anna").word == "active"
    assert world.journal.events[-1] == EnrolmentChanged("anna", "unlocked", BY)
    terminal = await world.begin(service="sudo").answer(PIN)
    assert terminal.outcome is None


async def test_unlocking_a_locked_user_keeps_the_code_that_is_out(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.users.unlock("anna", BY)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


def test_a_name_that_is_not_enrolled_can_be_unlocked(world: World) -> None:
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()), "ben")
    world.users.unlock("ben", BY)
    assert world.failures("ben") == Failures()


def test_a_name_that_nobody_ever_tried_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.users.unlock("ben", BY)


async def test_a_disabled_user_can_be_let_in_again(world: World) -> None:
    world.users.disable("anna", BY)
    assert world.users.show("anna").word == "disabled"
    assert (await world.begin().answer(PIN)).outcome is Result.AUTH_ERR
    world.users.unlock("anna", BY)
    assert (await world.begin().answer(PIN)).outcome is None


async def test_no_decoy_made_while_a_user_was_disabled_is_left(world: World) -> None:
    """Else the login after the unlocking would wait for a code that was sent to nobody."""
    world.set_policy(factors=frozenset({Factor.CODE}))
    world.users.disable("anna", BY)
    await world.begin().answer("r")
    assert world.texts == []
    world.users.unlock("anna", BY)
    await world.begin().answer("r")
    assert len(world.texts) == 1


async def test_a_removed_user_is_forgotten_wholly(world: World) -> None:
    await world.begin().answer(PIN)
    world.put_failures(Failures(3, 3, world.clock.now()))
    world.users.remove("anna", BY)
    assert world.journal.events[-1] == EnrolmentChanged("anna", "removed", BY)
    with world.store.change() as change:
        assert change.cooldown("anna") is None
    assert world.failures() == Failures()
    assert world.challenge() is None


def test_what_is_done_to_an_unknown_user_is_not_found(world: World) -> None:
    for act in (world.users.disable, world.users.remove):
        with pytest.raises(NotFoundError, match="no user of that name is enrolled"):
            act("ben", BY)
    with pytest.raises(NotFoundError):
        world.users.show("ben")


def test_users_are_listed_by_name_with_their_state(world: World) -> None:
    now = world.clock.now()
    for user in ("dora", "carl", "ben"):
        world.enrol(user, disabled=user == "ben")
    world.put_failures(Failures(10, 10, now, now), "carl")
    world.put_failures(Failures(1, 100, now, disabled=True), "dora")
    words = [(state.enrolment.user, state.word) for state in world.users.list()]
    assert words == [
        ("anna", "active"),
        ("ben", "disabled"),
        ("carl", "locked"),
        ("dora", "disabled"),
    ]


async def test_a_user_without_a_pin_never_proves_one(world: World) -> None:
    world.enrol(pin="")
    for mode in (Mode.CONVERSATION, Mode.TWO_ATTEMPT, Mode.CHANGE_PIN):
        assert (await world.begin(mode=mode).answer("x")).outcome is Result.AUTH_ERR
    assert world.texts == []


async def test_enrolling_again_does_not_shorten_a_cool_down(world: World) -> None:
    await world.begin().answer(PIN)
    await enrol(world, "anna", verify=False)
    with world.store.change() as change:
        assert change.cooldown("anna") == Cooldown(world.clock.now(), 1)


@pytest.mark.parametrize(
    "user", ["anna", "Anna.B", "anna@example.org", "EXAMPLE\\anna", "änne", "_apt"]
)
def test_names_of_users_and_of_directories_are_taken(user: str) -> None:
    assert parse_user(user) == user


@pytest.mark.parametrize(
    "user",
    ["", "x y", "a\tb", "a\nb", "a:b", "a/b", "a\x00", "a\x7f", "a\x9b", "x" * 257, "ä" * 129],
)
def test_names_that_no_user_can_have_are_refused_and_not_repeated(user: str) -> None:
    with pytest.raises(BadArgumentError) as caught:
        parse_user(user)
    assert caught.value.name == "user"
    assert not user or user not in str(caught.value)
