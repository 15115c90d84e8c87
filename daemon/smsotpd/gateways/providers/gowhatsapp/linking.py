# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Linking a WhatsApp account to a device of GoWhatsApp by a pairing code."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.gowhatsapp.api import call, code_of, failure_of, results_of
from smsotpd.gateways.providers.gowhatsapp.choosing import choice, chosen_device, number_to_link
from smsotpd.gateways.providers.gowhatsapp.state import (
    Device,
    account,
    devices,
    number_in,
)
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.balance import refusal_report
from smsotpd.gateways.spec.pairing import (
    Ask,
    Keep,
    Pairing,
    PairingAnswer,
    PairingStep,
    Pause,
    Show,
    ShowCode,
    followed,
    replied,
)
from smsotpd.gateways.spec.reading import code_text, entry

_PAIRING_CODE: Final = re.compile(r"[A-Z0-9-]{4,20}", re.ASCII)
_LOOKS: Final = 60
_SECONDS_BETWEEN: Final = 2.0
_LOOKS_PER_PASSKEY: Final = 5

_Steps = Generator[PairingStep, PairingAnswer, Report | None]


def pair(values: Values) -> Pairing:
    """Choose or make a device, show its pairing code, and wait until the phone has linked it."""
    found = yield from followed(devices(values))
    if not isinstance(found, tuple):
        return refusal_report(found)
    device = yield from chosen_device(values, found)
    if isinstance(device, Report):
        return device
    linked = yield from _if_linked(values, device)
    if linked is not None:
        return linked
    number = yield from number_to_link(values)
    if not number:
        return Report(Condition.DOWN, "without the number of the account nothing can be linked")
    ended = yield from _code_shown(values, device, number)
    return ended or (yield from _awaited(values, device))


def _awaited(values: Values, device: Device) -> Pairing:
    """Look again and again whether the phone has linked the device."""
    for look in range(_LOOKS):
        yield Pause(_SECONDS_BETWEEN)
        ended = yield from _if_linked(values, device)
        if ended is None and look % _LOOKS_PER_PASSKEY == 0:
            ended = yield from _if_stuck(values, device)
        if ended is not None:
            return ended
    return Report(Condition.DOWN, "the phone did not link the device in time; pair it again")


def _code_shown(values: Values, device: Device, number: str) -> _Steps:
    """Show a pairing code; return a report only if there is nothing left to wait for."""
    path, query = "/app/login-with-code", (("phone", number),)
    asked_for = yield from replied(call(values, path, query, device=device.id))
    if code_of(asked_for) == "ALREADY_LOGGED_IN":
        yield Show("The device is logged in already.")
        question = Ask("Keep the account that is logged in?", ("yes", "no"))
        if (yield from choice(question)) == "yes":
            return (yield from _finished(values, device, device.number))
        yield from replied(call(values, "/app/logout", device=device.id))
        asked_for = yield from replied(call(values, path, query, device=device.id))
    failure = failure_of(asked_for)
    if failure is not None:
        return Report(Condition.DOWN, f"no pairing code: {failure.detail}")
    code = code_text(entry(results_of(asked_for), "pair_code"))
    if not _PAIRING_CODE.fullmatch(code):
        return Report(Condition.DOWN, "no pairing code: the reply cannot be read")
    yield ShowCode("Pairing code", code)
    yield Show(
        "On the phone, open WhatsApp: Settings, Linked devices, Link a device, "
        "Link with phone number instead; then type the code."
    )
    return None


def _if_linked(values: Values, device: Device) -> _Steps:
    status = yield from replied(call(values, "/app/status", device=device.id))
    if failure_of(status) or entry(results_of(status), "is_logged_in") is not True:
        return None
    number = number_in(entry(results_of(status), "jid")) or device.number
    return (yield from _finished(values, device, number))


def _finished(values: Values, device: Device, number: str) -> _Steps:
    """Keep the device's id, and tell whose account it is."""
    yield Keep("device_id", Secret(device.id))
    facts = (yield from followed(account(values, device.id, number))) if number else ()
    return Report(Condition.READY, "the WhatsApp account is logged in", facts)


def _if_stuck(values: Values, device: Device) -> _Steps:
    """Look whether WhatsApp asks for a passkey, which only a browser can give (version 9.2)."""
    reply = yield from replied(call(values, "/app/passkey", device=device.id))
    status = entry(results_of(reply), "status")
    if failure_of(reply) is None and status in {"awaiting_response", "awaiting_confirmation"}:
        return Report(
            Condition.DOWN,
            "WhatsApp asks for a passkey: finish the linking in GoWhatsApp's own page, "
            "then pair the gateway again and choose this device",
        )
    return None
