# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Send through the REST servers before signal-cli: one path, /v2/send, and four shapes of success.

bbernhard's answers an object, or since July 2026 a list of one; python-signal-cli-rest-api
`timestamps`, in the plural; its predecessor `timestamp`.
"""

from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.providers.signal import server
from smsotpd.gateways.providers.signal.detection import Api
from smsotpd.gateways.providers.signal.native import TYPES
from smsotpd.gateways.spec import Failure, Request, Response, Values
from smsotpd.gateways.spec.failure_table import FailureWords, failed
from smsotpd.gateways.spec.reading import (
    code_text,
    entry,
    message_id,
    parse_json,
)
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

# In the member `error`, or `message`.
_REFUSALS: Final = FailureWords(
    'HTTP 400, "{}"',
    {
        "invalid recipient(s)": ErrorClass.RECIPIENT,
        "number missing": ErrorClass.SENDER,
        "please check gateway logs": ErrorClass.REJECTED,
        "invalid request body": ErrorClass.REJECTED,
    },
)
_TOO_FAST: Final = Failure("HTTP 429", ErrorClass.RATE)
_NOT_SENT: Final = Failure("HTTP 201, errors.recipients", ErrorClass.REJECTED)
FAILURES: Final = (*_REFUSALS.failures, _TOO_FAST, _NOT_SENT)


def request(values: Values, api: Api, message: Message) -> Request | Rejected:
    """Return the request that sends a message, or why this server cannot send it."""
    account, address = server.account(values), message.recipient.address
    if api is Api.BBERNHARD and not account:
        return Rejected(ErrorClass.SENDER, "this Signal server needs the setting account")
    if api is Api.PYTHON and not address.startswith("+"):
        return Rejected(ErrorClass.RECIPIENT, "this Signal server takes numbers only, no ACI")
    body: dict[str, JsonValue] = {"recipients": [address], "message": message.text}
    if account:
        body["number"] = account
    if api is Api.BBERNHARD:
        body["text_mode"] = "normal"  # a server may be set to read * and ~ as markup
    return server.post(values, "/v2/send", body)


def outcome(response: Response, address: str) -> Outcome:
    """Return what the reply to a message for the address means."""
    match response.status:
        case 201:
            return _taken(parse_json(response.text), address)
        case 400:
            return _REFUSALS.outcome(_complaint(parse_json(response.text)))
        case 429:
            return failed(_TOO_FAST.error_class, _TOO_FAST.sign, retry_after(response))
        case _:
            failure = outcome_from_status(response, frozenset({200, 202, 204}))
            return failure or Unknown("the reply cannot be read")


def _taken(reply: JsonValue, address: str) -> Outcome:
    if isinstance(reply, list) and len(reply) == 1:
        reply = reply[0]
    if entry(reply, "errors"):
        reason = code_text(entry(reply, "errors", "recipients", 0, "reason"))
        known = TYPES.classes.get(reason, _NOT_SENT.error_class)
        return failed(known, _NOT_SENT.sign)
    timestamp = code_text(entry(reply, "timestamp"))
    if timestamp.isdecimal():
        return Accepted(message_id(timestamp))
    several = entry(reply, "timestamps")
    for name, sent in several.items() if isinstance(several, dict) else ():
        recipients = entry(sent, "recipients")
        if isinstance(recipients, list) and address in recipients:
            return Accepted(message_id(name))
    return Unknown("the reply cannot be read")


def _complaint(reply: JsonValue) -> str:
    return code_text(entry(reply, "error")) or code_text(entry(reply, "message"))
