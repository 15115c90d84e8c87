# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An invitation stands for the PIN of who is not enrolled, once; nobody can tell who has one."""

import pytest

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import BadArgumentError, NotFoundError, RefusedError
from smsotpd.core.events import (
    EnrolmentChanged,
    InvitationExpired,
    InvitationMade,
    InvitationRevoked,
    InvitationUsed,
    LoginDenied,
)
from smsotpd.core.importing import Imports, Wish
from smsotpd.core.policy import Factor, Mode, Unenrolled
from smsotpd.core.secret import Secret
from smsotpd.core.throttle import NO_FAILURES
from smsotpd.core.transaction import Result
from tests.fakes.world import PIN, USER, Terminal, World
from tests.unit.core.test_self_service import Person

BEN = "ben"
DAY = 86_400
NUMBER = "+4915112345678"
MASKED = "+49 ••• ••78"
NEW_PIN = "Wirsing-31"
NOBODYS = "YAAA-AAAA-AAAA-AAAA"


async def invited(world: World, user: str = BEN, seconds: int = 3 * DAY) -> str:
    return await world.invitations.make(user, seconds, 0)


def enrolment(world: World, user: str = BEN) -> Enrolment | None:
    with world.store.change() as change:
        return change.enrolment(user)


async def enrol(world: World, invitation: str, user: str = BEN) -> Terminal:
    terminal = await world.begin(user).answer(invitation, NUMBER)
    return await terminal.answer(world.code, NEW_PIN, NEW_PIN)


async def test_it_leads_from_the_pin_prompt_to_an_enrolment_and_a_login(world: World) -> None:
    invitation = await invited(world)
    terminal = world.begin(BEN)
    assert terminal.prompt == world.begin(USER).prompt == "PIN: "
    await terminal.answer(invitation)
    assert terminal.prompt.startswith("Not enrolled yet. Mobile number")
    await terminal.answer(NUMBER)
    assert terminal.prompt == f"Code sent to {MASKED}: "
    await terminal.answer(world.code)
    assert terminal.prompt == "New PIN: "
    assert enrolment(world) is None
    await terminal.answer("1234", NEW_PIN, "Wirsing-32", NEW_PIN, NEW_PIN)
    assert terminal.outcome is Result.SUCCESS
    assert [type(event) for event in world.journal.events if "Invit" in type(event).__name__] == [
        InvitationMade,
        InvitationUsed,
    ]
    assert world.journal.of(EnrolmentChanged)[-1].change == "enrolled at the first login"
    assert invitation not in repr(world.journal.events)
    assert world.failures(BEN) == NO_FAILURES
    terminal = await world.begin(BEN).answer(NEW_PIN)
    assert terminal.prompt == f"Code sent to {MASKED}: "


@pytest.mark.parametrize("how", [str.lower, lambda text: text.replace("-", "")])
async def test_it_may_be_typed_in_small_letters_and_without_hyphens(
    world: World, how: object
) -> None:
    assert callable(how)
    terminal = await world.begin(BEN).answer(how(await invited(world)))
    assert terminal.prompt.startswith("Not enrolled yet.")


@pytest.mark.parametrize("unenrolled", [Unenrolled.DENY, Unenrolled.ENROL])
async def test_it_counts_wherever_the_pin_is_asked_for(
    world: World, unenrolled: Unenrolled
) -> None:
    world.set_policy(unenrolled=unenrolled, required_groups=frozenset({"ops"}))
    world.accounts.by_user[BEN] = frozenset({"ops"})
    assert (await enrol(world, await invited(world))).outcome is Result.SUCCESS


async def test_it_is_used_up_by_the_enrolment(world: World) -> None:
    invitation = await invited(world)
    await enrol(world, invitation)
    assert (await world.begin(BEN).answer(invitation)).outcome is Result.AUTH_ERR
    world.users.remove(BEN, 0)
    assert (await world.begin(BEN).answer(invitation)).outcome is Result.AUTH_ERR


async def test_of_two_who_hold_it_the_first_enrols(world: World) -> None:
    invitation = await invited(world)
    thief = await world.begin(BEN).answer(invitation, "+4366412345678")
    await thief.answer(world.code, "Karfiol-77")
    world.clock.advance(60)
    assert (await enrol(world, invitation)).outcome is Result.SUCCESS
    assert (await thief.answer("Karfiol-77")).outcome is Result.AUTH_ERR
    found = enrolment(world)
    assert found is not None
    assert found.recipients[0].address == NUMBER


async def test_a_message_that_never_came_costs_no_second_invitation(world: World) -> None:
    invitation = await invited(world)
    await world.begin(BEN).answer(invitation, NUMBER)
    world.clock.advance(60)
    assert (await enrol(world, invitation)).outcome is Result.SUCCESS


async def test_a_wrong_one_costs_what_a_wrong_pin_costs(world: World) -> None:
    await invited(world)
    worlds = []
    for user, answer in ((BEN, NOBODYS), ("carla", NOBODYS), (USER, NOBODYS), (USER, "wrong")):
        committed, hashed = world.store.committed, world.hasher.verified
        terminal = await world.begin(user).answer(answer)
        worlds.append(
            (
                terminal.steps,
                world.store.committed - committed,
                world.hasher.verified - hashed,
                world.failures(user).in_all if user != USER else 1,
            )
        )
    assert len(set(worlds)) == 1
    assert {event.reason for event in world.journal.of(LoginDenied)} == {
        "not enrolled",
        "wrong PIN",
    }


