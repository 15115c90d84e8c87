# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""eCall's HTTPS interface: the HTTP status is the verdict, a code in the text the reason."""

import re
from typing import Final

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Evidence, Form, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.originator import check_originator
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_LONGEST_NUMBER: Final = 16
_STATUSES: Final = FailureTable(
    "HTTP {}",
    {
        "400": ErrorClass.REJECTED,
        "401": ErrorClass.AUTH,
        "403": ErrorClass.CREDIT,  # not a ban: the account has too little credit
        "500": ErrorClass.TEMPORARY,
    },
)
_RESULTS: Final = FailureTable(
    "HTTP 400, result code {}",
    {
        "11000": ErrorClass.REJECTED,
        "11001": ErrorClass.AUTH,
        "11100": ErrorClass.RECIPIENT,
        "11101": ErrorClass.REJECTED,
    },
)
_RESULT: Final = re.compile(rf"\b({'|'.join(_RESULTS.classes)})\b", re.ASCII)
_PAGE: Final = re.compile(r"\s*<(!doctype\s+)?html\b", re.IGNORECASE)


def _request(values: Values, message: Message) -> Request | Rejected:
    fields = {
        "UserName": values.text("username"),
        "Password": values.text("password"),
        "Address": message.recipient.address,
        "Message": message.text,
        "CallBack": values.text("sender"),
    }
    form = Form(tuple((name, text) for name, text in fields.items() if text))
    return Request("POST", values.text("url"), body=form)


def _outcome(_values: Values, response: Response) -> Outcome:
    status = str(response.status)
    if status in _STATUSES:
        result = _RESULT.search(response.text) if status == "400" else None
        if result:
            return _RESULTS.outcome(result[1])
        return _STATUSES.outcome(status, retry_after(response))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    if _PAGE.match(response.text):
        return Unknown("the reply is a web page")
    return Accepted()


GATEWAY: Final = Gateway(
    id="ecallsms",
    title="eCall",
    link="https://www.ecall.ch/",
    settings=(
        SettingDescription(
            "username",
            "User name",
            "Of the HTTPS interface, to be enabled at eCall.",
            required=True,
        ),
        SettingDescription("password", "Password of the interface", required=True, secret=True),
        SettingDescription(
            "sender",
            "Sender",
            "A number of 16 digits or a name of 11 letters at most; empty: what eCall has.",
        ),
        SettingDescription(
            "url", "HTTPS interface", kind="url", default="https://url.ecall.ch/api/sms"
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=lambda values: check_originator("sender", values.text("sender"), _LONGEST_NUMBER),
    failures=(*_STATUSES.failures, *_RESULTS.failures),
    evidence=Evidence(
        verified="eCall's description of the HTTPS interface; a simulator made after it",
        uncertain=(
            "Where in the reply the result code stands: it is searched for in the whole text.",
            "Further result codes exist that are not known here; they count as refusals.",
        ),
    ),
)
