# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The one thread that owns a modem: opens it, sends what waits, and brings it back when it fails.

What helps against a modem that fails is tried in this order: leave the half-open command and ask
anew; close and open the port; reset the modem, rarely; call for the administrator's own means, more
rarely; and wait, longer each time.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Final

from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected
from smsotpd.modem.carrier import Carrier
from smsotpd.modem.delivery import Delivering
from smsotpd.modem.device import Ports, all_ports, candidates
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import LineError, ModemError, SilenceError
from smsotpd.modem.facts import Facts
from smsotpd.modem.item import Item
from smsotpd.modem.pin_marks import PinMarks
from smsotpd.modem.session import Session
from smsotpd.modem.settings import ModemSettings
from smsotpd.modem.timing import REAL, Timing
from smsotpd.modem.transport import Access, Line, SerialLine

_IDLE_SECONDS: Final = 1.0
_SILENCES_TO_RESET: Final = 2
_REFUSALS_TO_RESET: Final = 3

OpenLine = Callable[[str, Access], Line]
CallForHelp = Callable[[str], None]


def no_help(_label: str) -> None:
    """Call for nobody."""


class _ResetDueError(ModemError):
    """The modem answers, and refuses message after message."""


class Worker(Carrier):
    """Own one modem until stopped."""

    def __init__(
        self,
        settings: ModemSettings,
        marks: PinMarks,
        call_for_help: CallForHelp = no_help,
        timing: Timing = REAL,
        open_line: OpenLine = SerialLine,
        ports: Ports = all_ports,
    ) -> None:
        super().__init__(settings, timing)
        self.settings = settings
        self.timing = timing
        self.facts: Facts = Facts()
        self._marks = marks
        self._call_for_help = call_for_help
        self._open_line = open_line
        self._ports = ports
        self._silences = self._sick = 0
        self._down_since: float | None = None
        self._reset_at = -timing.reset
        self._help_at = -timing.help_pause
        self._is_reset_due = False

    def _live(self) -> None:
        """Open the modem and serve; ends by an exception, or when stopped."""
        paths = candidates(self.settings.device, self._ports)
        error: ModemError = LineError("no modem of that kind is plugged in")
        for path in paths:
            try:
                line = self._open_line(path, self.settings.access)
            except LineError as failure:
                error = failure
                continue
            session: Session | None = None
            try:
                dialogue = self._dialogue(line)
                if self._is_reset_due and self.facts.path in {"", path}:
                    self._reset(dialogue)
                    return
                session = Session(dialogue, self.settings, self._marks, self.timing)
                session.start(path)
            except SilenceError as failure:
                error = failure
                if path != paths[-1]:
                    continue
            else:
                self._serve(dialogue, session)
                return
            finally:
                if session is not None:
                    self.facts = session.facts
                line.close()
        raise error

    def _dialogue(self, line: Line) -> Dialogue:
        return Dialogue(
            line, self.timing, self.record.note_report, lambda: not self._stopping.is_set()
        )

    def _serve(self, dialogue: Dialogue, session: Session) -> None:
        delivering = Delivering(dialogue, self.settings, self.timing, session.delete_messages)
        self.facts = session.facts
        self._silences = 0
        self._down_since = None
        self._set_ready()
        look_at = time.monotonic() + self.timing.probe
        while not self._stopping.is_set():
            wait = self._pause_for_pace()
            if wait > 0:
                dialogue.listen(min(wait, _IDLE_SECONDS))
                continue
            item = self._work.take(self, _IDLE_SECONDS)
            if item is not None:
                outcome = self._carry(item, delivering)
                if self._silences:
                    # Leave the half-open command; whoever needs more gets the port opened anew.
                    dialogue.wake()
                    session.configure()
                    self._silences = 0
                elif _may_be_the_sim(outcome):
                    session.check_sim()
            elif time.monotonic() >= look_at:
                session.check_sim()
                session.look()
                self.facts = session.facts
                look_at = time.monotonic() + self.timing.probe
            else:
                dialogue.listen(0)

    def _carry(self, item: Item, delivering: Delivering) -> Outcome:
        delivery = self._deliver_by(delivering.deliver, item)
        if isinstance(delivery.outcome, Accepted):
            self._sick = 0
        self._sick += delivery.is_sick
        self._silences += delivery.broken is not None
        if self._sick >= _REFUSALS_TO_RESET and self._may_reset():
            self._is_reset_due = True
            raise _ResetDueError(f"the modem fails again and again: {self.record.last_failure}")
        return delivery.outcome

    def _fail(self, error: ModemError) -> None:
        """Consider a reset and a call for help, beside what any modem's failure means."""
        self._silences += isinstance(error, SilenceError)
        if self._silences >= _SILENCES_TO_RESET and self._may_reset():
            self._is_reset_due = True
        if isinstance(error, LineError | SilenceError | _ResetDueError):
            self._perhaps_call_for_help()
        else:
            self._down_since = None
        super()._fail(error)

    def _perhaps_call_for_help(self) -> None:
        """Call for the administrator's own means, where ours did not bring the modem back."""
        now = time.monotonic()
        if self._down_since is None:
            self._down_since = now
        if now - self._down_since < self.timing.help:
            return
        if self.settings.calls_for_help and now - self._help_at >= self.timing.help_pause:
            self._help_at = now
            try:
                self._call_for_help(self.settings.label)
            except OSError:
                return  # the state directory cannot be written; the next time will come
            self.record.note_call_for_help()

    def _may_reset(self) -> bool:
        return time.monotonic() - self._reset_at >= self.timing.reset

    def _reset(self, dialogue: Dialogue) -> None:
        """Restart the modem; its port vanishes, and its SIM wants its PIN again."""
        self._is_reset_due = False
        self._silences = self._sick = 0
        self._reset_at = time.monotonic()
        with contextlib.suppress(ModemError):
            dialogue.wake()
        with contextlib.suppress(ModemError):
            dialogue.command("AT+CFUN=1,1")
        self._stopping.wait(self.timing.restart)


def _may_be_the_sim(outcome: Outcome) -> bool:
    return isinstance(outcome, Rejected) and outcome.error_class is ErrorClass.SENDER
