# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Making the operator pay: messages for nothing, to many, to dear countries, or too long ones."""

import itertools
from collections import Counter
from dataclasses import replace
from typing import Final

import pytest

from smsotpd.core.channel import parse_recipient
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.guessing import subject_of
from smsotpd.core.limits import Budget
from smsotpd.core.notification import Notification
from smsotpd.core.policy import Factor
from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.spec.sms_text import segments
from tests.attacks.test_local_users import NOBODY
from tests.bus.client import BusError, Client
from tests.bus.conftest import PIN as BUS_PIN
from tests.bus.daemon import Daemon
from tests.fakes.world import KEY, PIN, World
from tests.tally import Tried

DAY: Final = 86_400.0
SERVICES: Final = ("sshd", "sudo", "login", "lightdm")
ADMINISTRATOR: Final = parse_phone("+491701234500")


def code_only(world: World, users: int, prefix: str = "+4917012") -> list[str]:
    """Enrol users of whom no PIN is asked, so that anybody makes them messages."""
    world.set_policy(factors=frozenset({Factor.CODE}))
    world.set_limits(resend_seconds=0.0, failures_without_delay=100)
    names = [f"user{number}" for number in range(users)]
    for number, name in enumerate(names):
        world.enrol(name, pin="", phone=f"{prefix}{number:05}")
    return names


async def ask_for_codes(world: World, user: str, service: str, rhost: str) -> None:
    """Begin a login and ask for as many codes as it gives."""
    terminal = world.begin(user, service, rhost, owner=f":{user}.{service}.{rhost}")
    for _ in range(4):
        if terminal.outcome is not None:
            return
        await terminal.answer("r")


def sent(world: World) -> Counter[str]:
    return Counter(message.recipient.address for message in world.gateway.messages)


async def test_no_user_gets_more_messages_than_a_days_budget_however_they_are_asked_for(
    tried: Tried,
) -> None:
    world = World()
    (user,) = code_only(world, 1)
    jumps = itertools.cycle((0.0, DAY, -2 * DAY, DAY))
    hosts = [f"192.0.2.{number}" for number in range(8)]
    for number, (service, rhost) in enumerate(itertools.product(SERVICES, hosts)):
        tried(4)
        await ask_for_codes(world, user, service, rhost)
        world.clock.set_wall_clock(next(jumps))
        if number % 5 == 4:
            world.restart()
    assert sent(world).total() == 20
    world.clock.advance(DAY + 1)
    await ask_for_codes(world, user, "sshd", "192.0.2.77")
    assert sent(world).total() > 20, "and the next day there are some again"


async def test_no_reboot_gives_a_new_budget(tried: Tried) -> None:
    world = World()
    (user,) = code_only(world, 1)
    for number in range(30):
        tried(4)
        await ask_for_codes(world, user, SERVICES[number % 4], f"192.0.2.{number}")
        world.clock.reboot(60.0)
        world.restart()
    assert sent(world).total() <= 20


async def test_one_host_makes_all_users_together_no_more_than_its_budget(tried: Tried) -> None:
    world = World()
    users = code_only(world, 150)
    for user in users:
        tried(4)
        await ask_for_codes(world, user, "sshd", "192.0.2.7")
    assert sent(world).total() == 100
    for number, user in enumerate(users):
        tried(4)
        await ask_for_codes(world, user, "sudo", f"2001:db8:0:7::{number:x}")
    assert sent(world).total() == 200, "a network of addresses is one host"


async def test_one_country_and_all_countries_have_budgets_whoever_asks(tried: Tried) -> None:
    world = World()
    code_only(world, 40, "+88213000")
    world.set_limits(
        sends_per_prefix=Budget(10, DAY),
        sends_in_all=Budget(25, DAY),
        sends_per_user=Budget(9, DAY),
    )
    for number in range(40):
        tried(4)
        await ask_for_codes(world, f"user{number}", "sshd", f"192.0.{number}.1")
    assert sent(world).total() == 10
    for number in range(40):
        world.enrol(f"user{number}", pin="", phone=f"+4917099{number:05}")
    for number, country in itertools.product(range(40), ("49", "44")):
        tried(4)
        world.enrol(f"{country}{number}", pin="", phone=f"+{country}7012{number:06}")
        await ask_for_codes(world, f"{country}{number}", "sshd", f"198.51.{number}.1")
    assert sent(world).total() == 25


async def test_two_users_of_one_phone_have_the_budget_of_one(tried: Tried) -> None:
    world = World()
    code_only(world, 10)
    for number in range(10):
        world.enrol(f"user{number}", pin="", phone="+491701234589")
    for number, service in itertools.product(range(10), SERVICES):
        tried(4)
        await ask_for_codes(world, f"user{number}", service, f"192.0.2.{number}")
    assert sent(world).total() == 20


async def test_a_flood_of_denials_makes_few_and_short_notifications(tried: Tried) -> None:
    world = World()
    names = frozenset({"login-denied"})
    told = Notification("all", names, to=(ADMINISTRATOR,))
    world.settings = replace(world.settings, notifications={"all": told})
    for number in range(300):
        tried()
        name = f"{number}{'x' * 240}"
        await world.begin(name, rhost=f"192.0.2.{number % 250}").answer(PIN)
        while await world.notifications.send_next():
            pass
    texts = [message.text for message in world.gateway.messages]
    assert len(texts) == 20
    assert max(map(segments, texts)) <= 2


@pytest.mark.parametrize(
    "spelling",
    [
        "+49 170 1234567",
        "+49 (0)170/123-45.67",
        "+49 0170 1234567",
        "+49 00 170 1234567",
        "+49 000 170 1234567",
        "+0049 170 1234567",
        "+49170123456\u0667",
        "+49 170 1234567 ",
        "+49 170 1234567,+49 170 1234568",
        "+49 170 1234567;ext=1",
        "+49 170 1234567#1",
    ],
)
def test_another_spelling_of_a_number_has_no_budget_of_its_own(tried: Tried, spelling: str) -> None:
    tried()
    try:
        recipient = parse_phone(spelling)
    except BadArgumentError:
        return
    assert recipient == parse_phone("+491701234567")


@pytest.mark.parametrize(
    ("channel", "spellings"),
    [
        ("xmpp", ("ada@xmpp.example", "Ada@xmpp.example", "ADA@XMPP.Example")),
        ("telegram", ("@ada_l", "@Ada_L", "@ADA_L")),
    ],
)
def test_another_spelling_of_a_name_has_no_budget_of_its_own(
    tried: Tried, channel: str, spellings: tuple[str, ...]
) -> None:
    tried(len(spellings))
    recipients = [parse_recipient(channel, each) for each in spellings]
    assert len({subject_of(each, KEY) for each in recipients}) == 1


@pytest.mark.parametrize(
    "service", ["x" * 200, "\u2603" * 40, "Call +49 900 1 now", "a\u00a0b", "-"]
)
async def test_no_service_that_a_user_invents_makes_a_message_longer_or_says_what_it_likes(
    root: Client, daemon: Daemon, tried: Tried, service: str
) -> None:
    tried()
    await root.enrol("nobody", "+4915112345600", BUS_PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        with pytest.raises(BusError, match="BadArgument"):
            await client.begin("nobody", service)
        transaction, _ = await client.begin("nobody", "i3lock")
        await client.respond(transaction, BUS_PIN)
    (message,) = daemon.messages()
    assert segments(message["text"]) == 1
