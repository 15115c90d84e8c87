# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How a device of GoWhatsApp is, and whose WhatsApp account it is linked to."""

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from smsotpd.core.outcome import Deferred, Rejected, Unknown
from smsotpd.core.recipient import mask
from smsotpd.core.report import Condition, Report
from smsotpd.core.text import printable
from smsotpd.gateways.providers.gowhatsapp.api import (
    PERSON,
    call,
    code_of,
    failure_of,
    results_of,
)
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.balance import refusal_report
from smsotpd.gateways.spec.reading import code_text, entry
from smsotpd.gateways.spec.request import JsonValue

_LONGEST_SHOWN: Final = 60
# A device's own address may name the device: 491701234567:12@s.whatsapp.net.
_ADDRESS: Final = re.compile(r"([0-9]{5,15})[.:0-9]{0,12}@s\.whatsapp\.net", re.ASCII)
_NOT_FOUND: Final = 404
_OWN_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Device:
    """One place for an account on the server; it stays when the account logs out.

    Attributes:
        number: digits of the linked account, empty while there is none.
    """

    id: str
    state: str
    number: str = ""
    name: str = ""

    @property
    def is_linked(self) -> bool:
        """Tell whether an account is linked; a mere connection is none."""
        return bool(self.number) or self.state == "logged_in"


def inspect(values: Values) -> Generator[Request, Response, Report]:
    """Ask whether the device is logged in, and if not, what has become of it."""
    device = values.text("device_id")
    status = yield call(values, "/app/status")
    failure = failure_of(status)
    if failure is None and entry(results_of(status), "is_logged_in") is True:
        number = number_in(entry(results_of(status), "jid"))
        facts = (yield from account(values, device, number)) if number else ()
        return Report(Condition.READY, "the WhatsApp account is logged in", facts)
    if failure is not None and (status.status >= _OWN_FAULT or not code_of(status)):
        return refusal_report(failure)
    found = yield from devices(values)
    if not isinstance(found, tuple):
        return refusal_report(found)
    return _report([each for each in found if not device or each.id == device])


def _report(found: list[Device]) -> Report:
    if not found:
        return Report(Condition.DOWN, "the server has no such device: pair the gateway")
    if len(found) > 1:
        return Report(Condition.DOWN, "the server has several devices: set device_id, or pair")
    if not found[0].is_linked:  # since version 9, a logged-out device keeps its place
        return Report(Condition.DOWN, "the WhatsApp account is logged out: pair the gateway")
    facts = (("State", found[0].state),)
    return Report(Condition.DEGRADED, "the connection to WhatsApp is interrupted", facts)


def devices(
    values: Values,
) -> Generator[Request, Response, tuple[Device, ...] | Rejected | Deferred | Unknown]:
    """List the devices; without any, GoWhatsApp answers null (and older ones 404)."""
    response = yield call(values, "/devices", device="")
    if response.status == _NOT_FOUND:
        return ()
    failure = failure_of(response)
    if failure is not None:
        return failure
    found = results_of(response)
    listed = [_device(each) for each in found] if isinstance(found, list) else []
    return tuple(each for each in listed if each.id)


def _device(value: JsonValue) -> Device:
    number = number_in(entry(value, "jid"))
    return Device(
        code_text(entry(value, "id")),
        shown(entry(value, "state")),
        number,
        shown(entry(value, "display_name")),
    )


def account(
    values: Values, device: str, number: str
) -> Generator[Request, Response, tuple[tuple[str, str], ...]]:
    """Ask for verified name, status and linked devices of an account; empty if it is refused."""
    response = yield call(values, "/user/info", (("phone", number + PERSON),), device=device)
    if failure_of(response) is not None:
        return ()
    person = entry(results_of(response), "data", 0)
    linked = entry(person, "devices")
    name = shown(entry(person, "verified_name")) or shown(entry(person, "name"))
    return (
        ("Verified name", name or mask("", number[-2:])),
        ("Status", shown(entry(person, "status"))),
        ("Linked devices", str(len(linked)) if isinstance(linked, list) else "0"),
    )


def number_in(address: JsonValue) -> str:
    """Return the digits of a WhatsApp address, empty if it is none of a person."""
    found = _ADDRESS.fullmatch(code_text(address))
    return found[1] if found else ""


def shown(value: JsonValue) -> str:
    """Return a text as it may be shown, cut short."""
    return printable(code_text(value))[:_LONGEST_SHOWN]
