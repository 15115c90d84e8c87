# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Spryng's REST API: failures have HTTP statuses of their own."""

import re
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Unknown
from smsotpd.gateways.spec import Evidence, Gateway, Http, Json, Request, Response, Values
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import entry, message_id, parse_json_object
from smsotpd.gateways.spec.status import outcome_from_status, status_failures

_INVALID: Final = 422
_ORIGINATOR: Final = re.compile(r"[A-Za-z0-9 ]{1,11}|\d{1,15}", re.ASCII)

# The reply names what is wrong; several at once, we say the first of this table.
_ERRORS: Final = FailureTable(
    "HTTP 422, errors.{}",
    {
        "credits": ErrorClass.CREDIT,
        "recipients": ErrorClass.RECIPIENT,
        "originator": ErrorClass.SENDER,
        "body": ErrorClass.CONTENT,
    },
)


def _request(values: Values, message: Message) -> Request:
    return Request(
        method="POST",
        url=endpoint(values, "/v1/messages"),
        body=Json(
            {
                "body": message.text,
                "encoding": "auto",
                "originator": values.text("originator"),
                "recipients": [message.recipient.address.removeprefix("+")],
                "route": values.text("route"),
            }
        ),
        headers={
            "Authorization": f"Bearer {values.text('apitoken')}",
            "Accept": "application/json",
        },
    )


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    if response.status == _INVALID:
        errors = entry(reply, "errors")
        wrong = {key.partition(".")[0] for key in errors} if isinstance(errors, dict) else set()
        return _ERRORS.outcome(next((each for each in _ERRORS.classes if each in wrong), ""))
    failure = outcome_from_status(response, frozenset({200, 201}))
    if failure is not None:
        return failure
    name = message_id(entry(reply, "id"))
    return Accepted(name) if name else Unknown("the reply names no message")


def _check(values: Values) -> None:
    check_base_url(values)
    if not _ORIGINATOR.fullmatch(values.text("originator")):
        raise BadArgumentError("originator", "must be 11 letters and digits, or 15 digits, at most")


GATEWAY: Final = Gateway(
    id="spryngsms",
    title="Spryng",
    link="https://www.spryng.nl",
    settings=(
        SettingDescription("apitoken", "API token", required=True, secret=True),
        SettingDescription(
            "originator",
            "Sender",
            "11 letters and digits, or 15 digits, at most.",
            default="SMSOTP",
        ),
        SettingDescription(
            "route", "Route", "business, or the id of a route of your own.", default="business"
        ),
        base_url("https://rest.spryngsms.com"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    aliases=("spryng",),
    failures=(*_ERRORS.failures, *status_failures(401, 404, 405, 429, 500, 503)),
    evidence=Evidence(
        verified="Spryng's PHP client and documentation, and a real reply of status 422; "
        "a simulator made after them",
        uncertain=("What an originator may be: 11 letters and digits are usual.",),
    ),
)
