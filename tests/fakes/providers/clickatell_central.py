# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clickatell's Developers' Central: HTTP 200 for everything, ID: or ERR: tells."""

import re

from smsotpd.core.outcome import ErrorClass
from smsotpd.gateways.spec.sms_text import segments
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

_FORM = {
    "user": ".+",
    "password": ".+",
    "api_id": r"\d+",
    "to": r"[1-9]\d{6,14}",  # no plus sign
    "text": ".+",
    "from?": r"\d{1,16}|[A-Za-z0-9 ]{1,11}",
    "unicode?": "1",
    "concat?": "[123]",
}
_ID = "205e85d0578314037a96175249fc6a2b"


def _answer(asked: Asked) -> Reply:
    login = tuple(asked.fields[name] for name in ("user", "password"))
    if login != ("anton", PASSWORD):
        return Reply("ERR: 001, Authentication failed")
    if asked.fields["api_id"] != "3312":
        return Reply("ERR: 108, Invalid or missing API ID")
    text = asked.fields["text"]
    if "unicode" in asked.fields:
        if not re.fullmatch("([0-9a-f]{4})+", text):
            return Reply("ERR: 116, Invalid Unicode data")
        text = bytes.fromhex(text).decode("utf-16-be")
    if segments(text) > int(asked.fields.get("concat", "1")):
        return Reply("ERR: 113, Maximum message parts exceeded")
    code = code_in(asked.fields["to"])
    return Reply(f"ERR: {int(code):03}, some text" if code else f"ID: {_ID}")


def _provider() -> StrictProvider:
    return StrictProvider(Endpoint("POST", "/http/sendmsg", _answer, form=_FORM))


SIMULATOR = Simulator(
    "clickatell_central",
    _provider,
    url_setting="base_url",
    settings={"api": "3312", "user": "anton"},
    secrets={"password": PASSWORD},
    message_id=_ID,
    text="Код 013579 " * 8,  # two SMS in UCS-2
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("wrong API ID", ErrorClass.AUTH, settings={"api": "1"}),
        Case("address not allowed", ErrorClass.AUTH, number=number_for(7)),
        Case("no credit", ErrorClass.CREDIT, number=number_for(301)),
        Case("number", ErrorClass.RECIPIENT, number=number_for(105)),
        Case("number is blocked", ErrorClass.RECIPIENT, number=number_for(121)),
        Case("sender", ErrorClass.SENDER, number=number_for(106)),
        Case("message limit", ErrorClass.RATE, number=number_for(130)),
        Case("internal error", ErrorClass.TEMPORARY, number=number_for(901)),
        Case("text too long", ErrorClass.CONTENT, text="x" * 460),
        Case("wrong parameters", ErrorClass.REJECTED, number=number_for(101)),
    ),
)
