# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clickatell's SMS Platform: the key and the text travel in the URL, errors also under HTTP 200."""

from typing import Final

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Evidence, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, retry_after, status_failures

_TAKEN: Final = 202

_CLASSES: Final = {
    ErrorClass.AUTH: (1, 2, 3, 7, 46),
    ErrorClass.CREDIT: (20,),
    ErrorClass.RECIPIENT: (25, 26, 27, 28),
    ErrorClass.CONTENT: (24, 40, 100),
    ErrorClass.RATE: (43,),
    ErrorClass.TEMPORARY: (18, 19),
    ErrorClass.SENDER: (44, 45, 101, 110, 111),
    ErrorClass.REJECTED: (21, 22, 23, 38, 39, 41, 42),
}
_CODES: Final = FailureTable(
    "any HTTP status, error {}",
    {str(code): each for each, codes in _CLASSES.items() for code in codes},
)


def _request(values: Values, message: Message) -> Request:
    fields = {
        "apiKey": values.text("apikey"),
        "to": message.recipient.address.removeprefix("+"),
        "content": message.text,
        "from": values.text("from"),
    }
    query = tuple((name, text) for name, text in fields.items() if text)
    return Request("GET", endpoint(values, "/messages/http/send"), query=query)


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    first = entry(reply, "messages", 0)
    code = _code(first) or _code(reply)
    if code in _CODES:
        return _CODES.outcome(code, retry_after(response))
    failure = outcome_from_status(response, frozenset({200, _TAKEN}))
    if failure is not None:
        return failure
    if code or entry(first, "error") or entry(reply, "error"):
        return _CODES.outcome(code)
    match entry(first, "accepted"):
        case True if response.status == _TAKEN:
            return Accepted(message_id(entry(first, "apiMessageId")))
        case False:
            return Rejected(ErrorClass.REJECTED, "the gateway says that it took no message")
        case _:
            return Unknown("the reply does not say that the message was taken")


def _code(verdict: JsonValue) -> str:
    """Return the code of an error: there are two layouts, both globally and by message."""
    nested = code_text(entry(verdict, "error", "code"))
    return nested or code_text(entry(verdict, "errorCode"))


GATEWAY: Final = Gateway(
    id="clickatell_portal",
    title="Clickatell Portal",
    link="https://portal.clickatell.com",
    settings=(
        SettingDescription("apikey", "API key", required=True, secret=True),
        SettingDescription(
            "from", "Number for two-way messaging", "Empty: one-way, as most integrations are."
        ),
        base_url("https://platform.clickatell.com"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=check_base_url,
    aliases=("clickatellportal",),
    failures=(*_CODES.failures, *status_failures(400, 401, 402, 404, 503)),
    evidence=Evidence(
        verified="Clickatell's documentation and official Python client, and replies that users "
        "reported; a simulator made after them",
        uncertain=(
            "How errors of the HTTP API look: both known layouts are read.",
            "The numbers of the errors are those of the One API.",
        ),
    ),
)
