# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""playSMS's web services: HTTP 200 for everything, the body tells."""

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

_PER_RECIPIENT = {"103", "200"}


def _answer(asked: Asked) -> Reply:
    to = asked.body.get("to", "")
    code = code_in(to)
    if (asked.body["u"], asked.body["h"]) != ("anton", PASSWORD):
        code = "100"
    if code and code not in _PER_RECIPIENT:
        return json_reply({"status": "ERR", "error": code, "error_string": "x", "timestamp": 1})
    if asked.body["op"] == "cr":
        return json_reply({"status": "OK", "error": "0", "credit": "12.300", "timestamp": 1})
    sent = {"status": "OK", "error": "0", "smslog_id": "30", "queue": "afb5f3", "to": to}
    if code:
        sent = {"status": "ERR", "error": code, "smslog_id": "", "queue": "", "to": ""}
    return json_reply({"data": [sent], "error_string": None, "timestamp": 1700000000})


def _provider() -> StrictProvider:
    login = {"app": "ws", "u": ".+", "h": ".+"}
    sending = {
        **login,
        "op": "pv",
        "to": r"\+?[1-9]\d{1,14}",  # neither a list nor @user nor #group
        "msg": ".+",
        "nofooter": "1",
        "from?": ".+",
        "unicode?": "1",
    }
    return StrictProvider(
        Endpoint("POST", "/index.php", _answer, form=sending),
        Endpoint("POST", "/index.php", _answer, form={**login, "op": "cr"}),
    )


SIMULATOR = Simulator(
    "playsms",
    _provider,
    url_setting="url",
    settings={"user": "anton"},
    secrets={"token": PASSWORD},
    message_id="30",
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"token": "wrong"}),
        Case("webservices not enabled", ErrorClass.AUTH, number=number_for(105)),
        Case("address not allowed", ErrorClass.AUTH, number=number_for(106)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(103)),
        Case("sending failed", ErrorClass.REJECTED, number=number_for(200)),
        Case("no text", ErrorClass.CONTENT, number=number_for(201)),
    ),
)
