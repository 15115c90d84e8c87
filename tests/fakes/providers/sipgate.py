# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sipgate's XML-RPC: HTTP 200 for every refusal, half of them faults; parsed by a real parser."""

import base64
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Fault, ResponseError, dumps, loads

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
    number_for,
)

_LOGIN = f"Basic {base64.b64encode(f'anton:{PASSWORD}'.encode()).decode()}"
_SESSION = "samurai.SessionInitiate"
_CLASSES = {
    "402": ErrorClass.TEMPORARY,
    "412": ErrorClass.RATE,
    "501": ErrorClass.SENDER,
    "503": ErrorClass.CREDIT,
    "508": ErrorClass.RECIPIENT,
    "520": ErrorClass.CONTENT,
    "525": ErrorClass.AUTH,
    "901": ErrorClass.REJECTED,
}


def _read(body: bytes) -> dict[str, Any]:
    try:
        arguments, method = loads(body)
    except (ExpatError, ResponseError, TypeError) as error:
        raise ValueError(type(error).__name__) from error
    return {"method": method, "arguments": list(arguments)}


def _answer(asked: Asked) -> Reply:
    if asked.received.headers.get("authorization") != _LOGIN:
        return _fault(401)
    if asked.body["method"] != _SESSION:
        balance = {"Currency": "EUR", "TotalIncludingVat": 4.5, "VatPercent": 19.0}
        return _struct(200, CurrentBalance=balance)
    number = asked.body["arguments"][0]["RemoteUri"].removeprefix("sip:").partition("@")[0]
    code = code_in(number)
    if code:
        return _fault(int(code)) if int(code) % 2 else _struct(int(code))
    return _struct(200, SessionID="85-1-0a")


def _fault(code: int) -> Reply:
    return Reply(dumps(Fault(code, "words of the provider")), headers={"Content_Type": "text/xml"})


def _struct(code: int, **members: object) -> Reply:
    struct: dict[str, Any] = {**members, "StatusCode": code, "StatusString": "words"}
    return Reply(dumps((struct,), methodresponse=True), headers={"Content_Type": "text/xml"})


def _provider() -> StrictProvider:
    session = {"RemoteUri": r"sip:[1-9]\d{6,14}@sipgate\.de", "TOS": "text", "Content": ".+"}
    calls = (
        {"method": _SESSION, "arguments": [session]},
        {"method": r"samurai\.BalanceGet", "arguments": list},
    )
    return StrictProvider(
        *(Endpoint("POST", "/RPC2", _answer, xml=call, read_xml=_read) for call in calls)
    )


SIMULATOR = Simulator(
    "sipgate",
    _provider,
    url_setting="base_url",
    settings={"USERNAME": "anton"},
    secrets={"PASSWORD": PASSWORD},
    text='Code 013579 für "R&D" <b>\n',
    message_id="85-1-0a",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"PASSWORD": "wrong"}),
        *(
            Case(f"code {code}", error_class, number=number_for(code))
            for code, error_class in _CLASSES.items()
        ),
        Case("no number left", ErrorClass.RECIPIENT, settings={"REGEXP": "/.*//"}),
    ),
)
