# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users change their own enrolment: the old factors first, and the old address is told."""

from collections.abc import Callable
from typing import Self

import pytest

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import (
    BadArgumentError,
    BusyError,
    NoSuchTransactionError,
    NotFoundError,
    RefusedError,
)
from smsotpd.core.events import EnrolmentChanged, LoginCancelled, LoginDenied
from smsotpd.core.policy import AllowedUntil, Factor, Unenrolled
from smsotpd.core.secret import Secret
from smsotpd.core.self_change import Kind, parse_wish
from smsotpd.core.transaction import Result, StepKind, Steps
from tests.fakes.world import MASKED, OWNER, PHONE, PIN, USER, WRONG_CODE, World

UID = 1000
NEW = "+431234567"
NEW_MASKED = "+43 ••• ••67"
NEW_PIN = "Wirsing-31"


class Person:
    """Somebody at `smsotpctl self`."""

    def __init__(self, world: World, user: str = USER, owner: str = OWNER, uid: int = UID) -> None:
        self.world, self.user, self.owner, self.uid = world, user, owner, uid
        self.steps: Steps = ()

    async def wants(self, kind: str, channel: str = "", address: str = "") -> Self:
        wish = parse_wish(kind, channel, address)
        service = self.world.self_service
        self.steps = await service.begin(self.user, self.uid, self.owner, wish)
        return self

    async def types(self, *answers: str | Callable[[], str]) -> Self:
        for answer in answers:
            text = answer if isinstance(answer, str) else answer()
            self.steps = await self.world.self_service.respond(self.owner, text)
        return self

    @property
    def outcome(self) -> Result | None:
        last = self.steps[-1]
        return Result(last.text) if last.kind is StepKind.OUTCOME else None

    @property
    def prompt(self) -> str:
        assert self.outcome is None
        return self.steps[-1].text


@pytest.fixture
def anna(world: World) -> Person:
    return Person(world)


def enrolment(world: World, user: str = USER) -> Enrolment | None:
    with world.store.change() as change:
        return change.enrolment(user)


def addresses(world: World, user: str = USER) -> list[str]:
    found = enrolment(world, user)
    return [recipient.address for recipient in found.recipients] if found else []


async def test_a_number_changes_by_pin_old_code_and_new_code(anna: Person) -> None:
    world = anna.world
    assert (await anna.wants("number", "sms", NEW)).prompt == "Current PIN: "
    assert (await anna.types(PIN)).prompt == f"Code sent to {MASKED}: "
    assert (await anna.types(lambda: world.code)).prompt == f"Code sent to {NEW_MASKED}: "
    assert addresses(world) == [PHONE]
    await anna.types(lambda: world.code)
    assert anna.outcome is Result.SUCCESS
    assert addresses(world) == [NEW]
    assert [event.change for event in world.journal.of(EnrolmentChanged)] == [
        "number: changed by the user"
    ]
    assert len(world.self_service) == 0
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == f"Code sent to {NEW_MASKED}: ", "there is no wait after it"


async def test_the_old_number_is_told_and_the_new_one_is_not(anna: Person) -> None:
    world = anna.world
    await anna.wants("number", "sms", NEW)
    await anna.types(PIN, lambda: world.code, lambda: world.code)
    assert await world.notifications.send_next()
    told = world.gateway.messages[-1]
    assert told.recipient.address == PHONE
    assert "the addresses for login codes of anna were changed" in told.text
    assert not await world.notifications.send_next()


@pytest.mark.parametrize("verify", [False, True])
async def test_an_administrators_change_is_told_to_the_old_number_as_well(
    world: World, *, verify: bool
) -> None:
    name = await world.users.enrol(USER, "sms", NEW, Secret(""), 0, verify=verify)
    if verify:
        world.users.confirm(name, world.code)
    assert await world.notifications.send_next()
    assert world.gateway.messages[-1].recipient.address == PHONE


