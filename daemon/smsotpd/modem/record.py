# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a modem did of late, for its status: counts and the last failure; no number, no text."""

import time
from collections import deque
from typing import Final

from smsotpd.core.outcome import Accepted
from smsotpd.modem.delivery import Delivery
from smsotpd.modem.report import Fate, PduError, StatusReport, decode_report

_REMEMBERED: Final = 512
_EARLY: Final = 32
_SHOWN_FAILURES: Final = 3


class Record:
    """Count what was sent and what the network reported of it."""

    def __init__(self) -> None:
        self.accepted = self.late = self.failed = self._calls_for_help = 0
        self._failures: deque[tuple[str, str]] = deque(maxlen=_SHOWN_FAILURES)
        self._fates = dict.fromkeys(Fate, 0)
        self._sent: deque[tuple[int, str]] = deque(maxlen=_REMEMBERED)
        self._early: deque[StatusReport] = deque(maxlen=_EARLY)

    @property
    def last_failure(self) -> str:
        """Return the last failure in words."""
        return self._failures[-1][1] if self._failures else ""

    def note_call_for_help(self) -> None:
        """Count a call for the administrator's own means."""
        self._calls_for_help += 1

    def note(self, delivery: Delivery, number: str, *, is_late: bool) -> None:
        """Count a message; it is late if nobody waited for its outcome any more."""
        if not isinstance(delivery.outcome, Accepted):
            self.failed += 1
            self._failures.append((time.strftime("%H:%M"), delivery.outcome.detail))
            return
        self.accepted += 1
        self.late += is_late
        self._sent.extend((each, number.lstrip("+")) for each in delivery.references)
        # A report may come before the modem is done with the message, or with its other parts.
        early, self._early = self._early, deque(maxlen=_EARLY)
        for report in early:
            self.note_fate(report)

    def note_report(self, pdu: str) -> None:
        """Count a status report that belongs to a message of ours."""
        try:
            report = decode_report(pdu)
        except PduError:
            return
        if not self.note_fate(report):
            self._early.append(report)

    def note_fate(self, report: StatusReport) -> bool:
        """Count a status report, if it belongs to a message of ours; tell whether it does."""
        sent = (report.reference, report.number.lstrip("+"))
        if sent not in self._sent:
            return False
        self._fates[report.fate] += 1
        if report.fate is not Fate.TRYING:
            self._sent.remove(sent)
        return True

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return label and text of what there is to tell."""
        late = f", {self.late} of them after the login's deadline" if self.late else ""
        reported = [f"{count} {fate.value}" for fate, count in self._fates.items() if count]
        newest_first = tuple(self._failures)[::-1]
        rows = (
            ("Sent", f"{self.accepted}{late}" if self.accepted else ""),
            ("Failed", str(self.failed) if self.failed else ""),
            ("Reported", ", ".join(reported)),
            ("Last failures", "; ".join(f"{at} {text}" for at, text in newest_first)),
            ("Calls for help", str(self._calls_for_help) if self._calls_for_help else ""),
        )
        return tuple(row for row in rows if row[1])
