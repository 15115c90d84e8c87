# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""VoIP.ms: HTTP 200 for every error, numbers of ten digits, 160 bytes."""

import re

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    PASSWORD,
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    json_reply,
)

_NUMBER = "+12015550123"
_CLASSES = {
    "missing_credentials": ErrorClass.AUTH,
    "ip_not_enabled": ErrorClass.AUTH,
    "api_not_enabled": ErrorClass.AUTH,
    "invalid_dst": ErrorClass.RECIPIENT,
    "missing_dst": ErrorClass.RECIPIENT,
    "limit_reached": ErrorClass.RATE,
    "api_limit_exceeded": ErrorClass.RATE,
    "sms_failed": ErrorClass.TEMPORARY,
    "sms_toolong": ErrorClass.CONTENT,
    "invalid_sms": ErrorClass.CONTENT,
    "missing_sms": ErrorClass.CONTENT,
    "something_new": ErrorClass.REJECTED,
}
_STATUSES = {f"20155502{index:02}": status for index, status in enumerate(_CLASSES)}


def _answer(asked: Asked) -> Reply:
    return json_reply(_verdict(asked.body))


def _verdict(fields: dict[str, str]) -> dict[str, object]:
    if (fields["api_username"], fields["api_password"]) != ("u@voip.example", PASSWORD):
        return {"status": "invalid_credentials"}
    if fields["method"] == "getBalance":
        return {"status": "success", "balance": {"current_balance": "0.00"}}
    if fields["did"] != "5551112222":
        return {"status": "invalid_did"}
    if not re.fullmatch(r"[2-9]\d{9}", fields["dst"]):
        return {"status": "invalid_dst"}
    if len(fields["message"].encode()) > 160:
        return {"status": "sms_toolong"}
    status = _STATUSES.get(fields["dst"])
    return {"status": status} if status else {"status": "success", "sms": 23434}


def _provider() -> StrictProvider:
    login = {"api_username": ".+", "api_password": ".+", "content_type": "json"}
    sending = {**login, "method": "sendSMS", "did": ".+", "dst": ".+", "message": ".+"}
    asking = {**login, "method": "getBalance"}
    return StrictProvider(
        Endpoint("POST", "/api/v1/rest.php", _answer, form=sending),
        Endpoint("POST", "/api/v1/rest.php", _answer, form=asking),
    )


SIMULATOR = Simulator(
    "voipms",
    _provider,
    url_setting="url",
    path="/api/v1/rest.php",
    settings={"api_user": "u@voip.example", "did": "+15551112222"},
    secrets={"api_password": PASSWORD},
    number=_NUMBER,
    message_id="23434",
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"api_password": "wrong"}),
        Case("another's number", ErrorClass.SENDER, settings={"did": "5551112223"}),
        *(
            Case(status, _CLASSES[status], number=f"+1{number}")
            for number, status in _STATUSES.items()
        ),
    ),
)
