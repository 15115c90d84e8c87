# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users add and remove their own app: the old factors first, one right code, and the phone told."""

import re

import pyotp
import pytest

from smsotpd.core.errors import NotFoundError
from smsotpd.core.events import EnrolmentChanged
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Result, StepKind
from tests.fakes.world import PHONE, PIN, USER, WRONG_CODE, World
from tests.unit.core.test_self_service import Person

ASKED = "Code that the app shows: "


@pytest.fixture
def anna(world: World) -> Person:
    return Person(world)


async def prove(anna: Person, kind: str) -> Person:
    await anna.wants(kind)
    return await anna.types(PIN, lambda: anna.world.code)


def app_of(anna: Person) -> pyotp.TOTP:
    """Read the QR code as a phone does."""
    [uri] = [step.text for step in anna.steps if step.kind is StepKind.QR]
    found = pyotp.parse_uri(uri)
    assert isinstance(found, pyotp.TOTP)
    return found


def now(anna: Person, app: pyotp.TOTP) -> str:
    return str(app.at(int(anna.world.clock.now().wall)))


async def test_an_app_counts_after_one_right_code_and_the_phone_is_told(anna: Person) -> None:
    world = anna.world
    await prove(anna, "authenticator-add")
    app = app_of(anna)
    typed = next(step.text for step in anna.steps if step.text.startswith("Or type"))
    assert typed.endswith(" ".join(re.findall(".{1,4}", app.secret)))
    assert not world.ways().authenticator
    assert (await anna.types("000000")).prompt == ASKED
    assert anna.steps[0].kind is StepKind.ERROR
    assert not world.ways().authenticator
    await anna.types(now(anna, app))
    assert anna.outcome is Result.SUCCESS
    assert world.ways().authenticator
    assert [event.change for event in world.journal.of(EnrolmentChanged)] == ["authenticator added"]
    assert await world.notifications.send_next()
    told = world.gateway.messages[-1]
    assert told.recipient.address == PHONE
    assert "anna has a new authenticator app since" in told.text
    assert app.secret not in repr(world.journal.events)


async def test_the_code_that_proved_the_app_does_not_log_in(anna: Person) -> None:
    await prove(anna, "authenticator-add")
    code = now(anna, app_of(anna))
    await anna.types(code)
    terminal = await anna.world.begin().answer(PIN)
    terminal = await terminal.answer(code)
    assert terminal.outcome is not Result.SUCCESS


@pytest.mark.parametrize("kind", ["authenticator-add", "authenticator-remove"])
async def test_the_pin_alone_is_not_enough(anna: Person, kind: str) -> None:
    anna.world.add_app()
    before = anna.world.ways()
    await (await anna.wants(kind)).types(PIN, WRONG_CODE, WRONG_CODE, WRONG_CODE)
    assert anna.outcome is Result.MAXTRIES
    assert anna.world.ways() == before


async def test_too_many_wrong_codes_of_the_app_end_it(anna: Person) -> None:
    await prove(anna, "authenticator-add")
    await anna.types(*["000000"] * 5)
    assert anna.outcome is Result.MAXTRIES
    assert not anna.world.ways().authenticator


async def test_an_app_that_waits_too_long_counts_no_more(anna: Person) -> None:
    await prove(anna, "authenticator-add")
    app = app_of(anna)
    anna.world.clock.advance(601)
    await anna.types(now(anna, app))
    assert anna.outcome is Result.MAXTRIES
    assert not anna.world.ways().authenticator


async def test_the_older_app_stays_in_force_until_the_new_one_is_proven(anna: Person) -> None:
    old = anna.world.add_app()
    await (await anna.wants("authenticator-add")).types(PIN)
    await anna.types(old.code)
    new = app_of(anna)
    assert anna.world.ways().authenticator
    await anna.types(now(anna, new))
    assert anna.outcome is Result.SUCCESS
    anna.world.clock.advance(60)
    terminal = await anna.world.begin().answer(PIN)
    assert (await terminal.answer(old.code)).outcome is not Result.SUCCESS


async def test_an_app_is_removed_by_pin_and_code_and_the_phone_is_told(anna: Person) -> None:
    anna.world.add_app()
    await prove(anna, "authenticator-remove")
    assert anna.outcome is Result.SUCCESS
    assert not anna.world.ways().authenticator
    assert await anna.world.notifications.send_next()
    assert "anna has no authenticator app any more since" in anna.world.texts[-1]


async def test_who_has_no_app_removes_none(anna: Person) -> None:
    with pytest.raises(NotFoundError):
        await anna.wants("authenticator-remove")


@pytest.mark.parametrize("meanwhile", ["disabled", "other PIN"])
async def test_what_an_administrator_changes_meanwhile_ends_it(
    anna: Person, meanwhile: str
) -> None:
    world = anna.world
    await prove(anna, "authenticator-add")
    app = app_of(anna)
    if meanwhile == "disabled":
        world.users.disable(USER, 0)
    else:
        await world.users.set_pin(USER, Secret("Wirsing-31"), 0)
    await anna.types(now(anna, app))
    assert anna.outcome is Result.AUTH_ERR
    assert not world.ways().authenticator
