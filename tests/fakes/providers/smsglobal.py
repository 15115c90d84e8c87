# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMSGlobal's HTTP API: HTTP 200 and one line of text for everything."""

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

_SENT = "OK: 0; Sent queued message ID: 04b4a8d4a5a02176 SMSGlobalMsgID:6613115713715266"
_REFUSALS = {
    "1": "ERROR: Insufficient credits",
    "2": "ERROR: Missing parameter: from",
    "3": "",
    "4": "ERROR: No action requested",
    "88": "ERROR: 88",
}


def _answer(asked: Asked) -> Reply:
    if (asked.body["user"], asked.body["password"]) != ("anton", PASSWORD):
        return Reply("ERROR: Invalid username or password")
    if len(asked.body["text"]) > 160 * int(asked.body["maxsplit"]):
        return Reply("ERROR: text too long")
    return Reply(_REFUSALS.get(code_in(asked.body["to"]), _SENT))


def _provider() -> StrictProvider:
    form = {
        "action": "sendsms",
        "user": ".+",
        "password": ".+",
        "from": r"\d{1,15}|[A-Za-z0-9 ._&-]{1,11}",
        "to": r"[1-9]\d{6,14}",  # no plus sign
        "text": ".+",
        "maxsplit": r"[1-9]\d?",
    }
    return StrictProvider(Endpoint("POST", "/http-api.php", _answer, form=form))


SIMULATOR = Simulator(
    "smsglobal",
    _provider,
    url_setting="url",
    path="/http-api.php",
    settings={"user": "anton", "sender": "MyHost"},
    secrets={"password": PASSWORD},
    message_id="6613115713715266",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("no credit", ErrorClass.CREDIT, number=number_for(1)),
        Case("no credit, as a number", ErrorClass.CREDIT, number=number_for(88)),
        Case("a parameter is missing", ErrorClass.REJECTED, number=number_for(2)),
        Case("nothing is answered to bad input", ErrorClass.REJECTED, number=number_for(3)),
        Case("no action", ErrorClass.REJECTED, number=number_for(4)),
    ),
)
