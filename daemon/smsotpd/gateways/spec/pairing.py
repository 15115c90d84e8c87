# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Linking an account to a gateway, in steps between the provider and the administrator.

A pairing is a pure generator: it yields what is to be done next and is sent what came of it.
"""

from collections.abc import Generator
from dataclasses import dataclass, field

from smsotpd.core.report import Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.spec.request import Request
from smsotpd.gateways.spec.response import Response


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


PairingStep = Request | Show | ShowCode | Ask | Pause | Keep
PairingAnswer = Response | Secret | None
Pairing = Generator[PairingStep, PairingAnswer, Report]
