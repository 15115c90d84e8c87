# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The one thread that owns a modem: opens it, sends what waits, and brings it back when it fails.

What helps against a modem that fails is tried in this order: leave the half-open command and ask
anew; close and open the port; reset the modem, rarely; and wait, longer each time.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.modem.delivery import Delivering
from smsotpd.modem.device import Ports, all_ports, candidates
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import LineError, ModemError, NotReadyError, SilenceError
from smsotpd.modem.facts import Facts
from smsotpd.modem.pin_marks import PinMarks
from smsotpd.modem.queue import Item, Queue
from smsotpd.modem.record import Record
from smsotpd.modem.session import Session
from smsotpd.modem.settings import ModemSettings
from smsotpd.modem.timing import REAL, Timing
from smsotpd.modem.transport import Line, SerialLine

_IDLE_SECONDS: Final = 1.0
_WINDOW_SECONDS: Final = 60.0
_SILENCES_TO_RESET: Final = 2
_REFUSALS_TO_RESET: Final = 3
# A message that takes longer holds up whoever is behind it.
_FLOWING_SECONDS: Final = 30.0
_FULL: Final = Deferred(ErrorClass.RATE, "too many messages wait for this modem")

OpenLine = Callable[[str], Line]


class _ResetDueError(ModemError):
    """The modem answers, and refuses message after message."""


@dataclass(frozen=True, slots=True)
class State:
    """Whether messages can be sent; `refusal` is what they meet meanwhile, None while starting."""

    is_ready: bool = False
    refusal: Deferred | Rejected | None = None


_STARTING: Final = State()
_READY: Final = State(is_ready=True)


class Worker:
    """Own one modem until stopped."""

    def __init__(
        self,
        settings: ModemSettings,
        marks: PinMarks,
        timing: Timing = REAL,
        open_line: OpenLine = SerialLine,
        ports: Ports = all_ports,
    ) -> None:
        self.state = _STARTING
        self.facts = Facts()
        self.record = Record()
        self.queue = Queue()
        self._settings = settings
        self._marks = marks
        self._timing = timing
        self._open_line = open_line
        self._ports = ports
        self._stopping = threading.Event()
        self._busy_since: float | None = None
        self._sent_at: deque[float] = deque(maxlen=settings.per_minute)
        self._failures = self._silences = self._sick = 0
        self._was_ready = False
        self._reset_at = -timing.reset
        self._is_reset_due = False
        self._thread = threading.Thread(
            target=self._run, name=f"modem {settings.name}", daemon=True
        )

    def start(self) -> None:
        """Begin to open the modem."""
        self._thread.start()

    def stop(self) -> None:
        """Give the modem back as soon as it is between two messages; returns at once."""
        self._stopping.set()
        self.queue.wake()

    def join(self, seconds: float) -> None:
        """Wait until the modem is given back, for at most so long."""
        self._thread.join(seconds)

    def offer(self, item: Item) -> Outcome | None:
        """Queue an item, or return why it is not taken; it may be settled before this returns."""
        refusal = self.state.refusal
        if refusal is not None:
            return refusal
        wait = self._expected_wait()
        if wait > item.dies_at - time.monotonic():
            return _FULL
        return None if self.queue.put(item) else _FULL

    @property
    def is_flowing(self) -> bool:
        """Tell whether what waits will be sent in its turn, as far as anybody knows."""
        since = self._busy_since
        return self.state.is_ready and (
            since is None or time.monotonic() - since < _FLOWING_SECONDS
        )

    def _expected_wait(self) -> float:
        """Return for how many seconds the pace alone holds up a new message."""
        beyond = len(self.queue) + len(self._sent_at) - self._settings.per_minute
        return max(0, beyond) * _WINDOW_SECONDS / self._settings.per_minute

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._live()
            except ModemError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001  # the thread must outlive our own mistakes
                self._fail(ModemError(f"a mistake of ours: {type(error).__name__}"))
        self.state = State(refusal=Deferred(ErrorClass.TEMPORARY, "the gateway was changed"))
        self.queue.refuse_all(Deferred(ErrorClass.TEMPORARY, "the gateway was changed"))

    def _live(self) -> None:
        """Open the modem and serve; ends by an exception, or when stopped."""
        paths = candidates(self._settings.device, self._ports)
        error: ModemError = LineError("no modem of that kind is plugged in")
        for path in paths:
            try:
                line = self._open_line(path)
            except LineError as failure:
                error = failure
                continue
            session: Session | None = None
            try:
                dialogue = Dialogue(line, self._timing, self.record.note_report)
                if self._is_reset_due and self.facts.path in {"", path}:
                    self._reset(dialogue)
                    return
                session = Session(dialogue, self._settings, self._marks, self._timing)
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
        delivering = Delivering(dialogue, self._settings, self._timing, session.delete_messages)
        self.facts = session.facts
        self._failures = self._silences = 0
        self._was_ready = True
        self.state = _READY
        look_at = time.monotonic() + self._timing.probe
        while not self._stopping.is_set():
            wait = self._pause_for_pace()
            if wait > 0:
                dialogue.listen(min(wait, _IDLE_SECONDS))
                continue
            item = self.queue.take(_IDLE_SECONDS)
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
                look_at = time.monotonic() + self._timing.probe
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
        item.settle(delivery.outcome)
        if isinstance(delivery.outcome, Accepted):
            self._sick = 0
        self._sick += delivery.is_sick
        self._silences += delivery.broken is not None
        if self._sick >= _REFUSALS_TO_RESET and self._may_reset():
            self._is_reset_due = True
            raise _ResetDueError(f"the modem fails again and again: {self.record.last_failure}")

    def _pause_for_pace(self) -> float:
        if len(self._sent_at) < self._settings.per_minute:
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
            refusal = _refusal(error, error_class or ErrorClass.TEMPORARY)
            self.state = State(refusal=refusal)
            self.queue.refuse_all(refusal)
        doublings = min(self._failures - 1, 16)
        seconds = min(self._timing.back_off * 2.0**doublings, self._timing.back_off_most)
        self._stopping.wait(seconds)

    def _may_reset(self) -> bool:
        return time.monotonic() - self._reset_at >= self._timing.reset

    def _reset(self, dialogue: Dialogue) -> None:
        """Restart the modem; its port vanishes, and its SIM wants its PIN again."""
        self._is_reset_due = False
        self._silences = self._sick = 0
        self._reset_at = time.monotonic()
        with contextlib.suppress(ModemError):
            dialogue.wake()
        with contextlib.suppress(ModemError):
            dialogue.command("AT+CFUN=1,1")
        self._stopping.wait(self._timing.restart)


def _refusal(error: ModemError, error_class: ErrorClass) -> Deferred | Rejected:
    if error_class is ErrorClass.TEMPORARY:
        return Deferred(error_class, str(error))
    return Rejected(error_class, str(error))
