# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMSGlobal's HTTP API, which answers in one line of text."""

import re
from typing import Final
from urllib.parse import quote

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import (
    Evidence,
    Failure,
    Form,
    Gateway,
    Http,
    Request,
    Response,
    Values,
)
from smsotpd.gateways.spec.failure_table import FailureTable, FailureWords, failed
from smsotpd.gateways.spec.originator import check_originator
from smsotpd.gateways.spec.sms_text import is_gsm7, segments
from smsotpd.gateways.spec.status import outcome_from_status

_LONGEST_NUMBER: Final = 15
_SENT: Final = "OK: 0"
_ID: Final = re.compile(r"SMSGlobalMsgID:\s{0,4}([0-9]{1,40})")
_NUMBERED: Final = re.compile(r"ERROR:\s{0,4}([0-9]{1,5})\s*")
_NUMBERS: Final = FailureTable("HTTP 200, ERROR: {}", {"88": ErrorClass.CREDIT})
_WORDS: Final = FailureWords(
    "HTTP 200, ERROR with “{}”",
    {
        "credit": ErrorClass.CREDIT,
        "password": ErrorClass.AUTH,
        "login": ErrorClass.AUTH,
        "invalid username": ErrorClass.AUTH,
        "missing parameter": ErrorClass.REJECTED,
        "no action requested": ErrorClass.REJECTED,
    },
)
_NOTHING: Final = Failure("HTTP 200, empty reply", ErrorClass.REJECTED)


def _request(values: Values, message: Message) -> Request | Rejected:
    # Unicode is to be percent-encoded three times; the form does it once.
    is_plain = is_gsm7(message.text)
    text = message.text if is_plain else quote(quote(message.text, safe=""), safe="")
    fields = {
        "action": "sendsms",
        "user": values.text("user"),
        "password": values.text("password"),
        "from": values.text("sender").removeprefix("+"),
        "to": message.recipient.address.removeprefix("+"),
        "text": text,
        "maxsplit": str(segments(message.text)),  # 1, the default, cuts a longer text
    }
    return Request("POST", values.text("url"), body=Form(tuple(fields.items())))


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    text = response.text.strip()
    if text.startswith(_SENT):
        found = _ID.search(text)
        return Accepted(found[1] if found else "")
    if numbered := _NUMBERED.fullmatch(text):
        return _NUMBERS.outcome(numbered[1])
    if text.startswith("ERROR"):
        return _WORDS.outcome(text)
    if not text:
        return failed(_NOTHING.error_class, _NOTHING.sign)
    return Unknown("the reply cannot be read")


GATEWAY: Final = Gateway(
    id="smsglobal",
    title="SMSGlobal",
    link="https://www.smsglobal.com/",
    settings=(
        SettingDescription(
            "url", "HTTP API", kind="url", default="https://api.smsglobal.com/http-api.php"
        ),
        SettingDescription(
            "user", "User name", "Of the HTTP API, not the key of the REST API.", required=True
        ),
        SettingDescription("password", "Password of the HTTP API", required=True, secret=True),
        SettingDescription(
            "sender",
            "Sender",
            "A number of 15 digits or a name of 11 letters at most; some countries want it "
            "registered with SMSGlobal.",
            required=True,
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=lambda values: check_originator("sender", values.text("sender"), _LONGEST_NUMBER),
    failures=(*_NUMBERS.failures, *_WORDS.failures, _NOTHING),
    evidence=Evidence(
        verified="SMSGlobal's description of the HTTP API and the replies that two independent "
        "clients expect; a simulator made after them",
        uncertain=(
            "Numbered errors are not documented; 88 is taken for lack of credit.",
            "Texts outside the GSM alphabet are encoded three times, as the description asks.",
            "Which words wrong credentials and lack of credit are told in is inferred.",
        ),
    ),
)
