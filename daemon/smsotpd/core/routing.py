# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which gateway is tried next, and when to stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smsotpd.core.events import CodeFailed, CodeSent, Login
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Outcome, Unknown
from smsotpd.core.ports import Clock, Sender


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message to one gateway; `latency` in seconds."""

    gateway: str
    outcome: Outcome
    latency: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """All tries for one message, in order."""

    attempts: tuple[Attempt, ...] = ()

    @property
    def was_accepted(self) -> bool:
        """Tell whether a gateway took the message."""
        return any(isinstance(attempt.outcome, Accepted) for attempt in self.attempts)

    @property
    def may_arrive(self) -> bool:
        """Tell whether the message may reach its recipient: taken, or nobody knows."""
        return any(isinstance(attempt.outcome, Accepted | Unknown) for attempt in self.attempts)


async def deliver(
    message: Message,
    route: Sequence[Sender],
    deadline: float,
    clock: Clock,
    report: Callable[[Attempt], None],
    approach: Callable[[str, float], None] = lambda _name, _seconds: None,
) -> Delivery:
    """Try the gateways of a route in turn until one takes the message or time is up.

    Each gateway may use an equal share of the time that is left, so that a hanging first choice
    leaves room for the second. After an ambiguous result the next one gets the same message. Nor is
    a refused recipient the end: many a provider serves some countries, or some kinds of address.

    Args:
        deadline: seconds for all of them together.
        report: told of each attempt as it ends.
        approach: told of each gateway and its share before it is tried.
    """
    started = clock.now().boot
    attempts: list[Attempt] = []
    for index, sender in enumerate(route):
        begun = clock.now().boot
        share = (started + deadline - begun) / (len(route) - index)
        if share <= 0:
            break
        approach(sender.name, share)
        outcome = await sender.send(message.aged(begun - started), share)
        attempt = Attempt(sender.name, outcome, clock.now().boot - begun)
        attempts.append(attempt)
        report(attempt)
        if isinstance(outcome, Accepted):
            break
    return Delivery(tuple(attempts))


def event_of(login: Login, masked: str, attempt: Attempt) -> CodeSent | CodeFailed:
    """Return the journal's event for an attempt to send a code."""
    outcome = attempt.outcome
    if isinstance(outcome, Accepted):
        return CodeSent(login, attempt.gateway, masked, attempt.latency, outcome.message_id)
    return CodeFailed(
        login,
        attempt.gateway,
        masked,
        attempt.latency,
        outcome=type(outcome).__name__.lower(),
        error_class=str(outcome.error_class),
        detail=outcome.detail,
    )
