# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Puzzel's SMS gateway (formerly Intelecom): REST with JSON."""

import math
from typing import Final
from urllib.parse import urlsplit

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import (
    Evidence,
    Failure,
    Gateway,
    Http,
    Json,
    Request,
    Response,
    Values,
)
from smsotpd.gateways.spec.failure_table import FailureTable, failed
from smsotpd.gateways.spec.originator import check_originator, is_numeric
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JSON_TYPE, JsonValue
from smsotpd.gateways.spec.sms_text import is_gsm7, segments
from smsotpd.gateways.spec.status import outcome_from_status, status_failures

_PATH: Final = "/gw/rs/sendMessages"
_LONGEST_NUMBER: Final = 15
_MOST_SEGMENTS: Final = 6
_VALIDITY_STEP: Final = 300  # seconds; the value 0 is one step, 143 are 144 steps
_MOST_STEPS: Final = 144
_SENT: Final = "1"
_SYNTAX: Final = "5"
_CODES: Final = FailureTable(
    "HTTP 200, statusCode {}",
    {
        "2": ErrorClass.AUTH,
        "3": ErrorClass.REJECTED,
        "4": ErrorClass.AUTH,
        _SYNTAX: ErrorClass.CONTENT,
        "6": ErrorClass.TEMPORARY,
        "24": ErrorClass.RATE,
        "25": ErrorClass.REJECTED,
    },
)
_BAD_NUMBER: Final = Failure(
    "HTTP 200, statusCode 5 with a statusMessage about the recipient", ErrorClass.RECIPIENT
)


def _request(values: Values, message: Message) -> Request | Rejected:
    if segments(message.text) > _MOST_SEGMENTS:
        return Rejected(ErrorClass.CONTENT, f"the text needs more than {_MOST_SEGMENTS} SMS")
    # Without it a letter outside the GSM alphabet makes the gateway refuse the message.
    settings: dict[str, JsonValue] = {}
    if not is_gsm7(message.text):
        settings["autoDetectEncoding"] = True
    if message.lifetime:
        steps = math.ceil(message.lifetime / _VALIDITY_STEP)
        settings["validity"] = min(steps, _MOST_STEPS) - 1
    originator = values.text("originator")
    if originator:
        settings["originatorSettings"] = {
            "originatorType": values.text("originator_type") or _type_of(originator),
            "originator": originator,
        }
    sms: dict[str, JsonValue] = {
        "recipient": message.recipient.address,
        "content": message.text,
    }
    body: JsonValue = {
        "serviceId": int(values.text("service_id")),
        "username": values.text("user"),
        "password": values.text("password"),
        "message": [{**sms, "settings": settings} if settings else sms],
    }
    return Request("POST", _endpoint(values), body=Json(body), headers={"Accept": JSON_TYPE})


def _endpoint(values: Values) -> str:
    url = values.text("url")
    return url if urlsplit(url).path not in {"", "/"} else f"{url.rstrip('/')}{_PATH}"


def _type_of(originator: str) -> str:
    return "INTERNATIONAL" if is_numeric(originator) else "ALPHANUMERIC"


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    status = entry(parse_json_object(response.text), "messageStatus", 0)
    code = code_text(entry(status, "statusCode"))
    if code == _SENT:
        return Accepted(message_id(entry(status, "messageId")))
    if code == _SYNTAX:
        told = code_text(entry(status, "statusMessage")).lower()
        if "recipient" in told or "msisdn" in told:
            return failed(_BAD_NUMBER.error_class, _BAD_NUMBER.sign)
    return _CODES.outcome(code) if code else Unknown("the reply cannot be read")


def _check(values: Values) -> None:
    if urlsplit(values.text("url")).query:
        raise BadArgumentError("url", "must have no query: the message is sent as JSON")
    if values.text("originator_type") and not values.text("originator"):
        raise BadArgumentError("originator", "is missing: originator_type says what kind it is")
    check_originator("originator", values.text("originator"), _LONGEST_NUMBER)


GATEWAY: Final = Gateway(
    id="puzzel",
    title="Puzzel SMS",
    link="https://github.com/PuzzelSolutions/SMS",
    settings=(
        SettingDescription("user", "User name", required=True),
        SettingDescription("password", "Password", required=True, secret=True),
        SettingDescription(
            "service_id", "Service ID", "A number, given by Puzzel.", kind="integer", required=True
        ),
        SettingDescription(
            "originator", "Sender", "Empty: what Puzzel has for the service; else number or name."
        ),
        SettingDescription(
            "originator_type",
            "Kind of sender",
            "Empty: INTERNATIONAL for a number, ALPHANUMERIC for a name; NETWORK: a short number.",
            kind="choice",
            choices=("INTERNATIONAL", "ALPHANUMERIC", "NETWORK"),
        ),
        SettingDescription(
            "url",
            "Address of the gateway",
            f"With or without the path {_PATH}.",
            kind="url",
            default="https://smsgw.puzzel.com",
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    aliases=("puzzelsms",),
    failures=(*_CODES.failures, _BAD_NUMBER, *status_failures(401)),
    evidence=Evidence(
        verified="Puzzel's description of the gateway and its own client for Python; "
        "a simulator made after them",
        uncertain=(
            "Whether status 5 is about the recipient is read from the wording of its message.",
        ),
    ),
)
