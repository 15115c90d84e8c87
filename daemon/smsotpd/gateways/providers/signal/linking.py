# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Choose an account of the Signal server, or link it to a phone as a further device."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.recipient import mask
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.signal import server
from smsotpd.gateways.providers.signal.detection import Api, detect
from smsotpd.gateways.providers.signal.inspection import Accounts, inspect, known_accounts
from smsotpd.gateways.spec import Response, Values
from smsotpd.gateways.spec.pairing import (
    Ask,
    Keep,
    Pairing,
    PairingAnswer,
    PairingStep,
    Pause,
    Show,
    ShowCode,
    Start,
    asked,
    followed,
)
from smsotpd.gateways.spec.reading import entry, parse_json_object

DEVICE: Final = "pam-smsotp"
ANOTHER: Final = "link another phone"

_LINK: Final = re.compile(r"(sgnl|tsdevice):[\x21-\x7e]{1,2000}", re.ASCII)
_STARTING: Final = 30.0
_LOOKS: Final = 60
_BETWEEN_LOOKS: Final = 3.0
_SCAN: Final = "In Signal on the phone: Settings, Linked devices, Link new device"
_Number = Generator[PairingStep, PairingAnswer, str]

_UNLINKED: Final = Report(Condition.DOWN, "no phone was linked; pair the gateway again")


def pair(values: Values) -> Pairing:
    """Lead to an account: one that the server has, or a new link."""
    api = yield from followed(detect(values))
    if not isinstance(api, Api):
        return Report(Condition.DOWN, getattr(api, "detail", ""))
    accounts = yield from followed(known_accounts(values, api))
    if accounts is None:
        yield Show("This server links no phones: link or register the account with signal-cli.")
        return (yield from followed(inspect(values)))
    number = (yield from _choose(accounts)) if accounts else ""
    if not number:
        link = _by_rpc if api is Api.NATIVE else _by_rest
        number = yield from link(values, accounts)
    if not number:
        return _UNLINKED
    yield Keep("account", Secret(number))
    return Report(Condition.READY, "the account is chosen")


def _choose(accounts: Accounts) -> _Number:
    """Return the account the administrator chooses, empty for a new link."""
    labels = (*(mask("", each[-2:]) for each in accounts), ANOTHER)
    choices = tuple(f"{place}. {label}" for place, label in enumerate(labels, start=1))
    while True:
        chosen = (yield from asked(Ask("Which account shall send?", choices))) or choices[0]
        for index, choice in enumerate(choices):
            if chosen in {choice, str(index + 1)}:
                return accounts[index] if index < len(accounts) else ""
        yield Show("Please type one of the choices, or its number.")


def _by_rest(values: Values, known: Accounts) -> _Number:
    query = (("device_name", DEVICE),)
    # Each such request makes a new key pair: it is made once, and then only the accounts are asked.
    started = yield server.get(values, "/v1/qrcodelink/raw", query, timeout=_STARTING)
    link = _link(started, "device_link_uri")
    if not link:
        return ""
    yield ShowCode(_SCAN, link, is_qr=True)
    return (yield from _await(values, Api.BBERNHARD, known))


def _by_rpc(values: Values, known: Accounts) -> _Number:
    started = yield server.rpc(values, "startLink", timeout=_STARTING)
    link = _link(started, "result", "deviceLinkUri")
    if not link:
        return ""
    yield ShowCode(_SCAN, link, is_qr=True)
    # It blocks until the phone has scanned the code, or the server gives up.
    finish = server.rpc(
        values,
        "finishLink",
        {"deviceLinkUri": link, "deviceName": DEVICE},
        timeout=_LOOKS * _BETWEEN_LOOKS,
    )
    yield Start(finish)
    return (yield from _await(values, Api.NATIVE, known))


def _await(values: Values, api: Api, known: Accounts) -> _Number:
    """Return the number of the account that a phone was linked to, empty if none was in time."""
    for _ in range(_LOOKS):
        yield Pause(_BETWEEN_LOOKS)
        accounts = yield from followed(known_accounts(values, api))
        new = next((each for each in accounts or () if each not in known), "")
        if new:
            return new
    return ""


def _link(answer: PairingAnswer, *path: str) -> str:
    """Return the link of a reply, empty if it holds none that a phone could read."""
    reply = parse_json_object(answer.text) if isinstance(answer, Response) else None
    link = entry(reply, *path)
    return link if isinstance(link, str) and _LINK.fullmatch(link) else ""
