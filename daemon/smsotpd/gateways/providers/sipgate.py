# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sipgate by XML-RPC (SAMURAI): privacyIDEA's Sipgate provider, its accidents mended.

Every mend, and why, stands in docs/gateways/sipgate.md.
"""

import re
from collections.abc import Generator
from typing import Final
from xmlrpc.client import dumps

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Report
from smsotpd.gateways.spec import BasicAuth, Evidence, Gateway, Http, Request, Response, Values, Xml
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.connection import check_proxy_login
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.number import REGEXP, parse_rewriting, rewritten
from smsotpd.gateways.spec.reading import message_id
from smsotpd.gateways.spec.status import outcome_from_status, status_failures
from smsotpd.gateways.spec.xml_text import is_xml_text, struct_member

_DONE: Final = "200"
_DIGITS: Final = re.compile(r"\d{3,20}", re.ASCII)
# SAMURAI 1.10, tables A.1 and A.2: what may concern a message.
_CODES: Final = FailureTable(
    "HTTP 200, fault or StatusCode {}",
    {
        "401": ErrorClass.AUTH,
        "521": ErrorClass.AUTH,
        "525": ErrorClass.AUTH,
        "503": ErrorClass.CREDIT,
        "505": ErrorClass.CREDIT,
        "506": ErrorClass.RECIPIENT,
        "508": ErrorClass.RECIPIENT,
        "501": ErrorClass.SENDER,
        "412": ErrorClass.RATE,
        "402": ErrorClass.TEMPORARY,
        "404": ErrorClass.TEMPORARY,
        "410": ErrorClass.CONTENT,
        "520": ErrorClass.CONTENT,
        **dict.fromkeys(
            ("400", "403", "405", "406", "407", "408", "411", "502", "507"), ErrorClass.REJECTED
        ),
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    number = rewritten(values, message.recipient.address).strip("+")
    if not _DIGITS.fullmatch(number):
        return Rejected(ErrorClass.RECIPIENT, "REGEXP leaves what is no number")
    if not is_xml_text(message.text):
        return Rejected(ErrorClass.CONTENT, "the text holds control characters")
    session = {
        "RemoteUri": f"sip:{number}@sipgate.de",
        "TOS": "text",
        "Content": message.text,
    }
    return _call(values, "samurai.SessionInitiate", session)


def _call(values: Values, method: str, *arguments: dict[str, str]) -> Request:
    return Request(
        "POST",
        endpoint(values, "/RPC2"),
        body=Xml(dumps(arguments, method)),
        auth=BasicAuth(values.text("USERNAME"), values.text("PASSWORD")),
        proxy=values.text("PROXY"),
    )


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    reply = response.text
    code = struct_member(reply, "faultCode" if "<fault>" in reply else "StatusCode")
    if code == _DONE and "<fault>" not in reply:
        return Accepted(message_id(struct_member(reply, "SessionID")))
    if code or "<fault>" in reply:
        return _CODES.outcome(code)
    return Unknown("the reply cannot be read")


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield _call(values, "samurai.BalanceGet")
    outcome = _outcome(values, response)
    if isinstance(outcome, Accepted):
        reply = response.text
        return balance_report(
            struct_member(reply, "TotalIncludingVat"), struct_member(reply, "Currency")
        )
    return refusal_report(outcome)


def _check(values: Values) -> None:
    check_base_url(values)
    parse_rewriting(values.text("REGEXP"))
    check_proxy_login("PROXY", values.text("PROXY"))
    if ":" in values.text("USERNAME"):
        raise BadArgumentError("USERNAME", "must not contain a colon (RFC 7617)")


GATEWAY: Final = Gateway(
    id="sipgate",
    title="sipgate (XML-RPC)",
    link="https://privacyidea.readthedocs.io/en/v2.19.1/configuration/sms_gateway_config.html",
    settings=(
        SettingDescription("USERNAME", "User name", "Of the sipgate account.", required=True),
        SettingDescription("PASSWORD", "Password", required=True, secret=True),
        SettingDescription(
            "PROXY", "Proxy", "Empty: none. With user:password@ where it needs them.", kind="url"
        ),
        REGEXP,
        base_url("https://samurai.sipgate.net"),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    aliases=("sipgate_xmlrpc",),
    failures=(*_CODES.failures, *status_failures(401, 403, 500)),
    evidence=Evidence(
        verified="what privacyIDEA's provider sends, and the codes of SAMURAI 1.10 as several "
        "clients repeat them; a simulator made after them, which parses with a real XML-RPC parser",
        uncertain=(
            "Whether sipgate still offers XML-RPC to all accounts.",
            "Which codes come as a fault and which in the reply: both ways are read alike.",
            "Code 401 is denied without a reason: taken for wrong credentials.",
            "Code 525, no such service, is taken for an account that may not send SMS.",
        ),
    ),
    inspect=_inspect,
)
