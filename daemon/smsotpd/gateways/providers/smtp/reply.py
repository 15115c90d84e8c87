# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a mail server's refusals mean: by the command they answer, code and enhanced code."""

import re
from enum import StrEnum
from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Failure
from smsotpd.gateways.spec.failure_table import failed


class Stage(StrEnum):
    """The command that is being answered."""

    GREETING = "the connection"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"


# RFC 5321, 4.2.3; RFC 4954, 6. An enhanced code (RFC 3463) without its last part comes first.
_CLASSES: Final = {
    (Stage.GREETING, "554"): ErrorClass.REJECTED,
    (Stage.AUTH, "454"): ErrorClass.TEMPORARY,
    (Stage.AUTH, "534"): ErrorClass.AUTH,
    (Stage.AUTH, "535"): ErrorClass.AUTH,
    (Stage.AUTH, "538"): ErrorClass.AUTH,
    (Stage.MAIL, "421"): ErrorClass.TEMPORARY,
    (Stage.MAIL, "452"): ErrorClass.TEMPORARY,
    (Stage.MAIL, "530"): ErrorClass.AUTH,
    (Stage.MAIL, "550"): ErrorClass.SENDER,
    (Stage.MAIL, "552"): ErrorClass.CONTENT,
    (Stage.MAIL, "553"): ErrorClass.SENDER,
    (Stage.RCPT, "5.7"): ErrorClass.AUTH,
    (Stage.RCPT, "450"): ErrorClass.TEMPORARY,
    (Stage.RCPT, "451"): ErrorClass.TEMPORARY,
    (Stage.RCPT, "452"): ErrorClass.TEMPORARY,
    (Stage.RCPT, "530"): ErrorClass.AUTH,
    (Stage.RCPT, "550"): ErrorClass.RECIPIENT,
    (Stage.RCPT, "551"): ErrorClass.RECIPIENT,
    (Stage.RCPT, "552"): ErrorClass.RECIPIENT,
    (Stage.RCPT, "553"): ErrorClass.RECIPIENT,
    (Stage.DATA, "5.6"): ErrorClass.CONTENT,
    (Stage.DATA, "5.7"): ErrorClass.CONTENT,
    (Stage.DATA, "451"): ErrorClass.TEMPORARY,
    (Stage.DATA, "452"): ErrorClass.TEMPORARY,
    (Stage.DATA, "552"): ErrorClass.CONTENT,
    (Stage.DATA, "554"): ErrorClass.REJECTED,
}
_OTHERS: Final = {Stage.AUTH: ErrorClass.AUTH, Stage.MAIL: ErrorClass.SENDER}
_ENHANCED: Final = re.compile(rb"([245]\.\d{1,3})\.\d{1,3}\b", re.ASCII)
_TEMPORARY: Final = range(400, 500)
_PERMANENT: Final = range(500, 600)


def _sign(stage: Stage, code: str) -> str:
    return f"SMTP {code}{'.x' if '.' in code else ''} to {stage}"


FAILURES: Final = (
    *(Failure(_sign(*key), error_class) for key, error_class in _CLASSES.items()),
    Failure("SMTP 4xx", ErrorClass.TEMPORARY),
    *(Failure(_sign(stage, "5xx"), error_class) for stage, error_class in _OTHERS.items()),
    Failure("SMTP 5xx", ErrorClass.REJECTED),
)


def outcome_from_reply(stage: Stage, code: int, text: bytes) -> Outcome:
    """Return what a reply that is no success means; nothing of its text is repeated."""
    enhanced = _ENHANCED.match(text)
    for each in (enhanced[1].decode("ascii") if enhanced else "", str(code)):
        if (stage, each) in _CLASSES:
            return failed(_CLASSES[stage, each], _sign(stage, each))
    if code in _TEMPORARY:
        return failed(ErrorClass.TEMPORARY, _sign(stage, str(code)))
    if code in _PERMANENT:
        return failed(_OTHERS.get(stage, ErrorClass.REJECTED), _sign(stage, str(code)))
    return unreadable(stage)


def unreadable(stage: Stage) -> Rejected | Deferred | Unknown:
    """Return what becomes of a message when a reply is none of SMTP."""
    if stage is Stage.DATA:
        return Unknown("the reply after the message was handed over cannot be read")
    return Deferred(ErrorClass.TEMPORARY, f"what the server answers to {stage} is no SMTP")
