# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clockwork: one line of text with HTTP 200 for everything; numbers without plus sign."""

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

_CLASSES = {
    "1": ErrorClass.TEMPORARY,
    "3": ErrorClass.CREDIT,
    "10": ErrorClass.RECIPIENT,
    "11": ErrorClass.SENDER,
    "12": ErrorClass.CONTENT,
    "17": ErrorClass.AUTH,
    "25": ErrorClass.REJECTED,
    "99": ErrorClass.REJECTED,
}


def _send(asked: Asked) -> Reply:
    fields = asked.body
    if fields["Key"] != PASSWORD:
        return Reply("Invalid Username Or Password")
    code = code_in(fields["To"])
    if not code and len(fields["Content"]) > 160 and "Long" not in fields:
        code = "12"
    return Reply(f"To: {fields['To']} {f'Error {code}: words' if code else 'ID: AB_12345'}")


def _balance(asked: Asked) -> Reply:
    wrong = asked.body["Key"] != PASSWORD
    return Reply("Error 58: Invalid API Key" if wrong else "Balance: 287.58 (GBP)")


def _provider() -> StrictProvider:
    form = {
        "Key": ".+",
        "To": r"[1-9]\d{6,14}",
        "Content": ".{1,459}",
        "From?": r"\d{1,12}|[A-Za-z0-9 ._&-]{1,11}",
        "Long?": "1",
    }
    return StrictProvider(
        Endpoint("POST", r"/http/send\.aspx", _send, form=form),
        Endpoint("POST", "/http/balance", _balance, form={"Key": ".+"}),
    )


SIMULATOR = Simulator(
    "clockworksms",
    _provider,
    url_setting="base_url",
    settings={"sender": "MyHost"},
    secrets={"apitoken": PASSWORD},
    message_id="AB_12345",
    failures=(
        Case("wrong key", ErrorClass.AUTH, secrets={"apitoken": "wrong"}),
        *(
            Case(f"error {code}", error_class, number=number_for(code))
            for code, error_class in _CLASSES.items()
        ),
        Case("no GSM alphabet", ErrorClass.CONTENT, text="Код 013579"),
        Case("too long", ErrorClass.CONTENT, text="x" * 460),
    ),
)