async def test_a_channel_that_is_added_or_dropped_is_told_of(world: World) -> None:
    await world.users.enrol(USER, "xmpp", "anna@example.org", Secret(""), 0, verify=False)
    assert await world.notifications.send_next()
    assert world.gateway.messages[-1].recipient.address == PHONE
    world.add_gateway("xmpp")
    world.users.drop_recipient(USER, "xmpp", 0)
    assert await world.notifications.send_next()
    assert world.catalogue["xmpp"].messages[-1].recipient.address == "anna@example.org"


async def test_what_changes_no_address_tells_nobody(world: World) -> None:
    await world.users.enrol(USER, "sms", PHONE, Secret(NEW_PIN), 0, verify=False)
    await world.users.enrol("ben", "sms", NEW, Secret(NEW_PIN), 0, verify=False)
    assert not await world.notifications.send_next()


async def test_a_wrong_pin_ends_it_and_counts_like_at_a_login(anna: Person) -> None:
    await (await anna.wants("number", "sms", NEW)).types("Blumenkohl8")
    assert anna.outcome is Result.AUTH_ERR
    assert anna.world.failures().in_all == 1
    assert anna.world.texts == []
    assert [event.reason for event in anna.world.journal.of(LoginDenied)] == ["number: wrong PIN"]
    with pytest.raises(NoSuchTransactionError):
        await anna.types(PIN)


async def test_guesses_here_and_at_logins_lock_together(anna: Person) -> None:
    anna.world.set_limits(failures_to_lock=3)
    for _ in range(2):
        await (await anna.wants("pin")).types("Blumenkohl8")
    await anna.world.begin().answer("Blumenkohl8")
    await (await anna.wants("pin")).types(PIN)
    assert anna.outcome is Result.AUTH_ERR
    terminal = await anna.world.begin().answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR


async def test_wrong_codes_of_the_old_address_end_it(anna: Person) -> None:
    await (await anna.wants("number", "sms", NEW)).types(PIN, WRONG_CODE, WRONG_CODE)
    await anna.types(WRONG_CODE)
    assert anna.outcome is Result.MAXTRIES
    assert addresses(anna.world) == [PHONE]


async def test_wrong_codes_of_the_new_address_end_it_and_are_counted(anna: Person) -> None:
    world = anna.world
    await anna.wants("number", "sms", NEW)
    await anna.types(PIN, lambda: world.code)
    assert (await anna.types(WRONG_CODE)).prompt == "Wrong code, 2 tries left. Code: "
    await anna.types(WRONG_CODE, WRONG_CODE)
    assert anna.outcome is Result.MAXTRIES
    assert addresses(world) == [PHONE]
    assert world.failures().in_all == 3


async def test_the_old_code_does_not_pass_for_the_new_one(anna: Person) -> None:
    world = anna.world
    await (await anna.wants("number", "sms", NEW)).types(PIN)
    old = world.code
    await anna.types(old, old)
    assert anna.prompt == "Wrong code, 2 tries left. Code: "


async def test_numbers_cannot_be_had_messages_sent_to_without_bound(anna: Person) -> None:
    world = anna.world
    await (await anna.wants("number", "sms", NEW)).types(PIN, lambda: world.code)
    await anna.wants("number", "sms", "+431234568")
    await anna.types(PIN)
    assert anna.outcome is Result.AUTH_ERR
    assert anna.steps[0].text == "A code was sent just now. Try again in 30 s."
    for number in range(30):
        world.clock.advance(2000)
        await (again := Person(world)).wants("number", "sms", f"+4312345{number:02}")
        await again.types(PIN)
        if again.outcome is None:
            await again.types(lambda: world.code)
    assert len(world.texts) == world.settings.limits.sends_per_user.count


