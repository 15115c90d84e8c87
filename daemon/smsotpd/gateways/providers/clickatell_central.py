# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clickatell's Developers' Central, for accounts from before November 2016."""

import re
from typing import Final

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Evidence, Form, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import message_id
from smsotpd.gateways.spec.sms_text import is_gsm7, segments
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_MOST_SEGMENTS: Final = 3
_SENT: Final = re.compile(r"ID: ?([0-9A-Za-z]{1,64})\s*")
_FAILED: Final = re.compile(r"ERR: ?(\d{1,3})\b", re.ASCII)

_CODES: Final = FailureTable(
    "HTTP 200, ERR: {}",
    {
        "001": ErrorClass.AUTH,
        "002": ErrorClass.AUTH,
        "003": ErrorClass.AUTH,
        "005": ErrorClass.AUTH,
        "007": ErrorClass.AUTH,
        "101": ErrorClass.REJECTED,
        "102": ErrorClass.REJECTED,
        "105": ErrorClass.RECIPIENT,
        "106": ErrorClass.SENDER,
        "107": ErrorClass.CONTENT,
        "108": ErrorClass.AUTH,
        "113": ErrorClass.CONTENT,
        "114": ErrorClass.RECIPIENT,
        "116": ErrorClass.CONTENT,
        "120": ErrorClass.REJECTED,
        "121": ErrorClass.RECIPIENT,
        "122": ErrorClass.RECIPIENT,
        "123": ErrorClass.SENDER,
        "128": ErrorClass.RECIPIENT,
        "130": ErrorClass.RATE,
        "301": ErrorClass.CREDIT,
        "901": ErrorClass.TEMPORARY,
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    parts = segments(message.text)
    if parts > _MOST_SEGMENTS:
        return Rejected(ErrorClass.CONTENT, f"the text needs more than {_MOST_SEGMENTS} SMS")
    plain = is_gsm7(message.text)
    fields = {
        "user": values.text("user"),
        "password": values.text("password"),
        "api_id": values.text("api"),
        "to": message.recipient.address.removeprefix("+"),
        "text": message.text if plain else message.text.encode("utf-16-be").hex(),
        "from": values.text("from"),
        "unicode": "" if plain else "1",
        "concat": str(parts) if parts > 1 else "",
    }
    form = Form(tuple((name, text) for name, text in fields.items() if text))
    return Request("POST", endpoint(values, "/http/sendmsg"), body=form)


def _outcome(_values: Values, response: Response) -> Outcome:
    refused = _FAILED.match(response.text)
    if refused:
        return _CODES.outcome(refused[1].zfill(3), retry_after(response))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    sent = _SENT.match(response.text)
    return Accepted(message_id(sent[1])) if sent else Unknown("the reply cannot be read")


GATEWAY: Final = Gateway(
    id="clickatell_central",
    title="Clickatell Central (accounts from before November 2016)",
    link="https://central.clickatell.com",
    settings=(
        SettingDescription("api", "API ID", "A number.", kind="integer", required=True),
        SettingDescription("user", "User name", required=True),
        SettingDescription("password", "Password", required=True, secret=True),
        SettingDescription("from", "Sender", "One that is registered; empty: Clickatell's own."),
        base_url("https://api.clickatell.com"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=check_base_url,
    aliases=("clickatellcentral",),
    failures=_CODES.failures,
    evidence=Evidence(
        verified="a copy of Clickatell's documentation; a simulator made after it",
        uncertain=(
            "Whether the service still answers.",
            "In which charset it reads texts of the GSM 7-bit alphabet; ours is UTF-8.",
        ),
    ),
)
