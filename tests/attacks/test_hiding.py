# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Attempts to keep an attack out of journals and notifications, or to say what never happened."""

from dataclasses import replace

import pytest

from smsotpd.cli.pam.known import reason_against
from smsotpd.core.events import Login, LoginDenied, LoginGranted
from smsotpd.core.notification import Notification
from smsotpd.core.recipient import parse_phone
from smsotpd.core.transaction import Context
from smsotpd.journal.catalogue import fields_of
from tests.fakes.world import PIN, World
from tests.tally import Tried

OTHER_PHONE = "+491701234577"
ADMINISTRATOR = parse_phone("+491701234500")


@pytest.fixture
def world() -> World:
    world = World()
    world.enrol()
    world.enrol("mallory", phone=OTHER_PHONE)
    world.set_limits(failures_to_lock=100, failures_without_delay=100)
    return world


def notify(world: World, **changes: object) -> None:
    notification = Notification(
        "all", frozenset({"login-denied", "login-granted"}), most_per_hour=3, text="{event}"
    )
    notifications = {"all": replace(notification, **changes)}  # type: ignore[arg-type]  # a test's own
    world.settings = replace(world.settings, notifications=notifications)


async def told(world: World, number: str) -> list[str]:
    while await world.notifications.send_next():
        pass
    return [
        message.text
        for message in world.gateway.messages
        if message.recipient.address == number and not message.code
    ]


@pytest.mark.parametrize("noise", ["invented", "mallory", "anna"])
async def test_a_flood_of_denials_hides_no_grant_from_its_user(
    world: World, noise: str, tried: Tried
) -> None:
    tried(20)
    notify(world, to_user=True)
    for _ in range(20):
        await world.begin(noise).answer("Blumenkohl8")
    await told(world, "")
    await (await world.begin().answer(PIN)).answer(world.code)
    assert "login-granted" in await told(world, "+491701234589")


async def test_a_flood_of_denials_hides_no_grant_from_the_administrator(
    world: World, tried: Tried
) -> None:
    tried(20)
    notify(world, to=(ADMINISTRATOR,))
    for number in range(20):
        await world.begin(f"invented{number}").answer("Blumenkohl8")
    await told(world, "")
    await (await world.begin().answer(PIN)).answer(world.code)
    assert (await told(world, ADMINISTRATOR.address)).count("login-granted") == 1


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u202e", "\u200f", "\u061c"]
)
def test_a_sign_that_steers_is_shown_as_what_it_is(sign: str, tried: Tried) -> None:
    tried()
    event = LoginDenied(Login(f"a{sign}b", f"s{sign}", f"h{sign}", f"t{sign}"), f"r{sign}")
    assert not any(sign in text for text in fields_of(event).values())


def test_braces_in_a_name_are_no_field_of_the_sentence(tried: Tried) -> None:
    tried()
    event = LoginGranted(Login("{service}{0}{seconds!r}", "sshd"), 1.0)
    assert fields_of(event)["MESSAGE"] == "Login of {service}{0}{seconds!r} to sshd granted"


async def test_a_login_that_another_than_root_began_says_so(world: World, tried: Tried) -> None:
    tried()
    name, _ = world.logins.begin(Context("anna", "sshd"), ":1.9", lambda _user: True, 1000)
    await world.logins.respond(name, "Blumenkohl8", ":1.9")
    (event,) = world.journal.of(LoginDenied)
    assert fields_of(event)["SMSOTP_CALLER"] == "uid 1000"


def test_the_name_of_all_policies_is_no_service(tried: Tried) -> None:
    tried()
    assert reason_against("default")