async def test_a_gateway_that_fails_at_the_new_address_changes_nothing(anna: Person) -> None:
    world = anna.world
    await (await anna.wants("number", "xmpp", "anna@example.org")).types(PIN, lambda: world.code)
    assert anna.outcome is Result.UNAVAILABLE
    assert addresses(world) == [PHONE]


async def test_a_pin_changes_by_the_present_one(anna: Person) -> None:
    await (await anna.wants("pin")).types(PIN)
    assert anna.prompt == "New PIN: "
    await anna.types("1234")
    assert anna.steps[0].kind is StepKind.ERROR
    assert (await anna.types(NEW_PIN)).prompt == "New PIN again: "
    await anna.types("Wirsing-32")
    assert anna.steps[0].text == "The two PINs differ; nothing was changed."
    await anna.types(NEW_PIN, NEW_PIN)
    assert anna.outcome is Result.SUCCESS
    found = enrolment(anna.world)
    assert found is not None
    assert await anna.world.hasher.verify(found.pin_hash, Secret(NEW_PIN))
    assert anna.world.texts == []


async def test_who_has_no_pin_sets_one_by_a_code(world: World) -> None:
    world.enrol(pin="")
    anna = await Person(world).wants("pin")
    assert anna.prompt == f"Type r for a code to {MASKED}: "
    await anna.types("r", lambda: world.code, NEW_PIN, NEW_PIN)
    assert anna.outcome is Result.SUCCESS


async def test_the_order_changes_by_the_pin_and_only_to_a_channel_that_is_there(
    anna: Person,
) -> None:
    world = anna.world
    await world.users.enrol(USER, "xmpp", "anna@example.org", Secret(""), 0, verify=False)
    await (await anna.wants("order", "xmpp")).types(PIN)
    assert anna.outcome is Result.SUCCESS
    assert addresses(world) == ["anna@example.org", PHONE]
    with pytest.raises(NotFoundError):
        await anna.wants("order", "signal")


async def test_new_recovery_codes_need_pin_and_code_and_are_shown_once(anna: Person) -> None:
    world = anna.world
    await (await anna.wants("recovery")).types(PIN, lambda: world.code)
    assert anna.outcome is Result.SUCCESS
    codes = [step.text for step in anna.steps[1:-1]]
    assert len(codes) == 10
    assert codes[0] not in repr(world.journal.events)


async def test_what_an_administrator_changes_meanwhile_stands(anna: Person) -> None:
    world = anna.world
    await (await anna.wants("number", "sms", NEW)).types(PIN, lambda: world.code)
    await world.users.enrol(USER, "sms", "+491701234588", Secret(""), 0, verify=False)
    await anna.types(lambda: world.code)
    assert anna.outcome is Result.AUTH_ERR
    assert addresses(world) == ["+491701234588"]


async def test_who_is_disabled_meanwhile_changes_nothing(anna: Person) -> None:
    await (await anna.wants("pin")).types(PIN, NEW_PIN)
    anna.world.users.disable(USER, 0)
    await anna.types(NEW_PIN)
    assert anna.outcome is Result.AUTH_ERR
    with pytest.raises(RefusedError):
        await anna.wants("pin")


async def test_a_change_belongs_to_its_connection(anna: Person) -> None:
    await anna.wants("pin")
    with pytest.raises(NoSuchTransactionError):
        await Person(anna.world, owner=":1.8").types(PIN)
    anna.world.self_service.owner_left(OWNER)
    assert [event.reason for event in anna.world.journal.of(LoginCancelled)] == ["given up"]
    with pytest.raises(NoSuchTransactionError):
        await anna.types(PIN)


async def test_a_new_change_ends_the_one_before(anna: Person) -> None:
    await (await anna.wants("pin")).types(PIN)
    await anna.wants("number", "sms", NEW)
    assert len(anna.world.self_service) == 1
    assert anna.prompt == "Current PIN: "


