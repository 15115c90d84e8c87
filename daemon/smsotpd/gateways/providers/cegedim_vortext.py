# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Vortext, the SMS service of cegedim.cloud."""

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
from smsotpd.gateways.spec.base_url import base_url, check_base_url
from smsotpd.gateways.spec.reading import entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JSON_TYPE
from smsotpd.gateways.spec.status import outcome_from_status, status_failures

_HOSTS: Final = {
    "eb-pub": "https://messages.cloud.cegedim.com",
    "eb-int": "https://vortext.cloud.cegedim.com",
}
_SUCCESSES: Final = frozenset({200, 201, 202})


def _request(values: Values, message: Message) -> Request:
    base = values.text("base_url") or _HOSTS[values.text("endpoint")]
    return Request(
        "POST",
        f"{base.rstrip('/')}/sms",
        body=Json({"message": message.text, "phoneNumber": message.recipient.address}),
        headers={"Accept": JSON_TYPE},
        auth=BasicAuth(values.text("user"), values.text("password")),
    )


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, _SUCCESSES)
    if failure is not None:
        return failure
    reply = parse_json_object(response.text)
    if reply is None:
        return Unknown("the reply cannot be read")
    name = message_id(entry(reply, "messageId"))
    if name:
        return Accepted(name)
    return Rejected(ErrorClass.REJECTED, "the reply names no message that was taken")


def _check(values: Values) -> None:
    check_base_url(values)
    if ":" in values.text("user"):
        raise BadArgumentError("user", "must not contain a colon (RFC 7617)")


GATEWAY: Final = Gateway(
    id="cegedim_vortext",
    title="cegedim.cloud Vortext",
    link="https://academy.cegedim.cloud/messaging/sms/sms-get-started",
    settings=(
        SettingDescription("user", "User name", required=True),
        SettingDescription("password", "Password", required=True, secret=True),
        SettingDescription(
            "endpoint",
            "Where this host is",
            "eb-pub: anywhere, over the internet; eb-int: inside cegedim's own data centres.",
            kind="choice",
            default="eb-pub",
            choices=tuple(_HOSTS),
        ),
        base_url(None, "Instead of the endpoint's own address."),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    failures=status_failures(401),
    evidence=Evidence(
        verified="the provider's page for beginners and one client; a simulator made after them",
        uncertain=(
            "The provider publishes no list of errors: they are told apart by the HTTP status.",
            "The form of numbers: sent as +491701234567.",
        ),
    ),
)
