# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What Prosody answers: two modules with two success codes, and an error inside HTTP 200."""

import re
from typing import Final

from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Unknown
from smsotpd.gateways.spec import Response, Values
from smsotpd.gateways.spec.failure_table import FailureTable
from smsotpd.gateways.spec.reading import code_text, entry, parse_json_object
from smsotpd.gateways.spec.status import outcome_from_status, retry_after

REST: Final = "rest"
POST_MSG: Final = "post_msg"

_ACCEPTED: Final = {REST: 202, POST_MSG: 201}
_STATUSES: Final = {
    REST: FailureTable(
        "rest: HTTP {}",
        {
            "400": ErrorClass.REJECTED,
            "401": ErrorClass.AUTH,
            "403": ErrorClass.AUTH,
            "404": ErrorClass.REJECTED,
            "413": ErrorClass.CONTENT,
            "415": ErrorClass.REJECTED,
            "422": ErrorClass.RECIPIENT,
        },
    ),
    POST_MSG: FailureTable(
        "post_msg: HTTP {}",
        {
            "301": ErrorClass.REJECTED,
            "400": ErrorClass.REJECTED,
            "401": ErrorClass.AUTH,
            "404": ErrorClass.REJECTED,
            "415": ErrorClass.REJECTED,
            "422": ErrorClass.RECIPIENT,
            "500": ErrorClass.TEMPORARY,
        },
    ),
}
# RFC 6120, 8.3.3: what a stanza of type error says, here in the reply to ours.
_CONDITIONS: Final = FailureTable(
    "rest: HTTP 200, error {}",
    {
        "service-unavailable": ErrorClass.RECIPIENT,
        "item-not-found": ErrorClass.RECIPIENT,
        "jid-malformed": ErrorClass.RECIPIENT,
        "gone": ErrorClass.RECIPIENT,
        "redirect": ErrorClass.RECIPIENT,
        "remote-server-not-found": ErrorClass.RECIPIENT,
        "remote-server-timeout": ErrorClass.TEMPORARY,
        "recipient-unavailable": ErrorClass.TEMPORARY,
        "internal-server-error": ErrorClass.TEMPORARY,
        "resource-constraint": ErrorClass.TEMPORARY,
        "policy-violation": ErrorClass.REJECTED,
        "forbidden": ErrorClass.SENDER,
        "not-allowed": ErrorClass.SENDER,
        "not-authorized": ErrorClass.AUTH,
    },
)
OK: Final = 200
_SUCCESSES: Final = frozenset(range(200, 300))
_UNREADABLE: Final = Unknown("the reply cannot be read")
_MESSAGE: Final = re.compile(r"\s{0,99}<message\b([^<>]{0,4000})>")
_TYPE: Final = re.compile(r"""\stype=["'](chat|error|headline|normal)["']""")
_CONDITION: Final = re.compile(
    r"""<([a-z-]{1,40})\s{1,9}xmlns=["']urn:ietf:params:xml:ns:xmpp-stanzas"""
)
FAILURES: Final = (
    *_STATUSES[REST].failures,
    *_CONDITIONS.failures,
    *_STATUSES[POST_MSG].failures,
)


def outcome(values: Values, response: Response) -> Outcome:
    """Return what a reply means by the module that is to have given it."""
    method = values.text("method")
    if response.status == _ACCEPTED[method]:
        return Accepted()
    if method == REST and response.status == OK:
        return _from_stanza(response.text)
    if str(response.status) in _STATUSES[method]:
        return _STATUSES[method].outcome(str(response.status), retry_after(response))
    if response.status in _SUCCESSES:
        return Unknown(f"HTTP {response.status} is not what the module of method {method} answers")
    return outcome_from_status(response, _SUCCESSES) or Unknown()


def _from_stanza(text: str) -> Outcome:
    """Return what a stanza in reply to ours means: who refuses it, refuses by such a one."""
    stanza = parse_json_object(text)
    if stanza is not None:
        if entry(stanza, "type") == "error":
            return _CONDITIONS.outcome(code_text(entry(stanza, "error", "condition")))
        return Accepted() if entry(stanza, "kind") == "message" else _UNREADABLE
    message = _MESSAGE.match(text)
    kind = _TYPE.search(message[1]) if message else None
    if kind is None:
        return _UNREADABLE
    if kind[1] != "error":
        return Accepted()
    names = _CONDITION.findall(text)
    return _CONDITIONS.outcome(next((name for name in names if name in _CONDITIONS), ""))
