# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""OVHcloud's SMS API: signatures over the exact bytes, and a clock an hour ahead of ours."""

import hashlib
import time
from typing import Any

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    PASSWORD,
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    code_in,
    json_reply,
    number_for,
)

_SECRET = "the-application-secret"
_AHEAD = 3600
_TOLERANCE = 30
_JOB = {
    "message": ".+",
    "receivers": [r"(\+|00)[1-9]\d{6,14}"],
    "charset": "UTF-8|ISO-8859-15",
    "noStopClause": bool,
    "priority": "high|medium|low|veryLow",
    "senderForResponse": bool,
    "sender?": "[A-Za-z0-9 ]{1,11}",
    "validityPeriod?": int,
}
_HEADERS = {
    "x-ovh-application": ".+",
    "x-ovh-consumer": ".+",
    "x-ovh-timestamp": r"\d+",
    "x-ovh-signature": r"\$1\$[0-9a-f]{40}",
}
_ERRORS = {
    "1": (403, "NOT_GRANTED_CALL", "This call has not been granted"),
    "2": (403, "NOT_CREDENTIAL", "This credential does not exist"),
    "400": (400, "", "Invalid parameter"),
    "401": (400, "", "Sender MyHost does not exist"),
    "402": (402, "", "Not enough credits"),
    "409": (409, "", "Conflict"),
    "429": (429, "", "Too many requests"),
    "460": (460, "", "This service is expired"),
    "500": (500, "", "Internal server error"),
}


def _now() -> int:
    return int(time.time()) + _AHEAD  # noqa: TID251  # the real provider's own clock, not ours


def _clock(_asked: Asked) -> Reply:
    return Reply(str(_now()))


def _error(status: int, code: str, text: str) -> Reply:
    reply = {"httpCode": f"{status} Some Words", "message": text}
    return json_reply(reply | ({"errorCode": code} if code else {}), status)


def _signature(asked: Asked, scheme: str) -> str:
    received = asked.received
    signed = (
        _SECRET,
        received.headers["x-ovh-consumer"],
        received.method,
        f"{scheme}://{received.headers['host']}{received.target}",
        received.body.decode("ascii"),
        received.headers["x-ovh-timestamp"],
    )
    return "$1$" + hashlib.sha1("+".join(signed).encode()).hexdigest()  # noqa: S324  # OVH's protocol


def _refusal(asked: Asked, scheme: str) -> Reply | None:
    headers = asked.received.headers
    if headers["x-ovh-application"] != "app-key":
        return _error(403, "INVALID_KEY", "Invalid application key")
    if headers["x-ovh-consumer"] != PASSWORD:
        return _error(403, "INVALID_CREDENTIAL", "This credential is not valid")
    if abs(int(headers["x-ovh-timestamp"]) - _now()) > _TOLERANCE:
        return _error(400, "", "Query out of time")
    if headers["x-ovh-signature"] != _signature(asked, scheme):
        return _error(400, "INVALID_SIGNATURE", "Invalid signature")
    return None


def _verdict(job: dict[str, Any], path: str) -> Reply:
    if "/sms-ab12345-1/" not in path:
        return _error(404, "", "The requested object (serviceName) does not exist")
    if job["senderForResponse"] == ("sender" in job):
        return _error(400, "", "A sender excludes answers")
    (number,) = job["receivers"]
    code = code_in(number)
    if code in _ERRORS:
        return _error(*_ERRORS[code])
    return json_reply(
        {
            "totalCreditsRemoved": 0 if code else 1,
            "invalidReceivers": [number] if code else [],
            "ids": [] if code else [27814656],
            "validReceivers": [] if code else [number],
        }
    )


def ovh(scheme: str = "http") -> StrictProvider:
    """Make the API; the scheme of its URL is signed, too."""

    def answer(asked: Asked) -> Reply:
        return _refusal(asked, scheme) or _verdict(asked.body, asked.received.path)

    return StrictProvider(
        Endpoint("GET", "/1.0/auth/time", _clock),
        Endpoint("POST", r"/1.0/sms/[^/]+/jobs", answer, json=_JOB, headers=_HEADERS),
    )


SIMULATOR = Simulator(
    "ovh",
    ovh,
    url_setting="base_url",
    path="/1.0",
    settings={"application_key": "app-key", "account": "sms-ab12345-1", "sender": "MyHost"},
    secrets={"application_secret": _SECRET, "consumer_key": PASSWORD},
    message_id="27814656",
    failures=(
        Case("wrong application", ErrorClass.AUTH, settings={"application_key": "other"}),
        Case("wrong consumer key", ErrorClass.AUTH, secrets={"consumer_key": "wrong"}),
        Case("wrong secret", ErrorClass.REJECTED, secrets={"application_secret": "wrong"}),
        Case("another account", ErrorClass.AUTH, settings={"account": "sms-zz99999-1"}),
        Case("right not granted", ErrorClass.AUTH, number=number_for(1)),
        Case("credential not known", ErrorClass.AUTH, number=number_for(2)),
        Case("bad parameter", ErrorClass.REJECTED, number=number_for(400)),
        Case("sender", ErrorClass.SENDER, number=number_for(401)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(402)),
        Case("expired", ErrorClass.CREDIT, number=number_for(460)),
        Case("conflict", ErrorClass.REJECTED, number=number_for(409)),
        Case("too fast", ErrorClass.RATE, number=number_for(429)),
        Case("outage after the time was told", ErrorClass.TEMPORARY, number=number_for(500)),
        Case("the number is refused inside a success", ErrorClass.RECIPIENT, number=number_for(7)),
    ),
)
