# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""seven, which was called sms77.io."""

import math
import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Report
from smsotpd.gateways.spec import Evidence, Form, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_LONGEST_TEXT: Final = 1520
_SENDER: Final = re.compile(r"[A-Za-z0-9 .]{1,11}|\+?\d{1,16}", re.ASCII)
_ALL_SENT: Final = "100"
_PLAIN: Final = re.compile(r'"?(\d{3})"?(?:\s+(\d{1,20}))?', re.ASCII)  # code, id: without JSON

_CODES: Final = FailureTable(
    "HTTP 200, code {}",
    {
        "101": ErrorClass.REJECTED,
        "201": ErrorClass.SENDER,
        "202": ErrorClass.RECIPIENT,
        "301": ErrorClass.RECIPIENT,
        "305": ErrorClass.CONTENT,
        "401": ErrorClass.CONTENT,
        "402": ErrorClass.RATE,
        "403": ErrorClass.RATE,
        "500": ErrorClass.CREDIT,
        "600": ErrorClass.TEMPORARY,
        "900": ErrorClass.AUTH,
        "901": ErrorClass.AUTH,
        "902": ErrorClass.AUTH,
        "903": ErrorClass.AUTH,
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    if len(message.text) > _LONGEST_TEXT:
        return Rejected(ErrorClass.CONTENT, f"the text has more than {_LONGEST_TEXT} characters")
    fields = {
        "to": message.recipient.address,
        "text": message.text,
        "from": values.text("sender"),
        "ttl": str(math.ceil(message.lifetime / 60)) if message.lifetime > 0 else "",  # minutes
    }
    form = Form(tuple((name, text) for name, text in fields.items() if text))
    return Request("POST", endpoint(values, "/sms"), body=form, headers=_headers(values))


def _headers(values: Values) -> dict[str, str]:
    return {"X-Api-Key": values.text("api_key"), "Accept": "application/json"}


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json(response.text)
    plain = _PLAIN.fullmatch(response.text.strip())
    code = plain[1] if plain else code_text(entry(reply, "success"))
    first = entry(reply, "messages", 0)
    # The code of the recipient is nearer to the cause than that of the whole.
    for each in (code_text(entry(first, "error")), code):
        if each in _CODES:
            return _CODES.outcome(each, retry_after(response))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    if code != _ALL_SENT:
        return _CODES.outcome(code) if code else Unknown("the reply cannot be read")
    return Accepted(message_id(plain[2])) if plain else _by_recipient(first)


def _by_recipient(first: JsonValue) -> Outcome:
    match entry(first, "success"):
        case True:
            return Accepted(message_id(entry(first, "id")))
        case False:
            return _CODES.outcome(code_text(entry(first, "error")))
        case _:
            return Unknown("the reply does not tell about the recipient")


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield Request("GET", endpoint(values, "/balance"), headers=_headers(values))
    reply = parse_json(response.text)
    if code_text(reply) in _CODES:
        return refusal_report(_CODES.outcome(code_text(reply)))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return refusal_report(failure)
    return balance_report(entry(reply, "amount"), entry(reply, "currency"))


def _check(values: Values) -> None:
    check_base_url(values)
    sender = values.text("sender")
    if sender and not _SENDER.fullmatch(sender):
        raise BadArgumentError("sender", "must be 11 letters and digits, or 16 digits, at most")


GATEWAY: Final = Gateway(
    id="sms77io",
    title="seven (formerly sms77.io)",
    link="https://www.seven.io",
    settings=(
        SettingDescription(
            "api_key",
            "API key",
            "Created at https://dashboard.seven.io/developer",
            required=True,
            secret=True,
        ),
        SettingDescription(
            "sender",
            "Sender",
            "11 letters and digits, or 16 digits, at most; empty: the account's own.",
        ),
        base_url("https://gateway.seven.io/api"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    aliases=("seven",),
    failures=_CODES.failures,
    inspect=_inspect,
    evidence=Evidence(
        verified="seven's OpenAPI description and documentation, and the code tables of its two "
        "official clients; a simulator made after them",
        uncertain=(
            "The official tables disagree about 301, 305, 401, 402 and 403.",
            "402 may be the reload lock: the same text to the same number within seconds.",
            "The OpenAPI description lacks ttl, which the documentation has.",
        ),
    ),
)
