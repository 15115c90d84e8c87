# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Nobody, not even root, gives a user another way in without the user's phone being told."""

from collections.abc import Awaitable, Callable

import pyotp
import pytest

from smsotpd.core.errors import NotAuthorizedError, NotFoundError
from smsotpd.core.events import NotificationFailed, NotificationSent
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.core.secret import Secret
from tests.fakes.world import PHONE, PIN, USER, World
from tests.unit.core.test_own_authenticator import app_of, now, prove
from tests.unit.core.test_self_service import Person

ADMINISTRATOR = 1000


async def told(world: World) -> list[tuple[str, str]]:
    """Send what is to be told; return address and text of all messages without a code in them."""
    while await world.notifications.send_next():
        pass
    return [(each.recipient.address, each.text) for each in world.gateway.messages
            if each.lifetime == 0]  # fmt: skip


async def add_app(world: World) -> str:
    offer = world.authenticators.add(USER, 6, ADMINISTRATOR)
    code = pyotp.TOTP(offer.seed).at(int(world.clock.now().wall))
    world.authenticators.confirm(offer.name, str(code))
    return f"{offer.seed} {code}"


async def remove_app(world: World) -> str:
    app = world.add_app()
    world.authenticators.remove(USER, ADMINISTRATOR)
    return app.code


async def renew_recovery_codes(world: World) -> str:
    return " ".join(await world.recovery.renew(USER, ADMINISTRATOR))


async def break_glass(world: World) -> str:
    return await world.break_glasses.make(USER, 900, "phone lost", 0)


async def add_own_app(world: World) -> str:
    anna = await prove(Person(world), "authenticator-add")
    app = app_of(anna)
    await anna.types(now(anna, app))
    return app.secret


async def remove_own_app(world: World) -> str:
    app = world.add_app()
    await prove(Person(world), "authenticator-remove")
    return app.code


async def renew_own_recovery_codes(world: World) -> str:
    anna = await prove(Person(world), "recovery")
    return " ".join(step.text for step in anna.steps[1:-1])


WAYS = [
    (add_app, "anna has a new authenticator app since"),
    (remove_app, "anna has no authenticator app any more since"),
    (renew_recovery_codes, "anna has new recovery codes since"),
    (break_glass, "a code that lets anna in once was made on"),
    (add_own_app, "anna has a new authenticator app since"),
    (remove_own_app, "anna has no authenticator app any more since"),
    (renew_own_recovery_codes, "anna has new recovery codes since"),
]
each_way = pytest.mark.parametrize(("change", "said"), WAYS)
Change = Callable[[World], Awaitable[str]]


@each_way
async def test_the_phone_is_told_once_and_nothing_that_lets_in(
    world: World, change: Change, said: str
) -> None:
    secret = await change(world)

    [(address, text)] = await told(world)
    assert address == PHONE
    assert said in text
    assert "tell an administrator" in text
    assert not any(part in text for part in secret.split())
    assert [event.recipient for event in world.journal.of(NotificationSent)] == ["+49 ••• ••89"]


@each_way
async def test_a_notice_that_fails_changes_nothing_and_is_journalled(
    world: World, change: Change, said: str
) -> None:
    del said
    await change(world)
    ways = world.ways()
    world.gateway.will(Rejected(ErrorClass.AUTH, "no"))
    await told(world)

    assert world.ways() == ways
    [failed] = world.journal.of(NotificationFailed)
    assert failed.reason == "auth: no"


async def test_a_flood_of_changes_is_told_up_to_the_budget_and_the_rest_journalled(
    world: World,
) -> None:
    for _ in range(25):
        await renew_recovery_codes(world)

    assert len(await told(world)) == 20
    assert len(world.journal.of(NotificationFailed)) == 5
    await break_glass(world)
    assert "lets anna in once" in (await told(world))[-1][1], "of another kind"
    world.enrol("ben", phone="+431234567")
    await world.recovery.renew("ben", 0)
    assert (await told(world))[-1][0] == "+431234567", "of another user"


async def test_what_is_refused_is_not_told(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.recovery.renew("nobody", 0)
    with pytest.raises(NotFoundError):
        world.authenticators.remove(USER, 0)
    with pytest.raises(NotAuthorizedError):
        await world.break_glasses.make(USER, 900, "phone lost", ADMINISTRATOR)
    world.authenticators.add(USER, 6, 0)

    assert await told(world) == []


async def test_who_removes_a_user_to_enrol_another_phone_is_seen_on_the_old_one(
    world: World,
) -> None:
    world.users.remove(USER, 0)
    await world.users.enrol(USER, "sms", "+431234567", Secret(PIN), 0, verify=False)

    [(address, text)] = await told(world)
    assert address == PHONE
    assert "the addresses for login codes of anna were changed" in text
