# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""wwebjs-api's calls and replies: `success` tells, whatever the HTTP status says."""

from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Rejected, Unknown
from smsotpd.gateways.spec import Failure, Json, Request, Response, Values
from smsotpd.gateways.spec.base_url import endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.own_server import CA_FILE
from smsotpd.gateways.spec.reading import code_text, entry, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status

NOT_CONNECTED: Final = "session_not_connected"
CONNECTED: Final = "CONNECTED"
NOT_ON_WHATSAPP: Final = Failure("HTTP 200, getNumberId gives null", ErrorClass.RECIPIENT)

# States in which a session comes back by itself; in any other, somebody has to link it again.
_PASSING_STATES: Final = ("OPENING", "TIMEOUT", "CONFLICT", "CONNECTED")

_ERRORS: Final = FailureTable(
    "HTTP {}",
    {
        "403": ErrorClass.AUTH,
        "404, error session_not_found": ErrorClass.AUTH,
        "422": ErrorClass.REJECTED,
        "400": ErrorClass.REJECTED,
        # whatsapp-web.js cannot address this number for now: trying again does not help.
        "500, error No LID for user": ErrorClass.REJECTED,
        "500": ErrorClass.TEMPORARY,
        "200, success false": ErrorClass.REJECTED,
    },
)
_STATES: Final = FailureTable(
    f"HTTP 404, error {NOT_CONNECTED}, state {{}}",
    {**dict.fromkeys(_PASSING_STATES, ErrorClass.TEMPORARY), "of any other kind": ErrorClass.AUTH},
)
FAILURES: Final = (*_ERRORS.failures, *_STATES.failures, NOT_ON_WHATSAPP)


def call(values: Values, path: str, body: JsonValue = None, *, hands_over: bool = False) -> Request:
    """Return a call about the session: POST with a body, GET without."""
    key = values.text("api_key")
    return Request(
        "GET" if body is None else "POST",
        endpoint(values, f"/{path}/{values.text('session')}"),
        body=None if body is None else Json(body),
        headers={"x-api-key": key} if key else {},
        ca_file=values.text(CA_FILE.name),
        hands_over=hands_over,
    )


def failure_of(response: Response) -> Rejected | Deferred | Unknown | None:
    """Return what a reply without success says, None for one with it."""
    reply = parse_json_object(response.text)
    error = code_text(entry(reply, "error"))
    for sign in _ERRORS.classes:
        status, _, wanted = sign.partition(", error ")
        if wanted and status == str(response.status) and error.startswith(wanted):
            return _ERRORS.outcome(sign)
    if str(response.status) in _ERRORS:
        return _ERRORS.outcome(str(response.status))
    by_status = outcome_from_status(response, frozenset({200}))
    if isinstance(by_status, Rejected | Deferred | Unknown):
        return by_status
    match entry(reply, "success"):
        case True:
            return None
        case False:
            return _ERRORS.outcome("200, success false")
        case _:
            return Unknown("the reply cannot be read")


def is_not_connected(response: Response) -> bool:
    """Tell whether a call failed for want of a connected session."""
    error = entry(parse_json_object(response.text), "error")
    return response.status != 200 and error == NOT_CONNECTED  # noqa: PLR2004  # OK


def state_of(response: Response) -> str:
    """Return the state of a session, as the reply to session/status tells it; may be empty."""
    return code_text(entry(parse_json_object(response.text), "state"))


def failure_of_state(state: str) -> Rejected | Deferred:
    """Return what became of a message to a session that is not connected."""
    return _STATES.outcome(state if state in _PASSING_STATES else "of any other kind")
