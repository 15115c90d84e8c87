# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which gateway is tried next, for how long, and when to stop."""

from dataclasses import replace

import pytest

from smsotpd.core.events import CodeFailed, CodeSent
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.core.routing import Attempt, Delivery, deliver
from smsotpd.core.transaction import Result
from tests.fakes.clock import FakeClock
from tests.fakes.sender import FakeSender
from tests.fakes.world import PHONE, PIN, World

MESSAGE = Message(parse_phone(PHONE), "a text")
DOWN = Deferred(ErrorClass.TEMPORARY, "503")


class Route:
    """Three gateways and what became of a message."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.senders = [FakeSender(name, self.clock) for name in ("one", "two", "three")]
        self.reported: list[Attempt] = []

    async def deliver(self, deadline: float = 15.0, message: Message = MESSAGE) -> Delivery:
        return await deliver(message, self.senders, deadline, self.clock, self.reported.append)

    @property
    def tried(self) -> list[str]:
        return [attempt.gateway for attempt in self.reported]


@pytest.fixture
def three() -> Route:
    return Route()


async def test_the_first_that_takes_the_message_is_the_last_tried(three: Route) -> None:
    delivery = await three.deliver()
    assert delivery.was_accepted
    assert delivery.may_arrive
    assert three.tried == ["one"]


@pytest.mark.parametrize(
    "outcome",
    [
        DOWN,
        Unknown(),
        *(Rejected(error_class) for error_class in ErrorClass),
    ],
)
async def test_a_gateways_own_failure_leads_to_the_next(three: Route, outcome: Outcome) -> None:
    three.senders[0].will(outcome)
    delivery = await three.deliver()
    assert three.tried == ["one", "two"]
    assert delivery.attempts == tuple(three.reported)
    assert delivery.was_accepted


async def test_after_an_ambiguous_result_the_next_gets_the_same_code(world: World) -> None:
    second = world.add_gateway("second")
    world.gateway.will(Unknown("timed out"))
    terminal = await world.begin().answer(PIN)
    assert second.messages == world.gateway.messages
    assert terminal.notes == []
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_ambiguous_then_refused_may_still_arrive(three: Route) -> None:
    three.senders[0].will(Unknown())
    three.senders[1].will(DOWN)
    three.senders[2].will(Rejected(ErrorClass.CREDIT))
    delivery = await three.deliver()
    assert not delivery.was_accepted
    assert delivery.may_arrive


async def test_a_message_that_all_refuse_does_not_arrive(three: Route) -> None:
    for sender in three.senders:
        sender.will(DOWN)
    delivery = await three.deliver()
    assert three.tried == ["one", "two", "three"]
    assert not delivery.may_arrive


async def test_each_gateway_has_an_equal_share_of_the_time_that_is_left(three: Route) -> None:
    three.senders[0].will(DOWN, seconds=100.0)
    three.senders[1].will(DOWN, seconds=1.0)
    await three.deliver()
    assert [sender.deadlines for sender in three.senders] == [[5.0], [5.0], [9.0]]
    assert [attempt.latency for attempt in three.reported] == [5.0, 1.0, 0.0]


async def test_a_later_gateway_is_told_what_is_left_of_a_codes_life(three: Route) -> None:
    three.senders[0].will(DOWN, seconds=4.0)
    three.senders[1].will(DOWN, seconds=1.0)
    await three.deliver(message=replace(MESSAGE, lifetime=60.0))
    assert [sender.messages[0].lifetime for sender in three.senders] == [60.0, 56.0, 55.0]


async def test_a_message_without_end_has_none_at_a_later_gateway(three: Route) -> None:
    three.senders[0].will(DOWN, seconds=4.0)
    await three.deliver()
    assert three.senders[1].messages == [MESSAGE]


async def test_a_second_address_is_told_what_is_left_of_a_codes_life(world: World) -> None:
    world.enrol()
    with world.store.change() as change:
        (known,) = change.enrolments()
        addresses = (*known.recipients, parse_phone("+491701234568"))
        change.put_enrolment(replace(known, recipients=addresses))
    world.set_policy(code_lifetime=60.0)
    world.gateway.will(DOWN, seconds=4.0)
    await world.begin().answer(PIN)
    assert [each.lifetime for each in world.gateway.messages] == [60.0, 56.0]


async def test_a_hanging_route_ends_with_its_deadline(three: Route) -> None:
    for sender in three.senders:
        sender.will(Accepted(), seconds=100.0)
    begun = three.clock.now().boot
    delivery = await three.deliver()
    assert three.clock.now().boot - begun == 15.0
    assert delivery.may_arrive
    assert not delivery.was_accepted


async def test_no_gateway_is_tried_after_the_deadline(three: Route) -> None:
    three.senders[0].will(DOWN)
    three.senders[0].meanwhile = lambda: three.clock.advance(15.0)
    await three.deliver()
    assert three.tried == ["one"]


async def test_a_route_without_gateways_delivers_nothing() -> None:
    delivery = await deliver(MESSAGE, [], 15.0, FakeClock(), lambda _attempt: None)
    assert delivery == Delivery()
    assert not delivery.may_arrive


async def test_a_failover_is_in_the_journal_attempt_by_attempt(world: World) -> None:
    world.add_gateway("second")
    world.gateway.will(DOWN)
    await world.begin().answer(PIN)
    assert [event.gateway for event in world.journal.of(CodeFailed)] == ["first"]
    assert [event.gateway for event in world.journal.of(CodeSent)] == ["second"]
