# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""VoIP.ms, for numbers in the USA and Canada: HTTP 200 for everything, the JSON's status tells."""

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
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.status import outcome_from_status

_MOST_BYTES: Final = 160
_NUMBER: Final = re.compile(r"\+1([2-9][0-9]{9})", re.ASCII)  # North American Numbering Plan
_DID: Final = re.compile(r"(?:\+?1)?([2-9][0-9]{9})", re.ASCII)
_STATUSES: Final = FailureTable(
    "HTTP 200, status {}",
    {
        "invalid_credentials": ErrorClass.AUTH,
        "missing_credentials": ErrorClass.AUTH,
        "ip_not_enabled": ErrorClass.AUTH,
        "api_not_enabled": ErrorClass.AUTH,
        "invalid_dst": ErrorClass.RECIPIENT,
        "missing_dst": ErrorClass.RECIPIENT,
        "invalid_did": ErrorClass.SENDER,
        "limit_reached": ErrorClass.RATE,
        "api_limit_exceeded": ErrorClass.RATE,
        "sms_failed": ErrorClass.TEMPORARY,
        "sms_toolong": ErrorClass.CONTENT,
        "invalid_sms": ErrorClass.CONTENT,
        "missing_sms": ErrorClass.CONTENT,
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    number = _NUMBER.fullmatch(message.recipient.address)
    if number is None:
        return Rejected(ErrorClass.RECIPIENT, "VoIP.ms serves numbers in the USA and Canada only")
    if len(message.text.encode()) > _MOST_BYTES:
        return Rejected(
            ErrorClass.CONTENT, f"VoIP.ms takes {_MOST_BYTES} bytes of UTF-8 at most, not split"
        )
    did = _DID.fullmatch(values.text("did"))
    own = did[1] if did else ""
    return _call(values, "sendSMS", did=own, dst=number[1], message=message.text)


def _call(values: Values, method: str, **fields: str) -> Request:
    form = {
        "api_username": values.text("api_user"),
        "api_password": values.text("api_password"),
        "method": method,
        **fields,
        "content_type": "json",
    }
    body = Form(tuple(form.items()))
    return Request("POST", values.text("url"), body=body, hands_over=bool(fields))


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    reply = parse_json_object(response.text)
    match code_text(entry(reply, "status")):
        case "success":
            return Accepted(message_id(entry(reply, "sms")))
        case "":
            return Unknown("the reply cannot be read")
        case status:
            return _STATUSES.outcome(status)


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield _call(values, "getBalance")
    outcome = _outcome(values, response)
    if not isinstance(outcome, Accepted):
        return refusal_report(outcome)
    balance = entry(parse_json_object(response.text), "balance", "current_balance")
    return balance_report(balance, None)


def _check(values: Values) -> None:
    if not _DID.fullmatch(values.text("did")):
        raise BadArgumentError("did", "must be a North American number of ten digits")


GATEWAY: Final = Gateway(
    id="voipms",
    title="VoIP.ms (USA and Canada)",
    link="https://voip.ms/",
    settings=(
        SettingDescription(
            "api_user", "User name of the API", "The e-mail address.", required=True
        ),
        SettingDescription(
            "api_password",
            "Password of the API",
            "Set under SOAP and REST/JSON API, where this host's address must be allowed too.",
            required=True,
            secret=True,
        ),
        SettingDescription(
            "did", "Own number (DID)", "Ten digits; it must have SMS enabled.", required=True
        ),
        SettingDescription(
            "url", "REST API", kind="url", default="https://voip.ms/api/v1/rest.php"
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    inspect=_inspect,
    failures=_STATUSES.failures,
    evidence=Evidence(
        verified="a client for PHP and an app for Android in use against the service; "
        "a simulator made after them",
        uncertain=(
            "The provider's own list of errors is for its customers only.",
            "api_not_enabled, api_limit_exceeded and the message's id are general knowledge.",
            "Numbers outside North America are refused here, whatever VoIP.ms would do.",
        ),
    ),
)
