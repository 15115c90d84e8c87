# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""OVHcloud SMS: requests that are signed with the server's own time."""

import hashlib
import math
import re
from collections.abc import Generator, Mapping
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import (
    Evidence,
    Failure,
    Gateway,
    HttpDialogue,
    Json,
    Request,
    Response,
    Values,
)
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable, failed
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_ENDPOINTS: Final[Mapping[str, str]] = {
    "ovh-eu": "https://eu.api.ovh.com/1.0",
    "ovh-ca": "https://ca.api.ovh.com/1.0",
    "ovh-us": "https://api.us.ovhcloud.com/1.0",
    "kimsufi-eu": "https://eu.api.kimsufi.com/1.0",
    "kimsufi-ca": "https://ca.api.kimsufi.com/1.0",
    "soyoustart-eu": "https://eu.api.soyoustart.com/1.0",
    "soyoustart-ca": "https://ca.api.soyoustart.com/1.0",
}
_ACCOUNT: Final = re.compile(r"sms-[a-z0-9]+-\d+", re.ASCII)
_TIME: Final = re.compile(r"\d{9,11}", re.ASCII)
_SENDER: Final = "HTTP 400, message about the sender"
_NOBODY: Final = "HTTP 200, invalidReceivers"

_CODES: Final = FailureTable(
    "HTTP 403, errorCode {}",
    dict.fromkeys(
        (
            "INVALID_CREDENTIAL",
            "INVALID_KEY",
            "NOT_CREDENTIAL",
            "NOT_GRANTED_CALL",
            "FORBIDDEN",
        ),
        ErrorClass.AUTH,
    ),
)
_STATUSES: Final = FailureTable(
    "HTTP {}",
    {
        "400": ErrorClass.REJECTED,
        "402": ErrorClass.CREDIT,
        "404": ErrorClass.AUTH,  # no such account
        "409": ErrorClass.REJECTED,
        "429": ErrorClass.RATE,
        "460": ErrorClass.CREDIT,  # the service has expired
    },
)


def _lead(values: Values, message: Message) -> Generator[Request, Response, Outcome]:
    base = endpoint(values, "") or _ENDPOINTS[values.text("endpoint")]
    clock = yield Request("GET", f"{base}/auth/time", hands_over=False)
    failure = outcome_from_status(clock, frozenset({200}))
    if failure is not None:
        return failure
    time = clock.text.strip()
    if not _TIME.fullmatch(time):
        return Deferred(ErrorClass.TEMPORARY, "the gateway does not tell its time")
    url = f"{base}/sms/{values.text('account')}/jobs"
    body = Json(_job(values, message))
    headers = {
        "X-Ovh-Application": values.text("application_key"),
        "X-Ovh-Consumer": values.text("consumer_key"),
        "X-Ovh-Timestamp": time,
        "X-Ovh-Signature": signature(
            values.text("application_secret"),
            values.text("consumer_key"),
            ("POST", url, body.encode().decode("ascii"), time),
        ),
    }
    return _outcome((yield Request("POST", url, body=body, headers=headers)))


def _job(values: Values, message: Message) -> dict[str, JsonValue]:
    sender = values.text("sender")
    job: dict[str, JsonValue] = {
        "charset": "UTF-8",
        "message": message.text,
        "noStopClause": True,
        "priority": "high",
        "receivers": [message.recipient.address],
        "senderForResponse": not sender,
    }
    if sender:
        job["sender"] = sender
    if message.lifetime > 0:
        job["validityPeriod"] = math.ceil(message.lifetime / 60)  # minutes
    return job


def signature(secret: str, consumer_key: str, signed: tuple[str, str, str, str]) -> str:
    """Sign method, URL, body and time, each exactly as it is sent."""
    text = "+".join((secret, consumer_key, *signed))
    return "$1$" + hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  # OVH's protocol is SHA-1


def _outcome(response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    failure = _failure(reply, response)
    if failure is not None:
        return failure
    if entry(reply, "validReceivers", 0) or entry(reply, "ids", 0):
        return Accepted(message_id(entry(reply, "ids", 0)))
    if entry(reply, "invalidReceivers", 0):
        return failed(ErrorClass.RECIPIENT, _NOBODY)
    if isinstance(entry(reply, "validReceivers"), list):
        return Rejected(ErrorClass.REJECTED, "the gateway took no recipient")
    return Unknown("the reply cannot be read")


def _failure(reply: JsonValue, response: Response) -> Outcome | None:
    code = code_text(entry(reply, "errorCode"))
    if code in _CODES:
        return _CODES.outcome(code)
    if response.status == 400 and "sender" in code_text(entry(reply, "message")).casefold():  # noqa: PLR2004  # HTTP's bad request
        return failed(ErrorClass.SENDER, _SENDER)
    if str(response.status) in _STATUSES:
        return _STATUSES.outcome(str(response.status), retry_after(response))
    return outcome_from_status(response, frozenset({200}))


def _check(values: Values) -> None:
    check_base_url(values)
    if not _ACCOUNT.fullmatch(values.text("account")):
        raise BadArgumentError("account", "must be the name of the service, as sms-ab12345-1")


GATEWAY: Final = Gateway(
    id="ovh",
    title="OVHcloud SMS",
    link="https://www.ovhcloud.com/en-ie/sms/",
    settings=(
        SettingDescription(
            "endpoint",
            "Region",
            "SMS are sold in France, the UK, Ireland, Spain, Italy and Poland: ovh-eu.",
            kind="choice",
            default="ovh-eu",
            choices=tuple(_ENDPOINTS),
        ),
        SettingDescription(
            "application_key",
            "Application key",
            "Created with the next two at https://eu.api.ovh.com/createToken/, with the right "
            "POST /sms/*/jobs and unlimited validity.",
            required=True,
        ),
        SettingDescription("application_secret", "Application secret", required=True, secret=True),
        SettingDescription("consumer_key", "Consumer key", required=True, secret=True),
        SettingDescription("account", "SMS account", "As sms-ab12345-1.", required=True),
        SettingDescription(
            "sender", "Sender", "One that OVHcloud approved; empty: a number that takes answers."
        ),
        base_url(None, "Empty: the one of the region."),
    ),
    transport=HttpDialogue(_lead),
    check=_check,
    failures=(
        *_CODES.failures,
        *_STATUSES.failures,
        Failure(_SENDER, ErrorClass.SENDER),
        Failure(_NOBODY, ErrorClass.RECIPIENT),
    ),
    evidence=Evidence(
        verified="OVHcloud's API description, SMS cookbook and official Python client, whose "
        "signatures ours equal; a simulator that recomputes them by a clock of its own",
        uncertain=(
            "How a lack of credit is answered: HTTP 402 is taken for it.",
            "HTTP 460, an expired service, is taken for a matter of payment.",
        ),
    ),
)
