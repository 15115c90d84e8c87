# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The script that VoipBuster and its sisters share: a malformed declaration, then a sort of XML."""

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

_REASONS = {
    "1": ("", "Not enough credit"),
    "2": ("Your balance is too low", ""),
    "3": ("invalid number", ""),
    "4": ("", ""),
    "5": ("Please login first", ""),
}


def _answer(asked: Asked) -> Reply:
    if (asked.query["username"], asked.query["password"]) != ("anton", PASSWORD):
        return _failure("Wrong username or password", "")
    if len(asked.query["text"]) > 160:
        return _failure("text too long", "")
    code = code_in(asked.query["to"])
    return _failure(*_REASONS[code]) if code else _reply("1", "success", "", "")


def _failure(description: str, endcause: str) -> Reply:
    return _reply("0", "failure", description, endcause)


def _reply(result: str, verdict: str, description: str, endcause: str) -> Reply:
    return Reply(
        '<?phpxml version="1.0" encoding="utf-8"?>>\n<SmsResponse>\n<version>1</version>\n'
        f"<result>{result}</result>\n<resultstring>{verdict}</resultstring>\n"
        f"<description>{description}</description>\n<partcount>1</partcount>\n"
        f"<endcause>{endcause}</endcause>\n</SmsResponse>"
    )


def _provider() -> StrictProvider:
    query = {
        "username": ".+",
        "password": ".+",
        "from": ".+",
        "to": r"\+[1-9]\d{6,14}",
        "text": ".+",
    }
    return StrictProvider(Endpoint("GET", "/myaccount/sendsms.php", _answer, query=query))


SIMULATOR = Simulator(
    "voipbuster",
    _provider,
    url_setting="url",
    path="/myaccount/sendsms.php",
    settings={"api_user": "anton", "did": "anton"},
    secrets={"api_password": PASSWORD},
    message_id="",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"api_password": "wrong"}),
        Case("not logged in", ErrorClass.AUTH, number=number_for(5)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(1)),
        Case("balance too low", ErrorClass.CREDIT, number=number_for(2)),
        Case("bad number", ErrorClass.REJECTED, number=number_for(3)),
        Case("no reason", ErrorClass.REJECTED, number=number_for(4)),
    ),
)
