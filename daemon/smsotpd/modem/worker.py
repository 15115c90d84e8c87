# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The one thread that owns a modem: opens it, sends what waits, and brings it back when it fails.

What helps against a modem that fails is tried in this order: leave the half-open command and ask
anew; close and open the port; reset the modem, rarely; call for the administrator's own means, more
rarely; and wait, longer each time.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.modem.delivery import Delivering
from smsotpd.modem.device import Ports, all_ports, candidates
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import LineError, ModemError, NotReadyError, SilenceError
from smsotpd.modem.facts import Facts
from smsotpd.modem.item import Item
from smsotpd.modem.pin_marks import PinMarks
from smsotpd.modem.record import Record
from smsotpd.modem.session import Session
from smsotpd.modem.settings import ModemSettings
from smsotpd.modem.timing import REAL, Timing
from smsotpd.modem.transport import Access, Line, SerialLine

_IDLE_SECONDS: Final = 1.0
_WINDOW_SECONDS: Final = 60.0
_SILENCES_TO_RESET: Final = 2
_REFUSALS_TO_RESET: Final = 3
# A message that takes longer holds up whoever is behind it.
_FLOWING_SECONDS: Final = 30.0
_FAILURES_TO_STAND_BACK: Final = 2
# These say something of the message; of the modem only that it works.
_OF_THE_MESSAGE: Final = frozenset({ErrorClass.RECIPIENT, ErrorClass.CONTENT})
_CHANGED: Final = Deferred(ErrorClass.TEMPORARY, "the gateway was changed")

OpenLine = Callable[[str, Access], Line]
CallForHelp = Callable[[str], None]


def no_help(_label: str) -> None:
    """Call for nobody."""


class _ResetDueError(ModemError):
    """The modem answers, and refuses message after message."""


@dataclass(frozen=True, slots=True)
class State:
    """Whether messages can be sent; `refusal` is what they meet meanwhile, None while starting."""

    is_ready: bool = False
    refusal: Deferred | Rejected | None = None


_STARTING: Final = State()
_READY: Final = State(is_ready=True)


class Work(Protocol):
    """What a worker asks of the pool that it belongs to."""

    def take(self, worker: "Worker", seconds: float) -> Item | None:
        """Return what the worker is to send next, after waiting at most so long for it."""
        ...

    def finished(self, worker: "Worker", item: Item, outcome: Outcome) -> None:
        """Take note of what the worker says became of an item."""
        ...

    def changed(self, worker: "Worker") -> None:
        """Take note that the worker cannot send any more, or can again."""
        ...


