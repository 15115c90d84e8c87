# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""eCall's HTTPS interface: the HTTP status is the verdict; names of fields have any case."""

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

_STATUSES = {"400": 400, "403": 403, "500": 500}
_RESULTS = {
    "11000": "SyntaxError",
    "11001": "PermissionDenied",
    "11100": "AdrAdCInvalid",
    "11101": "AdrNAdInvalid",
}


def _answer(asked: Asked) -> Reply:
    if (asked.body["username"], asked.body["password"]) != ("anton", PASSWORD):
        return Reply("", 401)
    code = code_in(asked.body["address"])
    if code in _RESULTS:
        return Reply(f"{code} {_RESULTS[code]}", 400)
    return Reply("" if code else "0 OK", _STATUSES.get(code, 200))


def _provider() -> StrictProvider:
    form = {
        "username": ".+",
        "password": ".+",
        "address": r"(\+|00)[1-9]\d{6,14}",  # one only: no semicolon
        "message": ".+",
        "callback?": r"\+?\d{1,16}|[A-Za-z0-9 ._&-]{1,11}",
    }
    return StrictProvider(Endpoint("POST", "/api/sms", _answer, form=form, any_case=True))


SIMULATOR = Simulator(
    "ecallsms",
    _provider,
    url_setting="url",
    path="/api/sms",
    settings={"username": "anton", "sender": "MyHost"},
    secrets={"password": PASSWORD},
    message_id="",
    silent_success=True,
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("no credit", ErrorClass.CREDIT, number=number_for(403)),
        Case("refused without a reason", ErrorClass.REJECTED, number=number_for(400)),
        Case("syntax", ErrorClass.REJECTED, number=number_for(11000)),
        Case("permission denied", ErrorClass.AUTH, number=number_for(11001)),
        Case("bad number", ErrorClass.RECIPIENT, number=number_for(11100)),
        Case("bad notification address", ErrorClass.REJECTED, number=number_for(11101)),
        Case("internal error", ErrorClass.TEMPORARY, number=number_for(500)),
    ),
)
