# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway as configured, ready to carry messages: core's port `Sender`."""

import asyncio
from functools import partial

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.exchange import Exchange
from smsotpd.gateways.lane import Lane, LaneFullError
from smsotpd.gateways.spec import Direct, Gateway, Http, Response

_BUSY = Deferred(ErrorClass.TEMPORARY, "too many messages are waiting for this gateway")


class GatewaySender:
    """Carry messages through one gateway; a hanging gateway holds up nothing but itself."""

    def __init__(self, gateway: Gateway, definition: GatewayDefinition) -> None:
        self._name = definition.name
        self._transport = gateway.transport
        self._values = gateway.values(definition)
        self._lane = Lane(definition.name)

    @property
    def name(self) -> str:
        """Return the gateway's name."""
        return self._name

    async def send(self, message: Message, deadline: float) -> Outcome:
        """Hand a message over within `deadline` seconds; never raises for a gateway's failure."""
        try:
            match self._transport:
                case Http() as http:
                    return await self._exchange(http, message, deadline)
                case Direct() as direct:
                    return await self._deliver(direct, message, deadline)
        except LaneFullError:
            return _BUSY

    async def _exchange(self, http: Http, message: Message, deadline: float) -> Outcome:
        try:
            request = http.request(self._values, message)
        except Exception as error:  # noqa: BLE001  # a declaration's mistake costs one gateway only
            return Rejected(
                ErrorClass.REJECTED, f"the request cannot be made: {type(error).__name__}"
            )
        if isinstance(request, Rejected):
            return request
        exchange = Exchange(request)
        try:
            async with asyncio.timeout(min(deadline, request.timeout)):
                reply = await self._lane.run(exchange.perform)
        except TimeoutError:
            reply = exchange.give_up()
        except asyncio.CancelledError:
            exchange.give_up()
            raise
        except LaneFullError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the login goes on
            exchange.give_up()
            return Unknown(f"the exchange failed: {type(error).__name__}")
        return self._judge(http, reply) if isinstance(reply, Response) else reply

    def _judge(self, http: Http, reply: Response) -> Outcome:
        try:
            outcome = http.outcome(self._values, reply)
        except Exception as error:  # noqa: BLE001  # a reply that breaks the reader is unreadable
            return Unknown(f"the reply cannot be read: {type(error).__name__}")
        succeeded = 200 <= reply.status <= 299  # noqa: PLR2004  # RFC 9110, 15.3: successes
        if succeeded and not reply.complete and isinstance(outcome, Rejected | Deferred):
            return Unknown("only a part of the reply arrived")
        return outcome

    async def _deliver(self, direct: Direct, message: Message, deadline: float) -> Outcome:
        deliver = partial(direct.deliver, self._values, message, deadline)
        try:
            async with asyncio.timeout(deadline):
                return await self._lane.run(deliver)
        except TimeoutError:
            return Unknown("the gateway did not finish in time")
        except LaneFullError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the login goes on
            return Unknown(f"the gateway failed: {type(error).__name__}")