async def test_a_change_that_nobody_answers_ends(anna: Person) -> None:
    await anna.wants("pin")
    anna.world.clock.advance(600)
    anna.world.self_service.expire()
    assert len(anna.world.self_service) == 0
    await anna.wants("pin")
    for _ in range(12):
        await anna.types(PIN) if anna.prompt == "Current PIN: " else await anna.types("1234")
    await anna.types("1234")
    assert anna.outcome is Result.MAXTRIES


async def test_a_change_given_up_while_something_is_waited_for_changes_nothing(
    anna: Person,
) -> None:
    world = anna.world
    await anna.wants("number", "sms", NEW)
    world.gateway.meanwhile = lambda: world.self_service.owner_left(OWNER)
    with pytest.raises(NoSuchTransactionError):
        await anna.types(PIN)
    assert len(world.self_service) == 0
    assert addresses(world) == [PHONE]


async def test_only_so_many_changes_are_open(world: World) -> None:
    for number in range(16):
        await Person(world, owner=f":2.{number}").wants("pin")
    with pytest.raises(BusyError):
        await Person(world, owner=":2.99").wants("pin")


async def test_a_busy_change_takes_no_second_answer(anna: Person) -> None:
    await anna.wants("number", "sms", NEW)
    refused: list[str] = []

    def answer_again() -> None:
        answering = anna.world.self_service.respond(OWNER, "r")
        try:
            answering.send(None)
        except NoSuchTransactionError:
            refused.append("refused")

    anna.world.gateway.meanwhile = answer_again
    await anna.types(PIN)
    assert refused == ["refused"]


@pytest.mark.parametrize(
    "unenrolled", [Unenrolled.ENROL, AllowedUntil("2026-01-02"), AllowedUntil("2099-01-01")]
)
async def test_a_user_enrols_where_a_policy_wants_it(
    world: World, unenrolled: Unenrolled | AllowedUntil
) -> None:
    world.set_policy(unenrolled=unenrolled)
    ben = await Person(world, "ben").wants("enrol", "sms", NEW)
    assert ben.prompt == f"Code sent to {NEW_MASKED}: "
    await ben.types(lambda: world.code)
    assert addresses(world, "ben") == []
    await ben.types(NEW_PIN, NEW_PIN)
    assert ben.outcome is Result.SUCCESS
    found = enrolment(world, "ben")
    assert found is not None
    assert await world.hasher.verify(found.pin_hash, Secret(NEW_PIN))
    with pytest.raises(RefusedError):
        await ben.wants("enrol", "sms", NEW)


async def test_where_no_service_asks_for_a_pin_none_is_needed(world: World) -> None:
    world.set_policy(unenrolled=Unenrolled.ENROL, factors=frozenset({Factor.CODE}))
    ben = await Person(world, "ben").wants("enrol", "sms", NEW)
    await ben.types(lambda: world.code)
    assert ben.outcome is Result.SUCCESS


@pytest.mark.parametrize("unenrolled", [Unenrolled.DENY, AllowedUntil("2026-01-01")])
async def test_elsewhere_nobody_enrols_and_nothing_is_sent(
    world: World, unenrolled: Unenrolled | AllowedUntil
) -> None:
    world.set_policy(unenrolled=unenrolled)
    with pytest.raises(RefusedError):
        await Person(world, "ben").wants("enrol", "sms", NEW)
    assert world.texts == []


async def test_who_is_not_enrolled_changes_nothing(world: World) -> None:
    for kind in ("pin", "number", "recovery"):
        with pytest.raises(NotFoundError):
            await Person(world, "ben").wants(kind, "sms", NEW)


@pytest.mark.parametrize(
    "wish", [("", "", ""), ("remove", "", ""), ("number", "sms", "0170"), ("order", "fax", "")]
)
def test_what_is_no_wish_is_refused(wish: tuple[str, str, str]) -> None:
    with pytest.raises(BadArgumentError):
        parse_wish(*wish)
    assert parse_wish("pin", "sms", "").kind is Kind.PIN
