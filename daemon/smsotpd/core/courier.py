# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Getting a message to a user: route, health, failover, and the journal's account of it."""

from collections.abc import Callable

from smsotpd.core.events import CodeNotSent, Event, Login
from smsotpd.core.health_book import HealthBook
from smsotpd.core.message import Message
from smsotpd.core.policy import Settings
from smsotpd.core.ports import Accounts, Clock, Journal, Sender, Senders
from smsotpd.core.routing import Attempt, Delivery, deliver, event_of

EventOf = Callable[[Login, str, Attempt], Event]


class Courier:
    """Hand messages to gateways in the order of routes and health."""

    def __init__(
        self,
        clock: Clock,
        senders: Senders,
        accounts: Accounts,
        health: HealthBook,
        journal: Journal,
        settings: Callable[[], Settings],
    ) -> None:
        self._clock = clock
        self._senders = senders
        self._accounts = accounts
        self._health = health
        self._journal = journal
        self._settings = settings

    async def deliver(
        self,
        login: Login,
        message: Message,
        deadline: float,
        *,
        only: str = "",
        event_of: EventOf = event_of,
    ) -> Delivery:
        """Try the gateways for a message until one takes it or `deadline` seconds are over.

        Args:
            only: name of the one gateway to try; empty for the route.
            event_of: makes the journal's event of an attempt.
        """
        route = self._health.ordered(await self._route(login, message, only))
        if not route:
            channel = message.recipient.channel
            reason = f"no gateway for the channel {channel} is configured and enabled"
            self._journal.record(CodeNotSent(login, reason))

        def report(attempt: Attempt) -> None:
            self._journal.record(event_of(login, message.recipient.masked, attempt))
            self._health.note(attempt)

        return await deliver(message, route, deadline, self._clock, report, self._health.approach)

    async def _route(self, login: Login, message: Message, only: str) -> list[Sender]:
        if only:
            channel = message.recipient.channel
            senders = self._senders.senders()
            return [each for each in senders if each.name == only and each.channel == channel]
        groups: frozenset[str] = frozenset()
        if any(route.groups for route in self._settings().all_routes()):
            groups = await self._accounts.groups(login.user) or frozenset()
        return self._senders.route(message, groups)
