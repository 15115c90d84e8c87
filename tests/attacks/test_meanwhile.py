# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Something changes between a check and its use: what was found before counts no more."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from dbus_next import Variant

from smsotpd.core.errors import SmsOtpError, UnavailableError
from smsotpd.core.policy import Mode
from smsotpd.core.transaction import Result
from smsotpd.dbus.authentication import authentication_methods
from smsotpd.dbus.caller import Caller
from smsotpd.dbus.method import Call
from smsotpd.dbus.self_service import self_methods
from tests.fakes.accounts import FakeAccounts
from tests.fakes.world import OWNER, PIN, RHOST, World
from tests.tally import Tried
from tests.unit.core.test_self_service import Person

NEW_PIN = "Blumenkohl8"
Meanwhile = Callable[[World], None]


@pytest.fixture
def world() -> World:
    world = World()
    world.enrol()
    return world


def the_user_is_disabled(world: World) -> None:
    world.users.disable("anna", 0)


def the_pin_is_changed(world: World) -> None:
    with world.store.change() as change:
        enrolment = change.enrolment("anna")
        assert enrolment is not None
        change.put_enrolment(replace(enrolment, pin_hash=world.hasher.encoded(NEW_PIN)))


def the_user_is_removed(world: World) -> None:
    world.users.remove("anna", 0)


def the_caller_leaves(world: World) -> None:
    world.self_service.owner_left(OWNER)


def recovery_codes(world: World) -> Mapping[str, str]:
    with world.store.change() as change:
        return change.recovery_codes("anna")


@pytest.mark.parametrize(
    "meanwhile",
    [the_user_is_disabled, the_pin_is_changed, the_user_is_removed, the_caller_leaves],
)
async def test_recovery_codes_are_not_renewed_for_who_may_no_more(
    world: World, meanwhile: Meanwhile, tried: Tried
) -> None:
    """Ten hashes take a while, in which an administrator stops a thief."""
    tried()
    await world.add_recovery_codes()
    before = recovery_codes(world)
    thief = Person(world)
    await (await thief.wants("recovery")).types(PIN)

    def change_it() -> None:
        nonlocal before
        meanwhile(world)
        before = recovery_codes(world)

    world.hasher.meanwhile = change_it
    try:
        await thief.types(lambda: world.code)
    except SmsOtpError:
        pass
    else:
        assert thief.outcome is Result.AUTH_ERR
    assert recovery_codes(world) == before


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.TWO_ATTEMPT])
async def test_a_host_that_is_forgotten_in_mid_login_is_asked_for_the_code(
    world: World, mode: Mode, tried: Tried
) -> None:
    tried()
    world.set_policy(remember_seconds=3600.0)
    world.set_limits(resend_seconds=0.0)
    await (await world.begin(rhost=RHOST).answer(PIN)).answer(world.code)
    remembered = await world.begin(rhost=RHOST, mode=mode).answer(PIN)
    assert remembered.outcome is Result.SUCCESS
    thief = world.begin(rhost=RHOST, mode=mode)
    assert world.users.forget_hosts("anna", 0) == 1
    sent = len(world.texts)
    await thief.answer(PIN)
    assert thief.outcome is not Result.SUCCESS
    assert len(world.texts) == sent + 1


class Directory(FakeAccounts):
    """One in which a caller is looked up while it leaves."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller

    async def name(self, uid: int) -> str | None:
        del uid
        self._caller.is_gone = True
        return "anna"


async def test_who_leaves_while_its_name_is_looked_up_begins_nothing(
    world: World, tried: Tried
) -> None:
    """Nobody would tell that it left a second time: its places would be taken for ten minutes."""
    tried(2)
    caller = Caller(":1.99", 1000)
    directory = Directory(caller)
    login = {"user": Variant("s", "anna"), "service": Variant("s", "i3lock")}
    for methods, member, body in (
        (authentication_methods(world.logins, directory), "Begin", [login]),
        (self_methods(world.self_service, world.users, directory), "Change", ["pin", "", ""]),
    ):
        caller.is_gone, caller.user = False, ""
        (method,) = (each for each in methods if each.member == member)
        with pytest.raises(UnavailableError):
            await method.answer(Call(caller, body))
    assert (len(world.logins), len(world.self_service)) == (0, 0)
