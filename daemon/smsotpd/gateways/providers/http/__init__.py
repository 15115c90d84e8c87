# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any SMS gateway that takes one HTTP request: privacyIDEA's HTTP provider, its accidents mended.

Every mend, and why, stands in docs/gateways/http.md.
"""

from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.providers.http.check import check
from smsotpd.gateways.providers.http.field import RequestField, fields
from smsotpd.gateways.providers.http.settings import HEADER, OPTION, SETTINGS
from smsotpd.gateways.spec import Form, Gateway, Http, Json, Request, Response, Values
from smsotpd.gateways.spec.connection import basic_auth, proxy, without_userinfo
from smsotpd.gateways.spec.number import parse_rewriting
from smsotpd.gateways.spec.status import outcome_from_status
from smsotpd.gateways.spec.template import PHONE, TEXT

_ACCEPTED: Final = frozenset({200, 201, 202})


def _request(values: Values, message: Message) -> Request | Rejected:
    number = message.recipient.address
    rewriting = parse_rewriting(values.text("REGEXP"))
    if rewriting:
        number = rewriting.apply(number)
    if not number.strip():
        return Rejected(ErrorClass.RECIPIENT, "REGEXP leaves nothing of the number")
    tags = {PHONE: number, TEXT: message.text}
    filled = [field.filled(tags) for field in fields(values)]
    is_get = values.text("HTTP_METHOD") == "GET"
    return Request(
        method=values.text("HTTP_METHOD"),
        url=without_userinfo(values.text("URL")),
        query=_pairs(filled) if is_get else (),
        body=None if is_get else _body(values, filled),
        headers=values.fields(HEADER),
        auth=basic_auth(values),
        proxy=proxy(values),
        verify=values.is_on("CHECK_SSL"),
        ca_file=values.text("CA_FILE"),
        timeout=values.number("TIMEOUT"),
    )


def _body(values: Values, filled: list[RequestField]) -> Form | Json:
    if values.is_on("SEND_DATA_AS_JSON"):
        return Json({field.name: field.value for field in filled})
    return Form(_pairs(filled))


def _pairs(filled: list[RequestField]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for field in filled for pair in field.pairs())


def _outcome(values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, _ACCEPTED)
    if failure is not None:
        return failure
    if values.text("RETURN_SUCCESS"):
        return _by_success(values.text("RETURN_SUCCESS"), response)
    if values.text("RETURN_FAIL"):
        return _by_fail(values.text("RETURN_FAIL"), response)
    return Accepted()


def _by_success(wanted: str, response: Response) -> Outcome:
    if wanted in response.text:
        return Accepted()
    if response.complete:
        return Rejected(ErrorClass.REJECTED, "the reply lacks the text of RETURN_SUCCESS")
    return Unknown("the part of the reply that was read lacks the text of RETURN_SUCCESS")


def _by_fail(unwanted: str, response: Response) -> Outcome:
    if unwanted in response.text:
        return Rejected(ErrorClass.REJECTED, "the reply contains the text of RETURN_FAIL")
    if response.complete:
        return Accepted()
    return Unknown("the reply could not be searched for the text of RETURN_FAIL to its end")


GATEWAY: Final = Gateway(
    id="http",
    title="Any gateway that takes an HTTP request",
    link="https://privacyidea.readthedocs.io/en/v2.19.1/configuration/sms_gateway_config.html",
    settings=SETTINGS,
    transport=Http(request=_request, outcome=_outcome),
    check=lambda values: check(values, _request),
    open_family=OPTION,
)
