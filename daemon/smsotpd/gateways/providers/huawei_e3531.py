# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Huawei E3531 or another HiLink stick: it serves a small API on the network it makes itself."""

import re
from collections.abc import Generator
from typing import Final
from xml.sax.saxutils import escape

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Evidence, Gateway, HttpDialogue, Request, Response, Values, Xml
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.own_server import check_base
from smsotpd.gateways.spec.sms_text import is_gsm7, septets, ucs2_units
from smsotpd.gateways.spec.status import outcome_from_status
from smsotpd.gateways.spec.xml_text import element, is_xml_text

_UCS2, _GSM7 = 0, 1
_STALE: Final = frozenset({"125001", "125002", "125003"})
_UNSUPPORTED: Final = "100002"
_NOT_FOUND: Final = 404
_CODES: Final = FailureTable(
    "HTTP 200, code {}",
    {
        "100003": ErrorClass.AUTH,
        "100004": ErrorClass.TEMPORARY,
        "125001": ErrorClass.TEMPORARY,
        "125002": ErrorClass.TEMPORARY,
        "125003": ErrorClass.TEMPORARY,
        _UNSUPPORTED: ErrorClass.REJECTED,
        "100005": ErrorClass.REJECTED,
    },
)
_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e]{1,1000}", re.ASCII)
# The stick notes it in its list of sent messages, as the time of whoever sends; nothing reads it.
_DATE: Final = "2000-01-01 00:00:00"

_Lead = Generator[Request, Response, Outcome]


def _lead(values: Values, message: Message) -> _Lead:
    if not is_xml_text(message.text):
        return Rejected(ErrorClass.CONTENT, "the text holds control characters")
    outcome: Outcome = Unknown()
    for _attempt in range(2):
        headers = yield from _token(values)
        if not isinstance(headers, dict):
            return headers
        reply = yield Request(
            "POST",
            _url(values, "/sms/send-sms"),
            body=Xml(_order(message)),
            headers={**headers, "X-Requested-With": "XMLHttpRequest"},
        )
        outcome = _outcome(reply)
        if element(reply.text, "code") not in _STALE:
            break
    return outcome


def _token(values: Values) -> Generator[Request, Response, dict[str, str] | Outcome]:
    """Fetch what the stick wants back with the next request; older ones know a token only."""
    reply = yield Request("GET", _url(values, "/webserver/SesTokInfo"), hands_over=False)
    session, token = element(reply.text, "SesInfo"), element(reply.text, "TokInfo")
    if reply.status == _NOT_FOUND or element(reply.text, "code") == _UNSUPPORTED:
        reply = yield Request("GET", _url(values, "/webserver/token"), hands_over=False)
        session, token = "", element(reply.text, "token")
    refusal = _refusal(reply)
    if refusal is not None:
        return refusal
    headers = {"__RequestVerificationToken": token}
    if session:
        headers["Cookie"] = session
    if not all(_HEADER_TEXT.fullmatch(text) for text in headers.values()):
        return Rejected(ErrorClass.REJECTED, "this is no HiLink stick")
    return headers


def _url(values: Values, path: str) -> str:
    return values.text("api").rstrip("/") + path


def _order(message: Message) -> str:
    text = message.text
    length, alphabet = (septets(text), _GSM7) if is_gsm7(text) else (ucs2_units(text), _UCS2)
    # In this order, which some models insist on.
    return (
        '<?xml version="1.0" encoding="UTF-8"?><request><Index>-1</Index>'
        f"<Phones><Phone>{escape(message.recipient.address)}</Phone></Phones><Sca></Sca>"
        f"<Content>{escape(text)}</Content><Length>{length}</Length>"
        f"<Reserved>{alphabet}</Reserved><Date>{_DATE}</Date></request>"
    )


def _outcome(reply: Response) -> Outcome:
    refusal = _refusal(reply)
    if refusal is not None:
        return refusal
    if element(reply.text, "response") == "OK":
        return Accepted()
    return Unknown("the reply cannot be read")


def _refusal(reply: Response) -> Outcome | None:
    failure = outcome_from_status(reply, frozenset({200}))
    code = element(reply.text, "code") if "<error>" in reply.text else ""
    return failure or (_CODES.outcome(code) if code else None)


GATEWAY: Final = Gateway(
    id="huawei_e3531",
    title="Huawei E3531 (HiLink stick)",
    link="https://github.com/Salamek/huawei-lte-api",
    settings=(
        SettingDescription(
            "api",
            "Address of the stick's API",
            "Sticks that ask for a login are not supported: switch their password off.",
            kind="url",
            default="http://192.168.8.1/api",
        ),
    ),
    transport=HttpDialogue(_lead),
    check=lambda values: check_base("api", values.text("api")),
    failures=_CODES.failures,
    evidence=Evidence(
        verified="the client library that most others use; a simulator made after it",
        uncertain=(
            "Nothing was tried with a stick; models differ in what they insist on.",
            "The stick sends by itself what it took: a refusal by the network is not seen.",
            "The date of each message in the stick's list is a fixed one.",
        ),
    ),
)
