# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telegram's Bot API: a bot writes to users who have started it, known by their numeric id."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.channel_names import TELEGRAM
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.core.text import printable
from smsotpd.gateways.spec import Evidence, Gateway, Http, Json, Request, Response, Values
from smsotpd.gateways.spec.balance import refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_TOKEN: Final = re.compile(r"[0-9]+:[A-Za-z0-9_-]{30,}", re.ASCII)
_USER_ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_LONGEST_TEXT: Final = 4096
_LONGEST_NAME: Final = 64
_LONGEST_WAIT: Final = 86_400

# The first one that a reply's code and description begin with decides.
_ERRORS: Final = FailureTable(
    "HTTP {}",
    {
        "400 Bad Request: chat not found": ErrorClass.RECIPIENT,
        "400 Bad Request: chat_id is empty": ErrorClass.RECIPIENT,
        "400 Bad Request: message text is empty": ErrorClass.CONTENT,
        "400 Bad Request: can't parse entities": ErrorClass.CONTENT,
        "400 Bad Request: message is too long": ErrorClass.CONTENT,
        "401 Unauthorized: invalid token specified": ErrorClass.AUTH,
        "401 Unauthorized": ErrorClass.AUTH,
        "403 Forbidden: bot was blocked by the user": ErrorClass.RECIPIENT,
        "403 Forbidden: user is deactivated": ErrorClass.RECIPIENT,
        "403 Forbidden: bot can't initiate conversation with a user": ErrorClass.RECIPIENT,
        "403 Forbidden": ErrorClass.RECIPIENT,
        "404 Not Found": ErrorClass.AUTH,
        "409 Conflict": ErrorClass.TEMPORARY,
        "421": ErrorClass.AUTH,
        "429 Too Many Requests": ErrorClass.RATE,
        "500": ErrorClass.TEMPORARY,
    },
)


def _url(values: Values, method: str) -> str:
    return endpoint(values, f"/bot{values.text('token')}/{method}")


def _request(values: Values, message: Message) -> Request | Rejected:
    if not _USER_ID.fullmatch(message.recipient.address):
        return Rejected(ErrorClass.RECIPIENT, "a bot reaches users by their numeric id only")
    if not 1 <= len(message.text) <= _LONGEST_TEXT:
        return Rejected(ErrorClass.CONTENT, f"a text has 1 to {_LONGEST_TEXT} characters")
    body: dict[str, JsonValue] = {
        "chat_id": int(message.recipient.address),
        "text": message.text,  # without parse_mode: a host name may hold _ and *
        "link_preview_options": {"is_disabled": True},
    }
    return Request("POST", _url(values, "sendMessage"), body=Json(body))


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = _failure(response)
    if failure is not None:
        return failure
    sent = message_id(entry(parse_json_object(response.text), "result", "message_id"))
    return Accepted(sent) if sent else Unknown("the reply names no message")


def _failure(response: Response) -> Rejected | Deferred | Unknown | None:
    """Return what a reply without `ok` says, None for one with it."""
    reply = parse_json_object(response.text)
    if entry(reply, "ok") is False:
        code = code_text(entry(reply, "error_code")) or str(response.status)
        said = f"{code} {code_text(entry(reply, 'description'))}"
        for sign in _ERRORS.classes:
            if said.startswith(sign):
                return _ERRORS.outcome(sign, _wait(reply, response))
    by_status = outcome_from_status(response, frozenset({200}))
    if isinstance(by_status, Rejected | Deferred | Unknown):
        return by_status
    match entry(reply, "ok"):
        case True:
            return None
        case False:
            return Rejected(ErrorClass.REJECTED, "the gateway refuses the message (ok is false)")
        case _:
            return Unknown("the reply cannot be read")


def _wait(reply: JsonValue, response: Response) -> float | None:
    seconds = entry(reply, "parameters", "retry_after")
    if isinstance(seconds, int) and seconds >= 0:
        return float(min(seconds, _LONGEST_WAIT))
    return retry_after(response)


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    response = yield Request("GET", _url(values, "getMe"), hands_over=False)
    failure = _failure(response)
    if failure is not None:
        return refusal_report(failure)
    bot = entry(parse_json_object(response.text), "result")
    facts = (("Bot", "@" + _name(bot, "username")), ("Name", _name(bot, "first_name")))
    return Report(Condition.READY, "Telegram knows the bot", facts)


def _name(bot: JsonValue, field: str) -> str:
    return printable(code_text(entry(bot, field)))[:_LONGEST_NAME]


def _check(values: Values) -> None:
    check_base_url(values)
    if not _TOKEN.fullmatch(values.text("token")):
        raise BadArgumentError(
            "token", "must be as BotFather shows it: digits, a colon, then 30 or more characters"
        )


GATEWAY: Final = Gateway(
    id="telegram_bot",
    title="Telegram, by a bot",
    link="https://core.telegram.org/bots/api",
    settings=(
        SettingDescription(
            "token",
            "Token of the bot",
            "BotFather shows it when the bot is made (/newbot) or asked for (/token). Users must "
            "start the bot once, and are enrolled with their numeric id.",
            required=True,
            secret=True,
        ),
        base_url("https://api.telegram.org", "Change it for a Bot API server of your own only."),
    ),
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    channel=TELEGRAM,
    failures=_ERRORS.failures,
    evidence=Evidence(
        verified="Telegram's description of the Bot API 10.1 and the source of its server; "
        "a simulator made after them",
        uncertain=(
            "Others report 404 for a malformed token; both 401 and 404 count as a wrong one.",
            "The wording of error 421 is not known; the code alone decides.",
        ),
    ),
    inspect=_inspect,
)
