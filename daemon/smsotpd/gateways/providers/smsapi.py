# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMSAPI: errors come under HTTP 200."""

from collections.abc import Generator
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Unknown
from smsotpd.core.report import Report
from smsotpd.gateways.spec import Evidence, Form, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_LONGEST_SENDER: Final = 11

_CODES: Final = FailureTable(
    "HTTP 200, error {}",
    {
        "8": ErrorClass.TEMPORARY,
        "11": ErrorClass.CONTENT,
        "12": ErrorClass.CONTENT,
        "13": ErrorClass.RECIPIENT,
        "14": ErrorClass.SENDER,
        "52": ErrorClass.RATE,
        "98": ErrorClass.REJECTED,
        "101": ErrorClass.AUTH,
        "102": ErrorClass.AUTH,
        "103": ErrorClass.CREDIT,
        "105": ErrorClass.AUTH,
        "110": ErrorClass.AUTH,
        "200": ErrorClass.REJECTED,
        "201": ErrorClass.TEMPORARY,
        "202": ErrorClass.RATE,
        "666": ErrorClass.TEMPORARY,
        "999": ErrorClass.TEMPORARY,
    },
)


def _request(values: Values, message: Message) -> Request:
    fields = {
        "to": message.recipient.address.removeprefix("+"),
        "message": message.text,
        "from": values.text("sender"),
        "format": "json",
        "encoding": "utf-8",
    }
    form = Form(tuple((name, text) for name, text in fields.items() if text))
    return Request("POST", endpoint(values, "/sms.do"), body=form, headers=_headers(values))


def _headers(values: Values) -> dict[str, str]:
    return {"Authorization": f"Bearer {values.text('token')}"}


def _failure(reply: JsonValue, response: Response) -> Outcome | None:
    sms = entry(reply, "list", 0)
    codes = [code_text(entry(each, "error")) for each in (sms, reply)]
    for code in codes:
        if code in _CODES:
            return _CODES.outcome(code, retry_after(response))
    failure = outcome_from_status(response, frozenset({200, 201}))
    if failure is None and (entry(sms, "error") or entry(reply, "error")):
        return _CODES.outcome(codes[0] or codes[1])
    return failure


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    failure = _failure(reply, response)
    if failure is not None:
        return failure
    sms = entry(reply, "list", 0)
    if code_text(entry(reply, "count")) == "1" and isinstance(sms, dict):
        return Accepted(message_id(entry(sms, "id")))
    return Unknown("the reply does not say that one message was taken")


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield Request("GET", endpoint(values, "/profile"), headers=_headers(values))
    reply = parse_json_object(response.text)
    failure = _failure(reply, response)
    if failure is not None:
        return refusal_report(failure)
    return balance_report(entry(reply, "points"), "points")


def _check(values: Values) -> None:
    check_base_url(values)
    if len(values.text("sender")) > _LONGEST_SENDER:
        raise BadArgumentError("sender", f"must have {_LONGEST_SENDER} characters at most")


GATEWAY: Final = Gateway(
    id="smsapi",
    title="SMSAPI",
    link="https://www.smsapi.com",
    settings=(
        SettingDescription("token", "API token", "Made in the panel.", required=True, secret=True),
        SettingDescription(
            "sender",
            "Sender",
            "A name that SMSAPI approved, 11 characters at most; empty: the account's default.",
        ),
        base_url(
            "https://api.smsapi.com",
            "Of the site where the account is: https://api.smsapi.com, .pl, .se or .bg.",
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    aliases=("smsapi.com",),
    failures=_CODES.failures,
    inspect=_inspect,
    evidence=Evidence(
        verified="SMSAPI's documentation and the tests of its official Python client; a simulator "
        "made after them",
        uncertain=(
            "Whether numbers may have a plus sign: they are sent without.",
            "Error 98, a trial account that may only send to its owner's number.",
            "Where the balance stands in the profile: under points.",
        ),
    ),
)
