# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the Cloud API's errors mean: Meta tells clients to decide by code, not by HTTP status."""

from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Rejected, Unknown
from smsotpd.gateways.spec import Failure, Response
from smsotpd.gateways.spec.failure_table import FailureTable, failed
from smsotpd.gateways.spec.reading import code_text, entry, parse_json_object
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

_LOWEST_PERMISSION: Final = 200
_HIGHEST_PERMISSION: Final = 299
_NO_SUCH_NUMBER: Final = "100, subcode 33"
_PERMISSION: Final = "200 to 299"
_LONGEST_CODE: Final = 6

_CODES: Final = FailureTable(
    "error code {}",
    {
        "0": ErrorClass.AUTH,
        "3": ErrorClass.AUTH,
        "10": ErrorClass.AUTH,
        "190": ErrorClass.AUTH,
        _PERMISSION: ErrorClass.AUTH,
        "368": ErrorClass.AUTH,  # the account is restricted for what it has sent
        "131005": ErrorClass.AUTH,
        "131031": ErrorClass.AUTH,
        "131042": ErrorClass.CREDIT,
        "33": ErrorClass.SENDER,
        _NO_SUCH_NUMBER: ErrorClass.SENDER,
        "803": ErrorClass.SENDER,
        "131045": ErrorClass.SENDER,
        "133010": ErrorClass.SENDER,
        "131021": ErrorClass.RECIPIENT,
        "131026": ErrorClass.RECIPIENT,
        "131030": ErrorClass.RECIPIENT,
        "130497": ErrorClass.RECIPIENT,
        "4": ErrorClass.RATE,
        "80007": ErrorClass.RATE,
        "130429": ErrorClass.RATE,
        "131048": ErrorClass.RATE,
        "131056": ErrorClass.RATE,
        "1": ErrorClass.TEMPORARY,
        "2": ErrorClass.TEMPORARY,
        "131000": ErrorClass.TEMPORARY,
        "131016": ErrorClass.TEMPORARY,
        "131057": ErrorClass.TEMPORARY,
        "131008": ErrorClass.CONTENT,
        "131009": ErrorClass.CONTENT,
        "131047": ErrorClass.CONTENT,
        "132000": ErrorClass.CONTENT,
        "132001": ErrorClass.CONTENT,
        "132005": ErrorClass.CONTENT,
        "132007": ErrorClass.CONTENT,
        "132012": ErrorClass.CONTENT,
        "132015": ErrorClass.CONTENT,
        "132016": ErrorClass.CONTENT,
        "100": ErrorClass.REJECTED,
        "131049": ErrorClass.REJECTED,
    },
)

# Such a message may arrive long after its code, or never.
HELD: Final = ("held_for_quality_assessment", "paused")

FAILURES: Final = (
    *_CODES.failures,
    *(Failure(f"HTTP 200, message_status {status}", ErrorClass.AMBIGUOUS) for status in HELD),
)


def failure_of(response: Response) -> Rejected | Deferred | Unknown | None:
    """Return what a reply with an error says, None for a reply without."""
    reply = parse_json_object(response.text)
    code = _code(code_text(entry(reply, "error", "code")), entry(reply, "error", "error_subcode"))
    if code in _CODES:
        return _CODES.outcome(code, retry_after(response))
    if entry(reply, "error", "is_transient") is True:
        return failed(ErrorClass.TEMPORARY, "error is_transient")
    by_status = outcome_from_status(response, frozenset({200}))
    if isinstance(by_status, Rejected | Deferred | Unknown):
        return by_status
    if entry(reply, "error") is not None:
        return _CODES.outcome(code)
    return None if reply is not None else Unknown("the reply cannot be read")


def _code(code: str, subcode: object) -> str:
    if not (code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE):
        return ""
    if _LOWEST_PERMISSION <= int(code) <= _HIGHEST_PERMISSION:
        return _PERMISSION
    with_subcode = f"{code}, subcode {subcode}"
    return with_subcode if with_subcode in _CODES else code
