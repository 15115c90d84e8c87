# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SerwerSMS.pl: errors come under HTTP 200; token or login, and Unicode only where it is said."""

from dataclasses import replace

from smsotpd.core.outcome import ErrorClass
from smsotpd.gateways.spec.sms_text import is_gsm7
from tests.fakes.providers.strict import (
    PASSWORD,
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    code_in,
    json_reply,
    number_for,
)

_SMS = {
    "phone": r"\+[1-9]\d{6,14}",
    "text": ".+",
    "details?": bool,
    "sender?": "[A-Za-z0-9 .]{1,11}",
    "utf?": bool,
    "username?": "webapi_.+",
    "password?": ".+",
}


def _error(code: int) -> Reply:
    return json_reply({"error": {"code": code, "type": "SomeType", "message": "some text"}})


def _is_known(asked: Asked) -> bool:
    bearer = asked.received.headers.get("authorization", "")
    login = (asked.body.get("username", ""), asked.body.get("password", ""))
    return (bearer, login) in {
        (f"Bearer {PASSWORD}", ("", "")),
        ("", ("webapi_anton", PASSWORD)),
    }


def _answer(asked: Asked) -> Reply:
    if not _is_known(asked):
        return _error(1001)
    sms = asked.body
    if not (is_gsm7(sms["text"]) or sms.get("utf")):
        return _error(2000)
    code = code_in(sms["phone"])
    if code and code != "1":
        return _error(int(code))
    status = "unsent" if code else "queued"
    reply = {"success": True, "queued": int(not code), "unsent": int(bool(code))}
    item = {"id": "aca3944055", "phone": sms["phone"], "status": status, "parts": 1}
    return json_reply(reply | ({"items": [item]} if sms.get("details") else {}))


def _provider() -> StrictProvider:
    return StrictProvider(Endpoint("POST", r"/messages/send_sms(\.json)?", _answer, json=_SMS))


SIMULATOR = Simulator(
    "serwersms",
    _provider,
    url_setting="base_url",
    settings={"sender": "INFORMACJA"},
    secrets={"token": PASSWORD},
    message_id="aca3944055",
    text="Kod 013579, żółw",
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"token": "wrong"}),
        Case("address not allowed", ErrorClass.AUTH, number=number_for(1003)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(3002)),
        Case("number", ErrorClass.RECIPIENT, number=number_for(2001)),
        Case("sender", ErrorClass.SENDER, number=number_for(3001)),
        Case("not queued inside a success", ErrorClass.REJECTED, number=number_for(1)),
        Case("wrong parameter", ErrorClass.REJECTED, number=number_for(2000)),
    ),
)
LOGIN = replace(
    SIMULATOR,
    secrets={"login": "webapi_anton", "password": PASSWORD},
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("wrong login", ErrorClass.AUTH, secrets={"login": "webapi_other"}),
    ),
)