class Worker:
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
        self.settings = settings
        self.timing = timing
        self.state = _STARTING
        self.facts = Facts()
        self.record = Record()
        self._marks = marks
        self._call_for_help = call_for_help
        self._open_line = open_line
        self._ports = ports
        self._stopping = threading.Event()
        self._busy_since: float | None = None
        self._sent_at: deque[float] = deque(maxlen=settings.per_minute)
        self._failures = self._silences = self._sick = self._failed_in_a_row = 0
        self._failed_at = 0.0
        self._was_ready = False
        self._down_since: float | None = None
        self._reset_at = -timing.reset
        self._help_at = -timing.help_pause
        self._is_reset_due = False
        self._work: Work
        self._thread = threading.Thread(
            target=self._run, name=f"modem {settings.label}", daemon=True
        )

    def start(self, work: Work) -> None:
        """Begin to open the modem, and then to do this work."""
        self._work = work
        self._thread.start()

    def stop(self) -> None:
        """Give the modem back as soon as it is between two messages; returns at once."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait until the modem is given back, for at most so long."""
        self._thread.join(seconds)

    @property
    def is_flowing(self) -> bool:
        """Tell whether what waits will be sent in its turn, as far as anybody knows."""
        since = self._busy_since
        return self.state.is_ready and (
            since is None or time.monotonic() - since < _FLOWING_SECONDS
        )

    @property
    def is_well(self) -> bool:
        """Tell whether the modem did not fail of late; a failure is forgotten after a while."""
        return (
            self._failed_in_a_row < _FAILURES_TO_STAND_BACK
            or time.monotonic() - self._failed_at > self.timing.probe
        )

    @property
    def recent(self) -> int:
        """Return how many messages it was given within the last minute or so."""
        return len(self._sent_at)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._live()
            except ModemError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001  # the thread must outlive our own mistakes
                self._fail(ModemError(f"a mistake of ours: {type(error).__name__}"))
        self._turn(State(refusal=_CHANGED))

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
                dialogue = Dialogue(line, self.timing, self.record.note_report)
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

    def _serve(self, dialogue: Dialogue, session: Session) -> None:
        delivering = Delivering(dialogue, self.settings, self.timing, session.delete_messages)
        self.facts = session.facts
        self._failures = self._silences = 0
        self._was_ready = True
        self._down_since = None
        self._turn(_READY)
        look_at = time.monotonic() + self.timing.probe
        while not self._stopping.is_set():
            wait = self._pause_for_pace()
            if wait > 0:
                dialogue.listen(min(wait, _IDLE_SECONDS))
                continue
            item = self._work.take(self, _IDLE_SECONDS)
            if item is not None:
                self._carry(item, delivering)
                if self._silences:
                    # Leave the half-open command; whoever needs more gets the port opened anew.
                    dialogue.wake()
                    session.configure()
                    self._silences = 0
            elif time.monotonic() >= look_at:
                session.look()
                self.facts = session.facts
                look_at = time.monotonic() + self.timing.probe
            else:
                dialogue.listen(0)

    def _carry(self, item: Item, delivering: Delivering) -> None:
        self._busy_since = time.monotonic()
        self._sent_at.append(self._busy_since)
        try:
            delivery = delivering.deliver(item)
        finally:
            self._busy_since = None
        # A result that comes after the login's deadline still says that the message was sent.
        self.record.note(delivery, item.message.recipient.address, is_late=not item.is_awaited)
        self._judge(delivery.outcome)
        self._work.finished(self, item, delivery.outcome)
        self._sick += delivery.is_sick
        self._silences += delivery.broken is not None
        if self._sick >= _REFUSALS_TO_RESET and self._may_reset():
            self._is_reset_due = True
            raise _ResetDueError(f"the modem fails again and again: {self.record.last_failure}")

    def _judge(self, outcome: Outcome) -> None:
        """Note whether the modem is of use at present."""
        if isinstance(outcome, Accepted):
            self._sick = self._failed_in_a_row = 0
        elif outcome.error_class not in _OF_THE_MESSAGE:
            self._failed_in_a_row += 1
            self._failed_at = time.monotonic()

    def _pause_for_pace(self) -> float:
        if len(self._sent_at) < self.settings.per_minute:
            return 0.0
        return self._sent_at[0] + _WINDOW_SECONDS - time.monotonic()

    def _fail(self, error: ModemError) -> None:
        """Refuse what waits, and wait before the next attempt."""
        self._failures += 1
        self._silences += isinstance(error, SilenceError)
        if self._silences >= _SILENCES_TO_RESET and self._may_reset():
            self._is_reset_due = True
        error_class = error.error_class if isinstance(error, NotReadyError) else None
        # A port may be taken for a moment still by the gateway as it was before a change.
        if self._was_ready or self._failures > 1 or error_class is not None:
            self._turn(State(refusal=_refusal(error, error_class or ErrorClass.TEMPORARY)))
        if isinstance(error, LineError | SilenceError | _ResetDueError):
            self._perhaps_call_for_help()
        else:
            self._down_since = None
        doublings = min(self._failures - 1, 16)
        seconds = min(self.timing.back_off * 2.0**doublings, self.timing.back_off_most)
        self._stopping.wait(seconds)

    def _turn(self, state: State) -> None:
        self.state = state
        self._work.changed(self)

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


def _refusal(error: ModemError, error_class: ErrorClass) -> Deferred | Rejected:
    if error_class is ErrorClass.TEMPORARY:
        return Deferred(error_class, str(error))
    return Rejected(error_class, str(error))
