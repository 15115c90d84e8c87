# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A login survives dead gateways: the next gateway, the next channel, the same code."""

from dataclasses import replace

import pytest

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import NotFoundError, RefusedError
from smsotpd.core.events import CodeFailed, CodeNotSent, CodeSent, GatewayDown, GatewayUp
from smsotpd.core.outcome import Deferred, ErrorClass, Rejected, Unknown
from smsotpd.core.recipient import Recipient
from smsotpd.core.report import Condition, Report
from smsotpd.core.route import Route
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Result
from tests.fakes.world import MASKED, PHONE, PIN, USER, World

OUTAGE = Deferred(ErrorClass.TEMPORARY, "HTTP 503")
SIGNAL = Recipient("signal", "+431234599")
JID = Recipient("xmpp", "anna@example.org")


def enrol_on(world: World, *recipients: Recipient) -> None:
    with world.store.change() as change:
        change.put_enrolment(Enrolment(USER, recipients, world.hasher.encoded(PIN)))


def told(world: World, kind: type[CodeFailed | CodeSent | GatewayDown | GatewayUp]) -> list[str]:
    return [event.gateway for event in world.journal.events if isinstance(event, kind)]


async def test_the_second_gateway_gets_the_same_code(world: World) -> None:
    second = world.add_gateway("second")
    world.gateway.will(OUTAGE)
    terminal = world.begin()
    await terminal.answer(PIN)
    assert second.messages == world.gateway.messages
    assert (await terminal.answer(world.code)).outcome == Result.SUCCESS


async def test_after_an_ambiguous_result_the_next_gateway_gets_the_same_code(world: World) -> None:
    second = world.add_gateway("second")
    world.gateway.will(Unknown("no reply in time"))
    await world.begin().answer(PIN)
    assert second.messages == world.gateway.messages


async def test_three_outages_put_a_gateway_at_the_end(world: World) -> None:
    second = world.add_gateway("second")
    world.gateway.will(OUTAGE, OUTAGE, OUTAGE)
    for attempt in range(4):
        world.clock.advance(7200)
        terminal = world.begin(rhost=f"192.0.2.{attempt}")
        await terminal.answer(PIN)
        if attempt == 2:
            assert world.health.is_open("first")
            world.clock.advance(1)
            await world.begin(service="sudo").answer(PIN)
    assert len(second.messages) >= 3
    assert told(world, GatewayDown) == ["first"]
    assert told(world, GatewayUp) == ["first"]  # two hours later it was tried again


async def test_a_wrong_password_opens_the_breaker_at_once_and_survives_a_restart(
    world: World,
) -> None:
    world.add_gateway("second")
    world.gateway.will(Rejected(ErrorClass.AUTH))
    await world.begin().answer(PIN)
    world.restart()
    assert world.health.is_open("first")
    assert [trace.word for trace in world.health.of("first").recent] == ["auth"]


async def test_a_gateway_that_is_alone_is_tried_although_it_failed(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.AUTH))
    await world.begin().answer(PIN)
    world.clock.advance(60)
    terminal = world.begin(service="sudo")
    await terminal.answer(PIN)
    assert (await terminal.answer(world.code)).outcome == Result.SUCCESS


async def test_the_second_channel_carries_the_code_when_the_first_fails(world: World) -> None:
    enrol_on(world, Recipient("sms", PHONE), SIGNAL)
    signal = world.add_gateway("signal")
    world.gateway.will(OUTAGE)
    terminal = world.begin()
    await terminal.answer(PIN)
    assert "+43 ••• ••99" in terminal.prompt
    (message,) = signal.messages
    assert message.recipient == SIGNAL
    assert (await terminal.answer(message.text.split()[0])).outcome == Result.SUCCESS


async def test_a_later_prompt_names_the_channel_that_worked(world: World) -> None:
    enrol_on(world, Recipient("sms", PHONE), SIGNAL)
    world.add_gateway("signal")
    world.gateway.will(OUTAGE)
    await world.begin().answer(PIN)
    assert "+43 ••• ••99" in (await world.begin().answer(PIN)).prompt


