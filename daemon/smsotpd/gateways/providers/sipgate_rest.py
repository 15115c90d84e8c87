# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sipgate by its REST API, with a personal access token; XML-RPC is the gateway `sipgate`."""

import re
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Outcome, Unknown
from smsotpd.gateways.spec import (
    BasicAuth,
    Evidence,
    Gateway,
    Http,
    Json,
    Request,
    Response,
    Values,
)
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.status import outcome_from_status, status_failures

_SUCCESSES: Final = frozenset({200, 201, 202, 204})
_EXTENSION: Final = re.compile(r"s\d{1,9}", re.ASCII)


def _request(values: Values, message: Message) -> Request:
    return Request(
        "POST",
        endpoint(values, "/v2/sessions/sms"),
        body=Json(
            {
                "smsId": values.text("web_sms_extension"),
                "recipient": message.recipient.address,
                "message": message.text,
            }
        ),
        auth=BasicAuth(values.text("token_id"), values.text("access_token")),
    )


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, _SUCCESSES)
    if failure is not None:
        return failure
    if response.complete and not response.text:  # a page of somebody in between has one
        return Accepted()
    return Unknown("the reply cannot be read")


def _check(values: Values) -> None:
    check_base_url(values)
    if not _EXTENSION.fullmatch(values.text("web_sms_extension")):
        raise BadArgumentError("web_sms_extension", "must be s and a number, as in s0")
    if ":" in values.text("token_id"):
        raise BadArgumentError("token_id", "must not contain a colon (RFC 7617)")


GATEWAY: Final = Gateway(
    id="sipgate_rest",
    title="sipgate (REST)",
    link="https://api.sipgate.com/",
    settings=(
        SettingDescription(
            "token_id", "Token id", "Of a personal access token, as token-ABC123.", required=True
        ),
        SettingDescription(
            "access_token",
            "Token",
            "The token itself; it needs the scope sessions:sms:write.",
            required=True,
            secret=True,
        ),
        SettingDescription(
            "web_sms_extension", "Web SMS extension", "As s0 in sipgate's settings.", default="s0"
        ),
        base_url("https://api.sipgate.com"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    failures=status_failures(400, 401, 402, 403, 404, 405, 415, 500),
    evidence=Evidence(
        verified="the provider's own example client; a simulator made after it",
        uncertain=(
            "The form of numbers: sent as +491701234567.",
            "A number that sipgate refuses comes as HTTP 400, like any other mistake.",
            "HTTP 500 also means an unknown Web SMS extension.",
            "Success is HTTP 204 without a body; 200 to 202 count as well if they have none.",
        ),
    ),
)
