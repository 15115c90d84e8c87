# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What pairing with GoWhatsApp asks first: which device, and which number."""

from collections.abc import Generator, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from smsotpd.core.recipient import mask
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.gowhatsapp.api import call, failure_of, phone_digits, results_of
from smsotpd.gateways.providers.gowhatsapp.state import Device
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.pairing import (
    Ask,
    Keep,
    PairingAnswer,
    PairingStep,
    Show,
    asked,
    followed,
)
from smsotpd.gateways.spec.reading import code_text, entry

_TRIES: Final = 3
_End = TypeVar("_End")
_Steps = Generator[PairingStep, PairingAnswer, _End]


def choice(question: Ask) -> _Steps[str]:
    """Ask until one of the choices is given; the first is the default."""
    for _ in range(_TRIES):
        answer = (yield from asked(question)).strip()
        if answer in question.choices:
            return answer
        if not answer:
            break
        yield Show(f"Answer one of {', '.join(question.choices)}.")
    return question.choices[0]


def chosen_device(values: Values, found: Sequence[Device]) -> _Steps[Device | Report]:
    """Ask which device is to be used, if there are any, and make a new one if that is wanted."""
    if not found:
        return (yield from followed(_new(values, found)))
    yield Show("The server has these devices:")
    numbers = {str(index): device for index, device in enumerate(found, start=1)}
    for index, device in numbers.items():
        yield Show(f"{index}: {_described(device)}")
    yield Show("new: make another one; replace: log all of them out, then make another one")
    answer = yield from choice(Ask("Which device shall be used?", (*numbers, "new", "replace")))
    if answer in numbers:
        return numbers[answer]
    if answer == "replace":
        refused = yield from followed(_logged_out(values, found))
        if refused is not None:
            return refused
        found = [Device(device.id, "disconnected") for device in found]
    return (yield from followed(_new(values, found)))


def _described(device: Device) -> str:
    owner = device.name or mask("", device.number[-2:]) if device.is_linked else "no account"
    return f"{device.id}, {owner}, {device.state}"


def _logged_out(
    values: Values, found: Sequence[Device]
) -> Generator[Request, Response, Report | None]:
    """Log all devices out; a device keeps its place on the server all the same."""
    for device in found:
        if device.is_linked:
            path = f"/devices/{quote(device.id, safe='')}/logout"
            failure = failure_of((yield call(values, path, method="POST", device="")))
            if failure is not None:
                return Report(Condition.DOWN, f"a device was not logged out: {failure.detail}")
    return None


def _new(values: Values, found: Sequence[Device]) -> Generator[Request, Response, Device | Report]:
    """Make a device; one of the wanted name that has no account is as good as new."""
    wanted = values.text("device_name")
    taken = {device.id: device for device in found}
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(found) + 3)))
    name = next(each for each in names if each not in taken or not taken[each].is_linked)
    if name in taken:
        return taken[name]
    made = yield call(values, "/devices", body={"device_id": name}, method="POST", device="")
    failure = failure_of(made)
    if failure is not None:
        return Report(Condition.DOWN, f"no device was made: {failure.detail}")
    return Device(code_text(entry(results_of(made), "id")) or name, "disconnected")


def number_to_link(values: Values) -> _Steps[str]:
    """Return the digits of the account's number, asked for unless configured; empty if none."""
    configured = phone_digits(values.text("phone"))
    if configured:
        return configured
    for _ in range(_TRIES):
        question = Ask("Number of the WhatsApp account, as +491701234567")
        number = phone_digits((yield from asked(question)))
        if number:
            yield Keep("phone", Secret(f"+{number}"))
            return number
        yield Show("That is no number with its country code.")
    return ""
