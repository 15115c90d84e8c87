# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How a session of wwebjs-api is, and linking it to a phone by QR code."""

import re
from collections.abc import Generator
from dataclasses import replace
from typing import Final

from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.whatsapp.api import CONNECTED, call, failure_of, state_of
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.pairing import Pairing, Pause, Show, ShowCode, followed, replied
from smsotpd.gateways.spec.reading import code_text, entry, parse_json_object

_LOOKS: Final = 90
_SECONDS_BETWEEN: Final = 2.0
_SECONDS_TO_START: Final = 30.0  # the server itself waits up to 10 s for its browser
_OK: Final = 200
_ALREADY_THERE: Final = 422
_QR: Final = re.compile(r"[!-~]{1,2000}")
# What the server says of a session whose browser has gone.
_CLOSED: Final = frozenset({"browser tab closed", "session closed"})


def inspect(values: Values) -> Generator[Request, Response, Report]:
    """Ask how the session is."""
    return _report((yield call(values, "session/status")))


def _report(response: Response) -> Report:
    if failure_of(response) is None and state_of(response) == CONNECTED:
        return Report(Condition.READY, "the session is connected", (("State", CONNECTED),))
    message = _message(response)
    if message == "session_not_found":
        return Report(Condition.DOWN, "there is no such session: pair the gateway")
    if message in _CLOSED:
        return Report(Condition.DOWN, "the session's browser was closed: pair the gateway")
    state = state_of(response)
    if state in {"OPENING", "TIMEOUT", "CONFLICT"}:
        facts = (("State", state),)
        return Report(Condition.DEGRADED, "the session is connecting again", facts)
    if message == "session_not_connected":
        return Report(Condition.DOWN, "the session is not linked to a phone: pair the gateway")
    failure = failure_of(response)
    return Report(Condition.DOWN, failure.detail if failure else "the session's state is unclear")


def _message(response: Response) -> str:
    return code_text(entry(parse_json_object(response.text), "message"))


def pair(values: Values) -> Pairing:
    """Start the session and show its QR code until a phone has scanned it."""
    status = yield from replied(call(values, "session/status"))
    report = _report(status)
    if report.condition is Condition.READY:
        yield Show("The session is linked and connected already.")
        return report
    if status.status != _OK:
        return report
    if _message(status) in {"session_not_found", *_CLOSED}:
        yield Show("Starting the session; the server opens a browser for it.")
        path = "session/restart" if _message(status) in _CLOSED else "session/start"
        started = yield from replied(_patient(call(values, path)))
        failure = failure_of(started)
        if failure is not None and started.status != _ALREADY_THERE:
            return Report(Condition.DOWN, failure.detail)
    yield Show(
        "On the phone, open WhatsApp: Settings, Linked devices, Link a device; then scan the code."
    )
    shown = ""
    for _ in range(_LOOKS):
        code = _qr((yield from replied(call(values, "session/qr"))))
        if code and code != shown:  # WhatsApp replaces it every 20 seconds or so
            shown = code
            yield ShowCode("Scan this code with WhatsApp", code, is_qr=True)
        yield Pause(_SECONDS_BETWEEN)
        report = yield from followed(inspect(values))
        if report.condition is Condition.READY:
            return report
    return Report(Condition.DOWN, "nobody scanned the code in time; pair the gateway again")


def _patient(request: Request) -> Request:
    return replace(request, timeout=_SECONDS_TO_START)


def _qr(response: Response) -> str:
    """Return what the QR code holds, empty while there is none."""
    code = entry(parse_json_object(response.text), "qr")
    return code if isinstance(code, str) and _QR.fullmatch(code) else ""
