# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""playSMS, a gateway that one hosts oneself: web services of version 1.4 and later."""

from collections.abc import Generator, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.spec import Evidence, Form, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.sms_text import is_gsm7
from smsotpd.gateways.spec.status import outcome_from_status

_CODES: Final = FailureTable(
    "HTTP 200, error {}",
    {
        "100": ErrorClass.AUTH,
        "101": ErrorClass.REJECTED,
        "102": ErrorClass.REJECTED,
        "103": ErrorClass.CREDIT,
        "104": ErrorClass.AUTH,
        "105": ErrorClass.AUTH,
        "106": ErrorClass.AUTH,
        "200": ErrorClass.REJECTED,
        "201": ErrorClass.CONTENT,
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    number = message.recipient.address
    fields = {
        "to": number if values.text("number_format") == "plus" else number[1:],
        "msg": message.text,
        "nofooter": "1",  # the account's footer could make two SMS of one
        "from": values.text("from"),
        "unicode": "" if is_gsm7(message.text) else "1",
    }
    return _call(values, "pv", {name: text for name, text in fields.items() if text})


def _call(values: Values, operation: str, fields: Mapping[str, str]) -> Request:
    parts = urlsplit(values.text("url"))
    path = "/index.php" if parts.path in {"", "/"} else parts.path
    login = {"u": values.text("user"), "h": values.text("token")}
    form = {"app": "ws", "op": operation, **login, **fields}
    return Request(
        "POST",
        urlunsplit(parts._replace(path=path, query="")),
        body=Form(tuple(form.items())),
        hands_over=bool(fields),
    )


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    reply = parse_json_object(response.text)
    # Refused credentials and parameters stand at the top, refused recipients in a list.
    for verdict in (entry(reply, "data", 0), reply):
        code = code_text(entry(verdict, "error"))
        match entry(verdict, "status"):
            case "OK" if code == "0":
                return Accepted(message_id(entry(verdict, "smslog_id")))
            case "ERR":
                return _CODES.outcome(code)
            case _:
                pass
    return Unknown("the reply cannot be read")


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield _call(values, "cr", {})
    reply = parse_json_object(response.text)
    if response.status == HTTPStatus.OK and entry(reply, "status") == "OK":
        # Many hosts bill nobody: no credit is no sign of trouble there.
        credit = balance_report(entry(reply, "credit"), None).facts
        return Report(Condition.READY, "playSMS takes the token", credit)
    return refusal_report(_outcome(values, response))


def _check(values: Values) -> None:
    if urlsplit(values.text("url")).query not in {"", "app=ws"}:
        raise BadArgumentError("url", "must have no query, or just ?app=ws")


GATEWAY: Final = Gateway(
    id="playsms",
    title="playSMS",
    link="https://playsms.org/",
    settings=(
        SettingDescription(
            "url",
            "Address of playSMS",
            "As you open it in a browser; index.php is added where nothing else is named.",
            kind="url",
            required=True,
        ),
        SettingDescription("user", "User name", required=True),
        SettingDescription(
            "token",
            "Webservices token",
            "Not the password: shown under My account, User configuration; webservices must be "
            "enabled there, and this host's address allowed.",
            required=True,
            secret=True,
        ),
        SettingDescription("from", "Sender", "Empty: what playSMS has for the account."),
        SettingDescription(
            "number_format",
            "Form of numbers",
            "plus: +491701234567, digits: 491701234567; after the prefix rules of your playSMS.",
            kind="choice",
            default="plus",
            choices=("plus", "digits"),
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    inspect=_inspect,
    failures=_CODES.failures,
    evidence=Evidence(
        verified="playSMS's own description of its web services and its source, 1.5.0-beta; "
        "a simulator made after them",
        uncertain=("Current versions report a lack of credit as error 200, sending failed.",),
    ),
)
