# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""ClickSend's REST API of version 3: a message may fail inside a success."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Report
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
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.sms_text import segments
from smsotpd.gateways.spec.status import outcome_from_status, retry_after, status_failures

_MOST_SEGMENTS: Final = 8
_SENDER: Final = re.compile(r"[A-Za-z0-9]{1,11}|\+[1-9]\d{6,14}", re.ASCII)
_SUCCESS: Final = "SUCCESS"

_STATUSES: Final = FailureTable(
    "any HTTP status, {}",
    {
        "MISSING_CREDENTIALS": ErrorClass.AUTH,
        "INVALID_CREDENTIALS": ErrorClass.AUTH,
        "ACCOUNT_NOT_ACTIVATED": ErrorClass.AUTH,
        "INSUFFICIENT_CREDIT": ErrorClass.CREDIT,
        "INVALID_RECIPIENT": ErrorClass.RECIPIENT,
        "COUNTRY_NOT_ENABLED": ErrorClass.RECIPIENT,
        "INVALID_SENDER_ID": ErrorClass.SENDER,
        "THROTTLED": ErrorClass.RATE,
        "TOO_MANY_REQUESTS": ErrorClass.RATE,
        "EMPTY_MESSAGE": ErrorClass.CONTENT,
        "TOO_MANY_RECIPIENTS": ErrorClass.REJECTED,
        "MISSING_REQUIRED_FIELDS": ErrorClass.REJECTED,
        "INTERNAL_ERROR": ErrorClass.TEMPORARY,
        "SOMETHING_IS_WRONG": ErrorClass.TEMPORARY,
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    if segments(message.text) > _MOST_SEGMENTS:
        return Rejected(ErrorClass.CONTENT, f"the text needs more than {_MOST_SEGMENTS} SMS")
    body = Json({"messages": [_sms(values, message)]})
    return Request("POST", endpoint(values, "/v3/sms/send"), body=body, auth=_auth(values))


def _sms(values: Values, message: Message) -> dict[str, JsonValue]:
    sender = {"from": values.text("sender")} if values.text("sender") else {}
    return {**sender, "to": message.recipient.address, "body": message.text}


def _auth(values: Values) -> BasicAuth:
    return BasicAuth(values.text("user"), values.text("apikey"))


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    sms = entry(reply, "data", "messages", 0)
    # The message's own status says more than that of the whole request.
    verdicts = [code_text(entry(sms, "status")), code_text(entry(reply, "response_code"))]
    for verdict in verdicts:
        if verdict in _STATUSES:
            return _STATUSES.outcome(verdict, retry_after(response))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    if verdicts == [_SUCCESS, _SUCCESS]:
        return Accepted(message_id(entry(sms, "message_id")))
    wrong = next((verdict for verdict in verdicts if verdict not in {"", _SUCCESS}), "")
    return _STATUSES.outcome(wrong) if wrong else Unknown("the reply cannot be read")


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield Request("GET", endpoint(values, "/v3/account"), auth=_auth(values))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return refusal_report(failure)
    account = entry(parse_json_object(response.text), "data")
    return balance_report(
        entry(account, "balance"), entry(account, "_currency", "currency_name_short")
    )


def _check(values: Values) -> None:
    check_base_url(values)
    if ":" in values.text("user"):
        raise BadArgumentError("user", "must not contain a colon (RFC 7617)")
    sender = values.text("sender")
    if sender and not _SENDER.fullmatch(sender):
        raise BadArgumentError(
            "sender", "must be 11 letters and digits at most, or a number with +, without blanks"
        )


GATEWAY: Final = Gateway(
    id="clicksend",
    title="ClickSend",
    link="https://www.clicksend.com",
    settings=(
        SettingDescription("user", "User name", required=True),
        SettingDescription(
            "apikey", "API key", "Or the password of a subuser.", required=True, secret=True
        ),
        SettingDescription(
            "sender",
            "Sender",
            "11 letters and digits at most, or a number with +; empty: a shared number.",
        ),
        base_url("https://rest.clicksend.com"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    failures=(*_STATUSES.failures, *status_failures(400, 401, 403, 404, 405, 429, 500)),
    inspect=_inspect,
    evidence=Evidence(
        verified="ClickSend's documentation, a published OpenAPI description and its official "
        "Python client; a simulator made after them",
        uncertain=(
            "The exact layout of version 3's replies to a message.",
            "That COUNTRY_NOT_ENABLED is among the statuses.",
            "That a text may have eight SMS at most.",
        ),
    ),
)
