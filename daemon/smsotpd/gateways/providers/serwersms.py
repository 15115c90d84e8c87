# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SerwerSMS.pl: errors come under HTTP 200."""

from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Evidence, Gateway, Http, Json, Request, Response, Values
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.sms_text import is_gsm7
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_CODES: Final = FailureTable(
    "HTTP 200, error {}",
    {
        "1000": ErrorClass.REJECTED,
        "1001": ErrorClass.AUTH,
        "1002": ErrorClass.AUTH,
        "1003": ErrorClass.AUTH,
        "1005": ErrorClass.AUTH,
        "1006": ErrorClass.REJECTED,
        "1007": ErrorClass.AUTH,
        "2000": ErrorClass.REJECTED,
        "2001": ErrorClass.RECIPIENT,
        "3000": ErrorClass.CREDIT,
        "3001": ErrorClass.SENDER,
        "3002": ErrorClass.CREDIT,
        "3003": ErrorClass.SENDER,
        "3004": ErrorClass.REJECTED,
        "3005": ErrorClass.REJECTED,
    },
)


def _request(values: Values, message: Message) -> Request:
    token = values.text("token")
    return Request(
        "POST",
        endpoint(values, "/messages/send_sms.json"),
        body=Json(_sms(values, message)),
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )


def _sms(values: Values, message: Message) -> dict[str, JsonValue]:
    sms: dict[str, JsonValue] = {
        "phone": message.recipient.address,
        "text": message.text,
        "details": True,  # the reply then tells about the recipient
    }
    if not values.text("token"):
        sms |= {"username": values.text("login"), "password": values.text("password")}
    if values.text("sender"):
        sms["sender"] = values.text("sender")
    if not is_gsm7(message.text):
        sms["utf"] = True
    return sms


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    code = code_text(entry(reply, "error", "code"))
    if code in _CODES:
        return _CODES.outcome(code, retry_after(response))
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    return _CODES.outcome(code) if entry(reply, "error") else _verdict(reply)


def _verdict(reply: JsonValue) -> Outcome:
    item = entry(reply, "items", 0)
    match (entry(reply, "success"), code_text(entry(reply, "queued")), entry(item, "status")):
        case (True, "1", "queued"):
            return Accepted(message_id(entry(item, "id")))
        case (False, _, _) | (True, "0", _):
            return Rejected(ErrorClass.REJECTED, "the gateway queued no message")
        case (True, _, str()):
            return Rejected(ErrorClass.REJECTED, "the gateway did not queue the message")
        case _:
            return Unknown("the reply does not say that the message was queued")


def _check(values: Values) -> None:
    check_base_url(values)
    pair = [name for name in ("login", "password") if values.text(name)]
    if values.text("token"):
        if pair:
            raise BadArgumentError(pair[0], "is not used with a token: keep one of them")
    elif not pair:
        raise BadArgumentError("token", "is missing; or give login and password")
    elif len(pair) == 1:
        raise BadArgumentError(
            "password" if pair == ["login"] else "login",
            "is missing: login and password go together",
        )


GATEWAY: Final = Gateway(
    id="serwersms",
    title="SerwerSMS.pl",
    link="https://serwersms.pl",
    settings=(
        SettingDescription(
            "token", "API token", "Made in the panel under HTTP API, API tokens.", secret=True
        ),
        SettingDescription(
            "login",
            "API login",
            "Instead of a token: the full login, with webapi_ in front.",
            secret=True,
        ),
        SettingDescription("password", "API password", "With the API login.", secret=True),
        SettingDescription(
            "sender",
            "Sender",
            "A name that SerwerSMS approved; empty: sent as ECO+, by a slower route.",
        ),
        base_url("https://api2.serwersms.pl"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    failures=_CODES.failures,
    evidence=Evidence(
        verified="SerwerSMS's documentation and official Python and PHP clients; a simulator made "
        "after them",
        uncertain=("The documentation's list of errors beyond 3005.",),
    ),
)
