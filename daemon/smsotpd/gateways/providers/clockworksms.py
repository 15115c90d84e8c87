# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clockwork SMS (Mediaburst): a form goes out, one line of text comes back."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.spec import Evidence, Failure, Form, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable, failed
from smsotpd.gateways.spec.originator import check_originator
from smsotpd.gateways.spec.reading import message_id
from smsotpd.gateways.spec.sms_text import is_gsm7, segments
from smsotpd.gateways.spec.status import outcome_from_status

_MOST_SEGMENTS: Final = 3
_LONGEST_NUMBER: Final = 12
_ERROR: Final = re.compile(r"\bError (\d{1,5})\b", re.ASCII)
_SENT: Final = re.compile(r"\s{0,9}To: \d{1,20} ID: (\S{1,64})", re.ASCII)
_BALANCE: Final = re.compile(r"\s{0,9}Balance: (-?[\d.]{1,20}) \(([A-Z]{3})\)", re.ASCII)
_WRONG_LOGIN: Final = "Invalid Username Or Password"
_WRONG_LOGIN_SIGN: Final = f"HTTP 200, {_WRONG_LOGIN}"
_CODES: Final = FailureTable(
    "HTTP 200, Error {}",
    {
        **dict.fromkeys(("2", "4", "17", "58"), ErrorClass.AUTH),
        "3": ErrorClass.CREDIT,
        **dict.fromkeys(("6", "10"), ErrorClass.RECIPIENT),
        "11": ErrorClass.SENDER,
        **dict.fromkeys(("1", "26"), ErrorClass.TEMPORARY),
        **dict.fromkeys(("7", "12", "39"), ErrorClass.CONTENT),
        **dict.fromkeys(("5", "13", "14", "15", "25", "33"), ErrorClass.REJECTED),
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    if not is_gsm7(message.text):
        return Rejected(ErrorClass.CONTENT, "the text holds what the GSM 7-bit alphabet does not")
    count = segments(message.text)
    if count > _MOST_SEGMENTS:
        return Rejected(ErrorClass.CONTENT, f"the text is longer than {_MOST_SEGMENTS} SMS")
    fields = {
        "Key": values.text("apitoken"),
        "To": message.recipient.address.removeprefix("+"),
        "Content": message.text,
        "From": values.text("sender").removeprefix("+"),
        "Long": "1" if count > 1 else "",
    }
    form = Form(tuple((name, text) for name, text in fields.items() if text))
    return Request("POST", endpoint(values, "/http/send.aspx"), body=form)


def _outcome(_values: Values, response: Response) -> Outcome:
    refusal = _refusal(response)
    if refusal is not None:
        return refusal
    sent = _SENT.match(response.text)
    # A reply that holds both would be about several numbers; we send to one.
    return Accepted(message_id(sent[1])) if sent else Unknown("the reply cannot be read")


def _refusal(response: Response) -> Outcome | None:
    failure = outcome_from_status(response, frozenset({200}))
    known: Rejected | Deferred | None = None
    if _WRONG_LOGIN in response.text:
        known = failed(ErrorClass.AUTH, _WRONG_LOGIN_SIGN)
    error = _ERROR.search(response.text)
    if error and (failure is None or error[1] in _CODES):
        known = _CODES.outcome(error[1])
    return known or failure


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    form = Form((("Key", values.text("apitoken")),))
    response = yield Request("POST", endpoint(values, "/http/balance"), body=form)
    refusal = _refusal(response)
    if refusal is not None:
        return refusal_report(refusal)
    balance = _BALANCE.match(response.text)
    if not balance:
        return Report(Condition.UNKNOWN, "the provider's reply names no balance that can be read")
    return balance_report(balance[1], balance[2])


def _check(values: Values) -> None:
    check_base_url(values)
    check_originator("sender", values.text("sender"), _LONGEST_NUMBER)


GATEWAY: Final = Gateway(
    id="clockworksms",
    title="Clockwork SMS",
    link="https://www.clockworksms.com/",
    settings=(
        SettingDescription("apitoken", "API key", required=True, secret=True),
        SettingDescription(
            "sender",
            "Sender",
            "A number of up to 12 digits or a name of up to 11 signs; empty: the account's.",
        ),
        base_url("https://api.clockworksms.com"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    failures=(*_CODES.failures, Failure(_WRONG_LOGIN_SIGN, ErrorClass.AUTH)),
    evidence=Evidence(
        verified="the provider's own pages on its HTTP interface and error codes, of 2015; "
        "a simulator made after them",
        uncertain=(
            "Whether the service still operates.",
            "Whether a refusal comes with HTTP 200: it is read under any status.",
        ),
    ),
    inspect=_inspect,
)
