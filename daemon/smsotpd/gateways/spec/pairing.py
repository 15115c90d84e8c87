# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Linking an account to a gateway, in steps between the provider and the administrator.

A pairing is a pure generator: it yields what is to be done next and is sent what came of it.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from smsotpd.core.report import Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.spec.request import Request
from smsotpd.gateways.spec.response import Response

_End = TypeVar("_End")


@dataclass(frozen=True, slots=True)
class Show:
    """Show a sentence; nothing is sent back."""

    text: str


@dataclass(frozen=True, slots=True)
class ShowCode:
    """Show something to scan or to type into the phone: a QR code's content or a pairing code."""

    label: str
    content: str = field(repr=False)
    is_qr: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the administrator; sent back: the answer as a Secret, an empty one for the default."""

    label: str
    choices: tuple[str, ...] = ()
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next look; nothing is sent back."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Keep:
    """Store a setting of the gateway that the pairing found out; nothing is sent back."""

    name: str
    value: Secret


@dataclass(frozen=True, slots=True)
class Start:
    """Make a request that is answered only once something has happened elsewhere.

    It goes on beside the next steps, until its own time is over or the pairing ends. Nothing is
    sent back: the next steps look for themselves what came of it.
    """

    request: Request


@dataclass(frozen=True, slots=True)
class Work:
    """Do what is no HTTP request; nothing is sent back (`worked` returns what came of it).

    Attributes:
        call: blocks in a thread of its own and ends within the seconds it is given.
    """

    call: Callable[[float], None]


PairingStep = Request | Work | Show | ShowCode | Ask | Pause | Keep | Start
PairingAnswer = Response | Secret | None
Pairing = Generator[PairingStep, PairingAnswer, Report]


def asked(question: Ask) -> Generator[PairingStep, PairingAnswer, str]:
    """Ask, and return what was typed; an empty text means the default.

    Raises:
        TypeError: whoever drives the pairing sent no answer.
    """
    answer = yield question
    if not isinstance(answer, Secret):
        raise TypeError("a question of a pairing needs an answer")
    return answer.reveal()


def replied(request: Request) -> Generator[PairingStep, PairingAnswer, Response]:
    """Make a request, and return the reply.

    Raises:
        TypeError: whoever drives the pairing sent no reply.
    """
    reply = yield request
    if not isinstance(reply, Response):
        raise TypeError("a request of a pairing needs its reply")
    return reply


def worked(call: Callable[[float], _End]) -> Generator[PairingStep, PairingAnswer, _End]:
    """Do something that blocks, and return what it returns.

    Raises:
        IndexError: whoever drives the pairing went on without it.
    """
    results: list[_End] = []
    yield Work(lambda seconds: results.append(call(seconds)))
    return results[0]


def followed(
    lead: Generator[Request, Response, _End],
) -> Generator[PairingStep, PairingAnswer, _End]:
    """Make the requests of a dialogue as steps of a pairing, and return what it returns.

    Raises:
        TypeError: as above.
    """
    try:
        request = next(lead)
        while True:
            request = lead.send((yield from replied(request)))
    except StopIteration as end:
        found: _End = end.value
        return found
