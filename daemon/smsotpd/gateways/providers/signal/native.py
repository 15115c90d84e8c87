# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Send through signal-cli's own JSON-RPC: HTTP 200 for failures too, 201 for what it forgot."""

from collections.abc import Mapping
from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import (
    Accepted,
    Deferred,
    ErrorClass,
    Outcome,
    Rejected,
    Unknown,
)
from smsotpd.gateways.providers.signal import server
from smsotpd.gateways.spec import Failure, Request, Response, Values
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status

_SEND: Final = "send"
_SUCCESS: Final = "SUCCESS"
_LONGEST_WAIT: Final = 86_400
_UNREADABLE: Final = Unknown("the reply cannot be read")

CODES: Final = FailureTable(
    "native: HTTP 200, JSON-RPC error {}",
    {
        "-1": ErrorClass.REJECTED,
        "-3": ErrorClass.TEMPORARY,
        "-4": ErrorClass.RECIPIENT,
        "-5": ErrorClass.RATE,
        "-6": ErrorClass.RATE,
        "-32600": ErrorClass.REJECTED,
        "-32601": ErrorClass.REJECTED,
        # Ours are right but for the account, which is unknown or missing.
        "-32602": ErrorClass.SENDER,
        "-32603": ErrorClass.TEMPORARY,
        "-32700": ErrorClass.REJECTED,
    },
)
TYPES: Final = FailureTable(
    "native: HTTP 200, result type {}",
    {
        "NETWORK_FAILURE": ErrorClass.TEMPORARY,
        "UNREGISTERED_FAILURE": ErrorClass.RECIPIENT,
        "IDENTITY_FAILURE": ErrorClass.RECIPIENT,
        "RATE_LIMIT_FAILURE": ErrorClass.RATE,
        "INVALID_PRE_KEY_FAILURE": ErrorClass.RECIPIENT,
    },
)
_STATUSES: Final[Mapping[int, Rejected | Unknown]] = {
    201: Unknown("signal-cli took the message for one that wants no answer (HTTP 201)"),
    415: Rejected(ErrorClass.REJECTED, "signal-cli does not take our JSON (HTTP 415)"),
    421: Rejected(
        ErrorClass.REJECTED,
        "signal-cli does not answer to the host name in url (HTTP 421): use the one it is bound to",
    ),
}
FAILURES: Final = (
    *CODES.failures,
    *TYPES.failures,
    *(Failure(f"native: HTTP {status}", each.error_class) for status, each in _STATUSES.items()),
)


def request(values: Values, message: Message) -> Request:
    """Return the call that sends a message; the account is left out where none is set."""
    account = server.account(values)
    parameters: dict[str, JsonValue] = {"account": account} if account else {}
    parameters["recipient"] = [message.recipient.address]
    parameters["message"] = message.text
    return server.rpc(values, _SEND, parameters, timeout=server.SENDING, hands_over=True)


def outcome(response: Response) -> Outcome:
    """Return what the reply means: a timestamp alone is no success."""
    if response.status in _STATUSES:
        return _STATUSES[response.status]
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    reply = parse_json_object(response.text)
    if entry(reply, "jsonrpc") != "2.0":
        return _UNREADABLE
    error = entry(reply, "error")
    if error is not None:
        results = entry(error, "data", "response", "results")
        code = code_text(entry(error, "code"))
        return _refused(results) or CODES.outcome(code, _wait(results))
    results = entry(reply, "result", "results")
    timestamp = message_id(entry(reply, "result", "timestamp"))
    if entry(reply, "id") != _SEND or not timestamp or not results:
        return _UNREADABLE
    return _refused(results) or Accepted(timestamp)


def _refused(results: JsonValue) -> Rejected | Deferred | None:
    """Return why the one recipient was not reached, None if it was or nothing is said."""
    for each in results if isinstance(results, list) else []:
        kind = code_text(entry(each, "type"))
        if kind != _SUCCESS:
            return TYPES.outcome(kind, _wait(results))
    return None


def _wait(results: JsonValue) -> float | None:
    seconds = entry(results, 0, "retryAfterSeconds")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
        return float(min(seconds, _LONGEST_WAIT))
    return None