async def test_all_channels_share_one_deadline(world: World) -> None:
    enrol_on(world, Recipient("sms", PHONE), SIGNAL, JID)
    signal, xmpp = world.add_gateway("signal"), world.add_gateway("xmpp")
    world.gateway.will(OUTAGE, seconds=10)
    signal.will(OUTAGE, seconds=5)
    assert (await world.begin().answer(PIN)).outcome == Result.UNAVAILABLE
    assert signal.deadlines == [5]
    assert xmpp.messages == []


async def test_a_channel_without_a_gateway_is_passed_over_and_told(world: World) -> None:
    enrol_on(world, JID, Recipient("sms", PHONE))
    terminal = world.begin()
    assert MASKED in (await terminal.answer(PIN)).prompt
    (event,) = [event for event in world.journal.events if isinstance(event, CodeNotSent)]
    assert "xmpp" in event.reason


async def test_a_route_for_a_group_serves_its_members(world: World) -> None:
    second = world.add_gateway("second")
    staff = Route(("second",), groups=frozenset({"staff"}))
    world.settings = replace(world.settings, routes={"staff": staff}, order=("first",))
    world.accounts.by_user[USER] = frozenset({"staff"})
    await world.begin().answer(PIN)
    assert len(second.messages) == 1
    assert world.gateway.messages == []


async def test_each_attempt_is_told_with_its_class(world: World) -> None:
    world.add_gateway("second")
    world.gateway.will(Rejected(ErrorClass.CREDIT, "no credit"))
    await world.begin().answer(PIN)
    assert told(world, CodeFailed) == ["first"]
    assert told(world, CodeSent) == ["second"]


def test_an_inspection_tells_what_changed_and_only_that(world: World) -> None:
    gone = Report(Condition.DOWN, "logged out")
    well = Report(Condition.READY, "linked")
    for report in (well, gone, gone, well, well):
        world.health.note_report("first", report)
    assert told(world, GatewayDown) == ["first"]
    assert told(world, GatewayUp) == ["first"]
    assert world.health.report_of("first") == well


async def test_configuring_anew_forgets_the_past(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.AUTH))
    await world.begin().answer(PIN)
    world.health.forget("first")
    assert not world.health.is_open("first")
    world.restart()
    assert not world.health.is_open("first")


async def test_a_user_has_one_address_per_channel_and_an_order(world: World) -> None:
    world.add_gateway("signal")
    await world.users.enrol(USER, "signal", "+431234599", Secret(""), 0, verify=False)
    channels = [r.channel for r in world.users.show(USER).enrolment.recipients]
    assert channels == ["sms", "signal"]
    world.users.prefer(USER, "signal", 0)
    terminal = world.begin()
    assert "+43 ••• ••99" in (await terminal.answer(PIN)).prompt
    world.users.drop_recipient(USER, "signal", 0)
    with pytest.raises(RefusedError):
        world.users.drop_recipient(USER, "sms", 0)
    with pytest.raises(NotFoundError):
        world.users.prefer(USER, "signal", 0)


async def test_the_status_of_a_gateway_tells_its_past_and_asks_its_provider(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.AUTH))
    world.gateway.report = Report(Condition.DOWN, "the token was revoked", (("Plan", "free"),))
    await world.begin().answer(PIN)
    status = await world.gateways.status("first")
    assert status.is_open
    assert status.health.failures == 1
    assert status.report == world.gateway.report
    assert told(world, GatewayDown) == ["first", "first"]  # it failed, and its provider says so


async def test_the_status_of_a_disabled_gateway_is_nobodys_news(world: World) -> None:
    world.add_gateway("second", enabled=False).report = Report(Condition.DOWN, "logged out")
    status = await world.gateways.status("second")
    assert status.report.condition is Condition.DOWN
    assert told(world, GatewayDown) == []


async def test_health_that_cannot_be_stored_stops_no_login(world: World) -> None:
    world.add_gateway("second")
    world.gateway.meanwhile = lambda: setattr(world.store, "unavailable", True)
    world.gateway.will(Rejected(ErrorClass.AUTH))
    await world.begin().answer(PIN)
    assert world.health.is_open("first")


def test_a_gateway_that_is_merely_degraded_is_no_news(world: World) -> None:
    for condition in (Condition.DOWN, Condition.DEGRADED):
        world.health.note_report("first", Report(condition, "low credit"))
    assert told(world, GatewayUp) == []
