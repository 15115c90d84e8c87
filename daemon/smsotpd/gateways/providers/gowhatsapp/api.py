# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""GoWhatsApp's calls and replies: every reply is an envelope with a code."""

import re
from typing import Final
from urllib.parse import quote

from smsotpd.core.outcome import Deferred, ErrorClass, Rejected, Unknown
from smsotpd.gateways.spec import BasicAuth, Failure, Json, Request, Response, Values
from smsotpd.gateways.spec.base_url import endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.own_server import CA_FILE
from smsotpd.gateways.spec.reading import code_text, entry, parse_json_object
from smsotpd.gateways.spec.request import JsonValue, Pairs
from smsotpd.gateways.spec.status import outcome_from_status

SUCCESS: Final = "SUCCESS"
TIMED_OUT: Final = 504
PERSON: Final = "@s.whatsapp.net"

_OK: Final = 200
_E164: Final = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[ ./()-]")

_CODES: Final = FailureTable(
    "code {}",
    {
        "AUTHENTICATION_ERROR": ErrorClass.AUTH,
        "DEVICE_NOT_FOUND": ErrorClass.AUTH,
        "DEVICE_ID_REQUIRED": ErrorClass.AUTH,
        "NOT_FOUND": ErrorClass.AUTH,
        "INVALID_JID": ErrorClass.RECIPIENT,
        "VALIDATION_ERROR": ErrorClass.RECIPIENT,
        "WA_REACHOUT_TIMELOCK": ErrorClass.RATE,
        "CONTEXT_ERROR": ErrorClass.TEMPORARY,
        "INTERNAL_SERVER_ERROR": ErrorClass.TEMPORARY,
        "INVALID_WA_CLI": ErrorClass.TEMPORARY,
        "SESSION_SAVED_ERROR": ErrorClass.TEMPORARY,
        "QR_CHANNEL_ERROR": ErrorClass.TEMPORARY,
        "DEVICE_MANAGER_UNAVAILABLE": ErrorClass.TEMPORARY,
    },
)
FAILURES: Final = (
    *_CODES.failures,
    Failure("HTTP 401 without a code", ErrorClass.AUTH),
    Failure("user/check, is_on_whatsapp false", ErrorClass.RECIPIENT),
    Failure("user/check, code GATEWAY_TIMEOUT", ErrorClass.TEMPORARY),
    # GoWhatsApp gave up waiting for WhatsApp, which may have the message all the same.
    Failure("send/message, code GATEWAY_TIMEOUT", ErrorClass.AMBIGUOUS),
)


def call(
    values: Values,
    path: str,
    query: Pairs = (),
    body: JsonValue = None,
    *,
    method: str = "GET",
    device: str | None = None,
    hands_over: bool = False,
) -> Request:
    """Return a call about one device, by default the one that is configured."""
    named = values.text("device_id") if device is None else device
    user = values.text("username")
    return Request(
        method,
        endpoint(values, path),
        query,
        body=None if body is None else Json(body),
        headers={"X-Device-Id": quote(named, safe="")} if named else {},
        auth=BasicAuth(user, values.text("password")) if user else None,
        ca_file=values.text(CA_FILE.name),
        hands_over=hands_over,
    )


def code_of(response: Response) -> str:
    """Return the code of a reply's envelope, empty if there is none."""
    return code_text(entry(parse_json_object(response.text), "code"))


def results_of(response: Response) -> JsonValue:
    """Return the results in a reply's envelope, None if there are none."""
    return entry(parse_json_object(response.text), "results")


def failure_of(response: Response) -> Rejected | Deferred | Unknown | None:
    """Return what a reply without success says, None for one with it."""
    code = code_of(response)
    if response.status == _OK and code == SUCCESS:
        return None
    if code in _CODES:
        return _CODES.outcome(code)
    by_status = outcome_from_status(response, frozenset({_OK}))
    if isinstance(by_status, Rejected | Deferred | Unknown):
        return by_status
    return _CODES.outcome(code) if code else Unknown("the reply cannot be read")


def phone_digits(text: str) -> str:
    """Return the digits of a number in international form, empty if it is none."""
    digits = _SEPARATORS.sub("", text).removeprefix("+")
    return digits if _E164.fullmatch(digits) else ""
