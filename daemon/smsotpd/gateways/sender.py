# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway as configured, ready to carry messages: core's port `Sender`."""

import asyncio
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from smsotpd.core.errors import RefusedError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.exchange import Exchange
from smsotpd.gateways.lane import Lane, LaneFullError
from smsotpd.gateways.pairing_run import PairingRun
from smsotpd.gateways.spec import Direct, Gateway, Http, HttpDialogue, Request, Response
from smsotpd.gateways.spec.pairing import Work

# Seconds that a delivery has left to say itself what became of the message.
_TO_TELL: Final = 0.3
_BUSY = Deferred(ErrorClass.TEMPORARY, "too many messages are waiting for this gateway")

_T = TypeVar("_T")
_End = TypeVar("_End", Outcome, Report)
_Lead = Generator[Request, Response, _End]


@dataclass(frozen=True, slots=True)
class _Broken:
    """What ended for want of a reply, or of one that could be read."""

    outcome: Outcome

    @property
    def detail(self) -> str:
        """Return why."""
        return getattr(self.outcome, "detail", "")


class GatewaySender:
    """Carry messages through one gateway; a hanging gateway holds up nothing but itself."""

    def __init__(self, gateway: Gateway, definition: GatewayDefinition) -> None:
        self._name = definition.name
        self._channel = gateway.channel
        self._transport = gateway.transport
        self._inspect = gateway.inspect
        self._pairing = gateway.pairing
        self._values = gateway.values(definition)
        self._lane = Lane(definition.name)

    @property
    def name(self) -> str:
        """Return the gateway's name."""
        return self._name

    @property
    def channel(self) -> str:
        """Return the kind of address it sends to."""
        return self._channel

    async def send(self, message: Message, deadline: float) -> Outcome:
        """Hand a message over within `deadline` seconds; never raises for a gateway's failure."""
        try:
            match self._transport:
                case Http() as http:
                    return await self._exchange(http, message, deadline)
                case HttpDialogue() as dialogue:
                    return await self._lead(dialogue.lead(self._values, message), deadline)
                case Direct() as direct:
                    return await self._deliver(direct, message, deadline)
        except LaneFullError:
            return _BUSY

    async def inspect(self, deadline: float) -> Report:
        """Ask the provider how account and connection are, within `deadline` seconds."""
        direct = self._transport.inspect if isinstance(self._transport, Direct) else None
        try:
            if direct is not None:
                ended = await self._work(partial(direct, self._values, deadline), deadline)
            elif self._inspect is not None:
                ended = await self._follow(self._inspect(self._values), deadline)
            else:
                return Report(Condition.UNKNOWN, "this provider offers no way to ask")
        except LaneFullError:
            return Report(Condition.DEGRADED, _BUSY.detail)
        return ended if isinstance(ended, Report) else Report(Condition.DOWN, ended.detail)

    def pair(self) -> PairingRun:
        """Begin to link an account.

        Raises:
            RefusedError: this type needs no pairing.
        """
        if self._pairing is None:
            raise RefusedError("gateways of this type need no pairing")
        return PairingRun(self._pairing(self._values), self._perform_patiently, self._do_work)

    async def _lead(self, lead: _Lead[Outcome], deadline: float) -> Outcome:
        ended = await self._follow(lead, deadline)
        return ended.outcome if isinstance(ended, _Broken) else ended

    async def _follow(self, lead: _Lead[_End], deadline: float) -> "_End | _Broken":
        """Make the requests that a dialogue yields, and return what it returns."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + deadline
        reply: Response | None = None
        while True:
            try:
                request = lead.send(reply) if reply else next(lead)
            except StopIteration as end:
                found: _End = end.value
                return found
            except Exception as error:  # noqa: BLE001  # a declaration's mistake costs one gateway
                return _Broken(Unknown(f"the reply cannot be read: {type(error).__name__}"))
            answer = await self._perform(request, ends - loop.time())
            if not isinstance(answer, Response):
                lead.close()
                return _Broken(answer)
            reply = answer

    async def _exchange(self, http: Http, message: Message, deadline: float) -> Outcome:
        try:
            request = http.request(self._values, message)
        except Exception as error:  # noqa: BLE001  # a declaration's mistake costs one gateway only
            return Rejected(
                ErrorClass.REJECTED, f"the request cannot be made: {type(error).__name__}"
            )
        if isinstance(request, Rejected):
            return request
        reply = await self._perform(request, deadline)
        return self._judge(http, reply) if isinstance(reply, Response) else reply

    async def _perform_patiently(self, request: Request, deadline: float) -> Response | Outcome:
        try:
            return await self._perform(request, deadline)
        except LaneFullError:
            return _BUSY

    async def _perform(self, request: Request, deadline: float) -> Response | Outcome:
        """Make one request; what fails before the message is handed over is surely not sent."""
        reply = await self._attempt(request, deadline)
        if isinstance(reply, Unknown) and not request.hands_over:
            return Deferred(ErrorClass.TEMPORARY, reply.detail)
        return reply

    async def _attempt(self, request: Request, deadline: float) -> Response | Outcome:
        exchange = Exchange(request)
        try:
            async with asyncio.timeout(max(0.0, min(deadline, request.timeout))):
                return await self._lane.run(exchange.perform)
        except TimeoutError:
            return exchange.give_up()
        except asyncio.CancelledError:
            exchange.give_up()
            raise
        except LaneFullError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the login goes on
            exchange.give_up()
            return Unknown(f"the exchange failed: {type(error).__name__}")

    def _judge(self, http: Http, reply: Response) -> Outcome:
        try:
            outcome = http.outcome(self._values, reply)
        except Exception as error:  # noqa: BLE001  # a reply that breaks the reader is unreadable
            return Unknown(f"the reply cannot be read: {type(error).__name__}")
        succeeded = 200 <= reply.status <= 299  # noqa: PLR2004  # RFC 9110, 15.3: successes
        if succeeded and not reply.complete and isinstance(outcome, Rejected | Deferred):
            return Unknown("only a part of the reply arrived")
        return outcome

    async def _do_work(self, work: Work, deadline: float) -> Outcome | None:
        try:
            ended = await self._work(partial(work.call, deadline), deadline)
        except LaneFullError:
            return _BUSY
        return ended.outcome if isinstance(ended, _Broken) else None

    async def _deliver(self, direct: Direct, message: Message, deadline: float) -> Outcome:
        ends = time.monotonic() + deadline - min(_TO_TELL, deadline / 4)

        def deliver() -> Outcome:
            # What waited for its turn has less time left.
            return direct.deliver(self._values, message, max(0.0, ends - time.monotonic()))

        ended = await self._work(deliver, deadline)
        return ended.outcome if isinstance(ended, _Broken) else ended

    async def _work(self, call: Callable[[], _T], deadline: float) -> _T | _Broken:
        """Do what blocks in a thread of its own; nobody knows what became of it if it fails."""
        try:
            async with asyncio.timeout(max(0.0, deadline)):
                return await self._lane.run(call)
        except TimeoutError:
            return _Broken(Unknown("the gateway did not finish in time"))
        except LaneFullError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the login goes on
            return _Broken(Unknown(f"the gateway failed: {type(error).__name__}"))
