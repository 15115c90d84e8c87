# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMSAPI: errors come under HTTP 200."""

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
    json_reply,
    number_for,
)

_FORM = {
    "to": r"[1-9]\d{6,14}",  # no plus sign
    "message": ".+",
    "format": "json",
    "encoding": "utf-8",
    "from?": ".{1,11}",
}
_HEADERS = {"authorization": "Bearer .+"}


def _error(code: int) -> Reply:
    return json_reply({"error": code, "message": "some text"})


def _is_known(asked: Asked) -> bool:
    return asked.received.headers["authorization"] == f"Bearer {PASSWORD}"


def _answer(asked: Asked) -> Reply:
    if not _is_known(asked):
        return _error(101)
    number = asked.fields["to"]
    code = code_in(number)
    if code == "13":
        wrong = {"number": number, "submitted_number": number, "message": "Invalid phone number"}
        return json_reply({"invalid_numbers": [wrong], "error": 13, "message": "some text"})
    if code:
        return _error(int(code))
    sms = {"id": "6124A1B2", "points": 0.1, "number": number, "date_sent": 1460969712}
    sent = [{**sms, "submitted_number": number, "status": "QUEUE"}]
    return json_reply({"count": 1, "list": sent})


def _profile(asked: Asked) -> Reply:
    return json_reply({"name": "anton", "points": 12.3}) if _is_known(asked) else _error(101)


def _provider() -> StrictProvider:
    return StrictProvider(
        Endpoint("POST", "/sms.do", _answer, form=_FORM, headers=_HEADERS),
        Endpoint("GET", "/profile", _profile, headers=_HEADERS),
    )


SIMULATOR = Simulator(
    "smsapi",
    _provider,
    url_setting="base_url",
    settings={"sender": "Test"},
    secrets={"token": PASSWORD},
    message_id="6124A1B2",
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"token": "wrong"}),
        Case("address not allowed", ErrorClass.AUTH, number=number_for(105)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(103)),
        Case("number", ErrorClass.RECIPIENT, number=number_for(13)),
        Case("sender", ErrorClass.SENDER, number=number_for(14)),
        Case("text", ErrorClass.CONTENT, number=number_for(11)),
        Case("too many to one number", ErrorClass.RATE, number=number_for(52)),
        Case("too many at once", ErrorClass.RATE, number=number_for(202)),
        Case("internal error", ErrorClass.TEMPORARY, number=number_for(999)),
        Case("not sent", ErrorClass.REJECTED, number=number_for(200)),
    ),
)
