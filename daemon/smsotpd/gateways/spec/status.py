# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an HTTP status alone says about a message, for every provider alike."""

import math
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected
from smsotpd.gateways.spec.gateway import Failure
from smsotpd.gateways.spec.response import Response

_LONGEST_RETRY_AFTER: Final = 86_400.0

_REFUSALS: Final = {
    401: (ErrorClass.AUTH, "the gateway refuses our credentials (HTTP 401)"),
    402: (ErrorClass.CREDIT, "the gateway asks for payment (HTTP 402)"),
    403: (ErrorClass.AUTH, "the gateway does not allow us to send (HTTP 403)"),
    407: (ErrorClass.AUTH, "the proxy refuses our credentials (HTTP 407)"),
}
_DELAYS: Final = {
    408: (ErrorClass.TEMPORARY, "the gateway gave up waiting (HTTP 408)"),
    429: (ErrorClass.RATE, "the gateway says we send too fast (HTTP 429)"),
}


def outcome_from_status(response: Response, accepted: frozenset[int]) -> Outcome | None:
    """Return what a failing status means, or None for a status in `accepted`."""
    status = response.status
    if status in accepted:
        return None
    if status in _REFUSALS:
        return Rejected(*_REFUSALS[status])
    if status in _DELAYS:
        return Deferred(*_DELAYS[status], retry_after=retry_after(response))
    if 500 <= status <= 599:  # noqa: PLR2004  # RFC 9110, 15.6: the server's own failures
        return Deferred(
            ErrorClass.TEMPORARY, f"the gateway fails (HTTP {status})", retry_after(response)
        )
    if 300 <= status <= 399:  # noqa: PLR2004  # RFC 9110, 15.4: redirections
        return Rejected(
            ErrorClass.REJECTED,
            f"the gateway answers with a redirect (HTTP {status}), which is never followed; "
            "set the URL to where it leads",
        )
    return Rejected(ErrorClass.REJECTED, f"the gateway answers HTTP {status}")


def status_failures(*statuses: int) -> tuple[Failure, ...]:
    """Return statuses that a provider documents, as failures with the classes they have above."""
    found = []
    for status in statuses:
        outcome = outcome_from_status(Response(status), frozenset())
        if isinstance(outcome, Rejected | Deferred):
            found.append(Failure(f"HTTP {status}", outcome.error_class))
    return tuple(found)


def retry_after(response: Response) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110, 10.2.3), at most a day.

    A date counts from the reply's own Date, so that no clock of ours is needed.
    """
    text = response.header("Retry-After").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_RETRY_AFTER)
    until, since = _date(text), _date(response.header("Date"))
    if until is None or since is None:
        return None
    seconds = (until - since).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else None
