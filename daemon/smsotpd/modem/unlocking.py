# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Opening a SIM with its PIN: the one step whose mistakes cannot be undone.

Three wrong PINs lock a SIM, ten wrong PUKs destroy it. So a PIN value is tried once ever, marked on
disk first; never where the SIM says that a try is missing already; and no PUK is entered at all.
"""

import re
import time
from collections.abc import Iterable, Sequence
from typing import Final

from smsotpd.core.outcome import ErrorClass
from smsotpd.core.secret import Secret
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import CmeError, CommandError, NotReadyError, SilenceError
from smsotpd.modem.pin_marks import PinMarks
from smsotpd.modem.timing import Timing

READY: Final = "READY"
_WANTS_PIN: Final = "SIM PIN"
_ALL_TRIES: Final = 3
_STATE = re.compile(r"\+CPIN: ?(.+)")
# What some say in place of an error, while the SIM starts.
_NOT_YET: Final = "NOT READY"
_BUSY: Final = frozenset({14, 515})
_NO_SIM: Final = 10
# Messages go meanwhile: nobody knows, it is open, it starts, or a PIN2 is wanted for other things.
_GOOD_ENOUGH: Final = frozenset({"", READY, _NOT_YET, "SIM PIN2", "SIM PUK2"})
_CLOSED: Final = frozenset({_NO_SIM, 11, 12})
# The standard's question for the tries that are left, and the makers' own.
_COUNTERS: Final = (
    ("AT+CPINR", re.compile(r"\+CPINR: ?SIM PIN, ?(\d+)")),
    # State, tries of what is wanted, then of PUK, PIN, PUK2 and PIN2.
    ("AT^CPIN?", re.compile(r"\^CPIN: ?[^,]*,[^,]*,\d*,(\d+)")),
    ('AT+QPINC="SC"', re.compile(r'\+QPINC: ?"SC", ?(\d+)')),
    ("AT#PCT", re.compile(r"#PCT: ?(\d+)")),
    ("AT+SPIC", re.compile(r"\+SPIC: ?(\d+)")),
    ("AT+CPINC", re.compile(r"\+CPINC: ?(\d+)")),
    ("AT+UPINCNT", re.compile(r"\+UPINCNT: ?(\d+)")),
    ('AT^SPIC="SC"', re.compile(r"\^SPIC: ?(\d+)")),
)


class Unlocking:
    """Bring a SIM to where it is ready, or say what a human has to do.

    Args:
        holders: for whom the tries of a PIN are counted: the modem's IMEI and the gateway's name.
    """

    def __init__(
        self, dialogue: Dialogue, timing: Timing, marks: PinMarks, holders: tuple[str, ...]
    ) -> None:
        self._dialogue = dialogue
        self._timing = timing
        self._marks = marks
        self._holders = holders

    def open(self, pin: Secret) -> str:
        """Return `READY`.

        Raises:
            NotReadyError: the SIM is missing, locked, or busy for too long.
        """
        state = self._state()
        if state == _WANTS_PIN:
            self._enter(pin)
            state = self._state_after_pin()
        if state == READY:
            self._marks.clear(self._holders, pin.reveal())
            return state
        if state == _WANTS_PIN:
            raise _refused()
        if "PUK" in state:
            raise _needs_human("the SIM is locked and wants its PUK; unlock it in a phone")
        raise _needs_human("the modem is locked to another SIM or network; unlock it by hand")

    def _enter(self, pin: Secret) -> None:
        if not pin:
            raise _needs_human("the SIM wants its PIN; set PIN")
        if any(self._marks.is_tried(holder, pin.reveal()) for holder in self._holders):
            raise _refused()
        left = self._tries_left()
        if left is not None and left < _ALL_TRIES:
            raise _needs_human(
                f"the SIM has {left} of 3 tries left for its PIN, and none is spent by a program; "
                "enter the right PIN once in a phone"
            )
        try:
            self._marks.mark(self._holders, pin.reveal())
        except (OSError, UnicodeDecodeError):
            raise NotReadyError(
                "the PIN is not tried, as the state directory cannot be written"
            ) from None
        try:
            self._dialogue.command(f'AT+CPIN="{pin.reveal()}"', self._timing.pin)
        except CommandError:
            raise _refused() from None
        except SilenceError:
            return  # a used try; the state tells whether it was the right one

    def _state_after_pin(self) -> str:
        """Wait until the SIM has taken the PIN in; its state, the mark still on."""
        end = time.monotonic() + self._timing.sim
        while (state := self._state()) == _WANTS_PIN and time.monotonic() < end:
            time.sleep(self._timing.poll)
        return state

    def _state(self) -> str:
        end = time.monotonic() + self._timing.sim
        while True:
            try:
                state = _state_in(_asked(self._dialogue, self._timing))
            except CmeError as error:
                if error.code == _NO_SIM:
                    raise _needs_human("no SIM; put one in") from None
                if error.code not in _BUSY or time.monotonic() > end:
                    raise NotReadyError(f"the SIM fails or stays busy ({error})") from None
            except CommandError:
                if time.monotonic() > end:
                    raise NotReadyError("the modem does not say how its SIM is") from None
            else:
                if state and state != _NOT_YET:
                    return state
                if time.monotonic() > end:
                    raise NotReadyError("the modem does not say how its SIM is")
            self._dialogue.pause()

    def _tries_left(self) -> int | None:
        for question, pattern in _COUNTERS:
            try:
                answer = self._dialogue.command(question)
            except CommandError:
                continue
            for line in answer:
                if found := pattern.match(line):
                    return int(found[1])
        return None


def is_closed(dialogue: Dialogue, timing: Timing) -> bool:
    """Tell whether a SIM that was open is not any more, as after the modem's power failed."""
    try:
        state = _state_in(_asked(dialogue, timing))
    except CmeError as error:
        return error.code in _CLOSED
    except CommandError:
        return False
    return state not in _GOOD_ENOUGH


def _asked(dialogue: Dialogue, timing: Timing) -> Sequence[str]:
    # Some modems, as Wavecom's, end this answer without OK.
    return dialogue.command("AT+CPIN?", timing.command * 2, _STATE)


def _state_in(answer: Iterable[str]) -> str:
    found = (_STATE.fullmatch(line) for line in answer)
    return next((each[1].strip() for each in found if each), "")


def _needs_human(text: str) -> NotReadyError:
    return NotReadyError(text, ErrorClass.SENDER)


def _refused() -> NotReadyError:
    return _needs_human(
        "the PIN was tried once and not accepted, and is not tried again; set the right PIN"
    )
