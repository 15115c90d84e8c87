# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A thread that carries a pool's messages through one modem, whoever owns the modem's line."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.modem.delivery import Delivery
from smsotpd.modem.errors import ModemError, NotReadyError
from smsotpd.modem.item import Item
from smsotpd.modem.pace import Pace
from smsotpd.modem.record import Record

# A message that takes longer holds up whoever is behind it.
_FLOWING_SECONDS: Final = 30.0
_FAILURES_TO_STAND_BACK: Final = 2
# These say something of the message; of the modem only that it works.
_OF_THE_MESSAGE: Final = frozenset({ErrorClass.RECIPIENT, ErrorClass.CONTENT})
_CHANGED: Final = Deferred(ErrorClass.TEMPORARY, "the gateway was changed")


@dataclass(frozen=True, slots=True)
class State:
    """Whether messages can be sent; `refusal` is what they meet meanwhile, None while starting."""

    is_ready: bool = False
    refusal: Deferred | Rejected | None = None


_STARTING: Final = State()
READY: Final = State(is_ready=True)


class Settings(Protocol):
    """What is asked of the settings of any modem."""

    @property
    def number(self) -> int:
        """Return which of its gateway's modems it is, from 1."""
        ...

    @property
    def label(self) -> str:
        """Return a name for this modem alone."""
        ...

    @property
    def device(self) -> str:
        """Return which modem is meant."""
        ...

    @property
    def per_minute(self) -> int:
        """Return how many messages it may send in a minute."""
        ...


class Timing(Protocol):
    """What is asked of the waits of any modem; seconds, all of them."""

    @property
    def doubt(self) -> float:
        """Return after how long a silent modem's code is given to another one."""
        ...

    @property
    def probe(self) -> float:
        """Return the time between two looks at an idle modem."""
        ...

    @property
    def back_off(self) -> float:
        """Return the wait after a first failure, which doubles up to `back_off_most`."""
        ...

    @property
    def back_off_most(self) -> float:
        """Return the longest such wait."""
        ...


class Facts(Protocol):
    """What is known of any modem, its SIM and its network."""

    @property
    def path(self) -> str:
        """Return where the modem is, or nothing."""
        ...

    @property
    def network(self) -> str:
        """Return the registration in words."""
        ...

    @property
    def complaint(self) -> str:
        """Return what somebody should look after though the modem sends, or nothing."""
        ...

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return label and text of all that is known."""
        ...


class Work(Protocol):
    """What a worker asks of the pool that it belongs to."""

    def take(self, worker: "Carrier", seconds: float) -> Item | None:
        """Return what the worker is to send next, after waiting at most so long for it."""
        ...

    def finished(self, worker: "Carrier", item: Item, outcome: Outcome) -> None:
        """Take note of what the worker says became of an item."""
        ...

    def changed(self, worker: "Carrier") -> None:
        """Take note that the worker cannot send any more, or can again."""
        ...


class Carrier(ABC):
    """Carry messages through one modem until stopped."""

    facts: Facts

    def __init__(self, settings: Settings, timing: Timing) -> None:
        self._of_any = settings
        self._waits = timing
        self.state = _STARTING
        self.record = Record()
        self._stopping = threading.Event()
        self._busy_since: float | None = None
        self._pace = Pace(settings.per_minute)
        self._failures = self._failed_in_a_row = 0
        self._failed_at = 0.0
        self._was_ready = False
        self._work: Work
        self._thread = threading.Thread(
            target=self._run, name=f"modem {settings.label}", daemon=True
        )

    @property
    def number(self) -> int:
        """Return which of its gateway's modems it is, from 1."""
        return self._of_any.number

    @property
    def device(self) -> str:
        """Return which modem is meant."""
        return self._of_any.device

    @property
    def per_minute(self) -> int:
        """Return how many messages it may send in a minute."""
        return self._of_any.per_minute

    @property
    def doubt(self) -> float:
        """Return after how many seconds of its silence a code is given to another modem."""
        return self._waits.doubt

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
            or time.monotonic() - self._failed_at > self._waits.probe
        )

    @property
    def recent(self) -> int:
        """Return how many messages it was given within the last minute."""
        return self._pace.recent(time.monotonic())

    @property
    def has_spare_pace(self) -> bool:
        """Tell whether it may be given messages that hold no code."""
        return self._pace.has_spare(time.monotonic())

    @abstractmethod
    def _live(self) -> None:
        """Open the modem and serve; ends by a ModemError, or when stopped."""

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._live()
            except ModemError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001  # the thread must outlive our own mistakes
                self._fail(ModemError(f"a mistake of ours: {type(error).__name__}"))
        self._turn(State(refusal=_CHANGED))

    def _set_ready(self) -> None:
        self._failures = 0
        self._was_ready = True
        self._turn(READY)

    def _deliver_by(self, deliver: Callable[[Item], Delivery], item: Item) -> Delivery:
        """Deliver an item and tell the pool."""
        self._busy_since = time.monotonic()
        self._pace.note(self._busy_since)
        try:
            delivery = deliver(item)
        finally:
            self._busy_since = None
        # A result that comes after the login's deadline still says that the message was sent.
        self.record.note(delivery, item.message.recipient.address, is_late=not item.is_awaited)
        self._judge(delivery.outcome)
        self._work.finished(self, item, delivery.outcome)
        return delivery

    def _judge(self, outcome: Outcome) -> None:
        """Note whether the modem is of use at present."""
        if isinstance(outcome, Accepted):
            self._failed_in_a_row = 0
        elif outcome.error_class not in _OF_THE_MESSAGE:
            self._failed_in_a_row += 1
            self._failed_at = time.monotonic()

    def _pause_for_pace(self) -> float:
        return self._pace.pause(time.monotonic())

    def _fail(self, error: ModemError) -> None:
        """Refuse what waits, and wait before the next attempt."""
        self._failures += 1
        error_class = error.error_class if isinstance(error, NotReadyError) else None
        # A port may be taken for a moment still by the gateway as it was before a change.
        if self._was_ready or self._failures > 1 or error_class is not None:
            self._turn(State(refusal=_refusal(error, error_class or ErrorClass.TEMPORARY)))
        doublings = min(self._failures - 1, 16)
        seconds = min(self._waits.back_off * 2.0**doublings, self._waits.back_off_most)
        self._stopping.wait(seconds)

    def _turn(self, state: State) -> None:
        self.state = state
        self._work.changed(self)


def _refusal(error: ModemError, error_class: ErrorClass) -> Deferred | Rejected:
    if error_class is ErrorClass.TEMPORARY:
        return Deferred(error_class, str(error))
    return Rejected(error_class, str(error))
