# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""People are told of events after the fact, within bounds, and never of a secret."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from smsotpd.core.event_names import kind_of
from smsotpd.core.event_words import EVENT_WORDS
from smsotpd.core.events import GatewayDown, NotificationFailed, NotificationSent
from smsotpd.core.notification import EVENT_KINDS, Notification
from smsotpd.core.outcome import Deferred, ErrorClass
from smsotpd.core.policy import Policy
from smsotpd.core.recipient import Recipient
from tests.fakes.world import PHONE, PIN, USER, World

ADMINISTRATOR = Recipient("sms", "+43664123456")
XMPP = Recipient("xmpp", "ops@example.org")


def notify(world: World, events: Iterable[str], **changes: Any) -> None:
    made = Notification("tested", frozenset(events), **changes)
    world.settings = replace(world.settings, notifications={"tested": made})


async def send_all(world: World) -> None:
    while await world.notifications.send_next():
        pass


def told(world: World) -> list[tuple[str, str]]:
    """Return address and text of every message that carried no code."""
    return [
        (message.recipient.address, message.text)
        for message in world.gateway.messages
        if message.lifetime == 0
    ]


async def test_an_administrator_is_told_who_logged_in_where(world: World) -> None:
    notify(
        world,
        ["login-granted"],
        to=(ADMINISTRATOR,),
        text="{user} {phone} {service} {rhost} {date} {time} {host}",
    )
    terminal = world.begin()
    await terminal.answer(PIN)
    await terminal.answer(world.code)
    assert told(world) == []  # no login waits for it
    assert world.woken == 1
    await send_all(world)
    expected = f"{USER} +49 ••• ••89 login 192.0.2.7 2026-01-02 12:00 host.example.org"
    assert told(world) == [(ADMINISTRATOR.address, expected)]


async def test_the_user_is_told_at_the_enrolled_address(world: World) -> None:
    notify(world, ["login-denied"], to_user=True, text="Denied: {reason}")
    await world.begin().answer("wrong PIN")
    await send_all(world)
    assert told(world) == [(PHONE, "Denied: wrong PIN")]


async def test_the_user_is_told_of_a_used_recovery_code_and_how_many_are_left(
    world: World,
) -> None:
    notify(world, ["recovery-code-used"], to_user=True, text="{event} {user}: {left} left")
    codes = await world.add_recovery_codes()
    await world.begin().answer(PIN, codes[0])
    await send_all(world)
    assert told(world)[1:] == [(PHONE, f"recovery-code-used {USER}: 9 left")]


async def test_whom_nobody_knows_is_not_told(world: World) -> None:
    notify(world, ["login-denied"], to_user=True)
    await world.begin("mallory").answer("8642")
    await send_all(world)
    assert told(world) == []


@pytest.mark.parametrize(
    "conditions", [{"services": frozenset({"sudo"})}, {"users": frozenset({"ben"})}]
)
async def test_conditions_leave_other_events_out(
    world: World, conditions: dict[str, frozenset[str]]
) -> None:
    notify(world, ["login-denied"], to=(ADMINISTRATOR,), **conditions)
    await world.begin().answer("wrong PIN")
    assert world.woken == 0


async def test_a_flood_of_events_is_sent_a_few_times_an_hour(world: World) -> None:
    notify(world, ["login-denied"], to=(ADMINISTRATOR,), most_per_hour=3)
    for _ in range(5):
        await world.begin("mallory").answer("8642")
        world.clock.advance(60)
    await send_all(world)
    assert len(told(world)) == 3
    failed = [event for event in world.journal.events if isinstance(event, NotificationFailed)]
    assert len(failed) == 2
    world.clock.advance(3600)
    await world.begin("mallory").answer("8642")
    await send_all(world)
    assert len(told(world)) == 4


async def test_an_event_without_a_user_can_be_told_too(world: World) -> None:
    notify(world, ["gateway-down"], to=(ADMINISTRATOR,), text="{gateway}: {reason}")
    world.notifier.record(GatewayDown("second", "auth"))
    await send_all(world)
    assert told(world) == [(ADMINISTRATOR.address, "second: auth")]


async def test_one_gateway_can_be_named(world: World) -> None:
    cheap = world.add_gateway("zz-cheap")
    notify(world, ["login-denied"], to=(ADMINISTRATOR,), gateway="zz-cheap")
    await world.begin().answer("wrong PIN")
    await send_all(world)
    assert len(cheap.messages) == 1
    assert told(world) == []


async def test_what_became_of_it_is_in_the_journal(world: World) -> None:
    notify(world, ["login-denied"], to=(ADMINISTRATOR, XMPP))
    world.gateway.will(Deferred(ErrorClass.TEMPORARY, "away"))
    await world.begin().answer("wrong PIN")
    await send_all(world)
    world.add_gateway("xmpp")
    await world.begin().answer("wrong PIN")
    await send_all(world)
    events = world.journal.events
    sent = [(e.recipient, e.gateway) for e in events if isinstance(e, NotificationSent)]
    failed = [(e.recipient, e.reason) for e in events if isinstance(e, NotificationFailed)]
    assert failed == [(ADMINISTRATOR.masked, "temporary: away")]
    assert sent == [(ADMINISTRATOR.masked, "first"), (XMPP.masked, "xmpp")]


async def test_a_store_that_is_away_ends_nothing(world: World) -> None:
    notify(world, ["gateway-down"], to=(ADMINISTRATOR,))
    world.notifier.record(GatewayDown("second", "auth"))
    world.store.unavailable = True
    assert await world.notifications.send_next()
    assert isinstance(world.journal.events[-1], NotificationFailed)


async def test_what_was_typed_for_a_name_cannot_forge_a_text(world: World) -> None:
    notify(world, ["login-denied"], to=(ADMINISTRATOR,), text="{user}|{service}")
    await world.begin("{service}\u202e").answer("8642")
    await send_all(world)
    assert told(world) == [(ADMINISTRATOR.address, "{service}\N{REPLACEMENT CHARACTER}|login")]


def test_notifications_tell_of_no_notifications() -> None:
    assert not {"notification-sent", "notification-failed"} & EVENT_KINDS
    assert {"login-granted", "login-denied", "gateway-up", "user-locked"} <= EVENT_KINDS


def test_every_event_that_one_may_be_told_of_has_a_name_in_words() -> None:
    assert {kind_of(event_class) for event_class in EVENT_WORDS} == EVENT_KINDS
    assert len(set(EVENT_WORDS.values())) == len(EVENT_WORDS)


async def test_a_text_that_nobody_configured_names_the_event_in_the_default_language(
    world: World,
) -> None:
    notify(world, ["gateway-down"], to=(ADMINISTRATOR,))
    world.notifier.record(GatewayDown("second", "auth"))
    await send_all(world)
    world.settings = replace(world.settings, default_policy=Policy(language="xx"))
    world.notifier.record(GatewayDown("second", "auth"))
    await send_all(world)
    assert [text for _, text in told(world)] == [
        "host.example.org: gateway down second auth 12:00",
        "[host.example.org: [gateway down] second auth 12:00]",
    ]


async def test_what_an_administrator_wrote_stays_as_it_is_in_every_language(world: World) -> None:
    notify(world, ["gateway-down"], to=(ADMINISTRATOR,), text="{event}: {what}")
    world.settings = replace(world.settings, default_policy=Policy(language="xx"))
    world.notifier.record(GatewayDown("second", "auth"))
    await send_all(world)
    assert told(world) == [(ADMINISTRATOR.address, "gateway-down: [gateway down]")]