async def test_guessing_it_locks_like_guessing_a_pin(world: World) -> None:
    invitation = await invited(world)
    for _ in range(10):
        await world.begin(BEN).answer(NOBODYS)
        world.clock.advance(60)
    assert (await world.begin(BEN).answer(invitation)).outcome is Result.AUTH_ERR
    world.clock.advance(1800)
    assert (await enrol(world, invitation)).outcome is Result.SUCCESS


async def test_another_users_is_a_wrong_pin(world: World) -> None:
    invitation = await invited(world)
    for user in ("carla", USER):
        await invited(world, "carla")
        assert (await world.begin(user).answer(invitation)).outcome is Result.AUTH_ERR
        assert world.failures(user).in_all == 1


async def test_it_ends_by_time_and_survives_a_restart_of_the_host(world: World) -> None:
    invitation = await invited(world)
    world.clock.reboot()
    assert not (await world.begin(BEN).answer(invitation)).outcome
    world.clock.advance(3 * DAY)
    assert (await world.begin(BEN).answer(invitation)).outcome is Result.AUTH_ERR
    world.invitations.expire()
    assert [event.user for event in world.journal.of(InvitationExpired)] == [BEN]
    assert world.invitations.out() == []


async def test_one_that_ends_while_it_is_used_enrols_nobody(world: World) -> None:
    invitation = await invited(world, seconds=600)
    terminal = await world.begin(BEN).answer(invitation, NUMBER)
    world.clock.advance(290)
    await terminal.answer(world.code, NEW_PIN)
    world.clock.advance(311)
    assert (await terminal.answer(NEW_PIN)).outcome is Result.AUTH_ERR
    assert enrolment(world) is None


async def test_it_is_taken_back_and_replaced(world: World) -> None:
    first, second = await invited(world), await invited(world)
    assert (await world.begin(BEN).answer(first)).outcome is Result.AUTH_ERR
    terminal = await world.begin(BEN).answer(second, NUMBER)
    world.invitations.revoke(BEN, 0)
    await terminal.answer(world.code, NEW_PIN, NEW_PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert [event.by_uid for event in world.journal.of(InvitationRevoked)] == [0]
    with pytest.raises(NotFoundError):
        world.invitations.revoke(BEN, 0)


@pytest.mark.parametrize("seconds", [0, 599, 30 * DAY + 1])
async def test_its_time_has_bounds(world: World, seconds: int) -> None:
    with pytest.raises(BadArgumentError):
        await invited(world, seconds=seconds)


async def test_who_is_enrolled_is_not_invited(world: World) -> None:
    with pytest.raises(RefusedError):
        await invited(world, USER)
    invitation = await invited(world)
    await world.users.enrol(BEN, "sms", NUMBER, Secret(PIN), 0, verify=False)
    assert (await world.begin(BEN).answer(invitation)).outcome is Result.AUTH_ERR


async def test_it_is_a_wrong_pin_where_no_number_can_be_asked_for(world: World) -> None:
    invitation = await invited(world)
    two = await world.begin(BEN, mode=Mode.TWO_ATTEMPT).answer(invitation)
    assert two.outcome is Result.AUTH_ERR
    other = await world.begin(BEN, uid=1000).answer(invitation)
    assert other.outcome is Result.AUTH_ERR
    world.set_policy(factors=frozenset({Factor.CODE}))
    assert (await world.begin(BEN).answer(invitation)).outcome is not Result.SUCCESS
    assert enrolment(world) is None


async def test_self_enrol_takes_it_whatever_the_policy_says(world: World) -> None:
    invitation = await invited(world)
    ben = await Person(world, BEN).wants("invitation", "sms", NUMBER)
    assert ben.prompt == "Invitation: "
    assert world.texts == []
    assert (await ben.types(invitation)).prompt == f"Code sent to {MASKED}: "
    await ben.types(lambda: world.code, NEW_PIN, NEW_PIN)
    assert ben.outcome is Result.SUCCESS
    assert world.journal.of(InvitationUsed)
    assert world.invitations.out() == []


async def test_self_enrol_asks_the_uninvited_as_well_and_counts(world: World) -> None:
    ben = await Person(world, BEN).wants("invitation", "sms", NUMBER)
    await ben.types(NOBODYS)
    assert ben.outcome is Result.AUTH_ERR
    assert world.failures(BEN).in_all == 1
    assert world.texts == []
    with pytest.raises(RefusedError):
        await Person(world).wants("invitation", "sms", NUMBER)


async def test_one_that_was_taken_back_meanwhile_enrols_nobody_in_the_shell(world: World) -> None:
    invitation = await invited(world)
    ben = await Person(world, BEN).wants("invitation", "sms", NUMBER)
    await ben.types(invitation, lambda: world.code, NEW_PIN)
    world.invitations.revoke(BEN, 0)
    await ben.types(NEW_PIN)
    assert ben.outcome is Result.AUTH_ERR
    assert enrolment(world) is None


@pytest.mark.parametrize("way", ["enrol", "import"])
async def test_whom_an_administrator_enrols_is_invited_no_more(world: World, way: str) -> None:
    await invited(world)
    if way == "enrol":
        await world.users.enrol(BEN, "sms", NUMBER, Secret(NEW_PIN), 0, verify=False)
    else:
        imports = Imports(
            world.store, world.clock, world.hasher, world.journal, lambda: world.settings,
            world.notifier.tell,
        )  # fmt: skip
        await imports.enrol(
            [Wish(BEN, {"sms": NUMBER}, Secret(NEW_PIN))], 0, dry_run=False, without_pin=False
        )
    assert world.invitations.out() == []
    world.clock.advance(4 * DAY)
    world.invitations.expire()
    assert not world.journal.of(InvitationExpired)
