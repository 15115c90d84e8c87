# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""websms (LINK Mobility): REST with JSON; most refusals come with HTTP 200."""

from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
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
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.originator import check_originator, is_numeric
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JSON_TYPE, JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, status_failures

_LONGEST_NUMBER: Final = 15
_SHORTEST_VALIDITY: Final = 60
_LONGEST_VALIDITY: Final = 259_200
_SENT: Final = frozenset({"2000", "2001"})
_CODES: Final = FailureTable(
    "HTTP 200, statusCode {}",
    {
        **dict.fromkeys(("4001", "4014", "4021", "4022", "4035"), ErrorClass.AUTH),
        "4013": ErrorClass.CREDIT,
        **dict.fromkeys(("4002", "4029", "4031", "4042"), ErrorClass.RECIPIENT),
        "4003": ErrorClass.SENDER,
        **dict.fromkeys(("4023", "4025"), ErrorClass.RATE),
        **dict.fromkeys(("5000", "5003"), ErrorClass.TEMPORARY),
        **dict.fromkeys(("4009", "4026", "4027"), ErrorClass.CONTENT),
        **dict.fromkeys(
            ("4004", "4008", "4015", "4016", "4019", "4040", "4041", "4043"), ErrorClass.REJECTED
        ),
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    body: dict[str, JsonValue] = {
        "messageContent": message.text,
        "recipientAddressList": [message.recipient.address.removeprefix("+")],
    }
    sender = values.text("sender")
    if sender:
        body["senderAddress"] = sender.removeprefix("+")
        body["senderAddressType"] = values.text("sender_type") or _type_of(sender)
    if message.lifetime:
        validity = min(max(round(message.lifetime), _SHORTEST_VALIDITY), _LONGEST_VALIDITY)
        body["validityPeriode"] = validity  # spelt so by the provider
    headers = {"Accept": JSON_TYPE}
    token = values.text("access_token")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return Request(
        "POST",
        endpoint(values, "/rest/smsmessaging/text"),
        body=Json(body),
        headers=headers,
        auth=None if token else BasicAuth(values.text("user"), values.text("password")),
    )


def _type_of(sender: str) -> str:
    return "international" if is_numeric(sender) else "alphanumeric"


def _outcome(_values: Values, response: Response) -> Outcome:
    reply = parse_json_object(response.text)
    code = code_text(entry(reply, "statusCode"))
    if code in _CODES:  # it says more than the status does
        return _CODES.outcome(code)
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    if code in _SENT:
        return Accepted(message_id(entry(reply, "transferId")))
    return _CODES.outcome(code) if code else Unknown("the reply cannot be read")


def _check(values: Values) -> None:
    if not values.text("access_token") and not (values.text("user") and values.text("password")):
        raise BadArgumentError("password", "is missing: give user and password, or access_token")
    if ":" in values.text("user"):
        raise BadArgumentError("user", "must not contain a colon (RFC 7617)")
    if values.text("sender_type") and not values.text("sender"):
        raise BadArgumentError("sender", "is missing: sender_type says what kind of sender it is")
    check_base_url(values)
    check_originator("sender", values.text("sender"), _LONGEST_NUMBER)


GATEWAY: Final = Gateway(
    id="websms_de",
    title="websms (LINK Mobility)",
    link="https://websms.de/",
    settings=(
        SettingDescription("user", "User name", "With the password; or an access token instead."),
        SettingDescription("password", "Password", secret=True),
        SettingDescription(
            "access_token", "Access token", "Instead of user name and password.", secret=True
        ),
        SettingDescription(
            "sender", "Sender", "Empty: what websms has for the account; else a number or name."
        ),
        SettingDescription(
            "sender_type",
            "Kind of sender",
            "Empty: international for a number, alphanumeric for a name.",
            kind="choice",
            choices=("international", "national", "alphanumeric", "shortcode"),
        ),
        base_url("https://api.websms.com", "Newer accounts: https://api.linkmobility.eu"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    aliases=("websms",),
    failures=(*_CODES.failures, *status_failures(401)),
    evidence=Evidence(
        verified="the provider's own toolkit for PHP and a current third-party client; "
        "a simulator made after them",
        uncertain=(
            "Which of the two addresses of the service the provider prefers.",
            "Code 4013, message limit reached, is taken for lack of credit.",
        ),
    ),
)
