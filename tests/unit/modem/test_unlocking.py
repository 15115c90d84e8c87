# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A PIN's try is on disk before the PIN is on its way, and holds whatever comes in between."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smsotpd.core.secret import Secret
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import NotReadyError
from smsotpd.modem.pin_marks import FILE_NAME, PinMarkFile
from smsotpd.modem.timing import Timing
from smsotpd.modem.unlocking import Unlocking, is_closed

HASTY = Timing(wake=0.05, command=0.1, pin=0.1, sim=0.1, gap=0.0, poll=0.01)
HOLDERS = ("490154203237518", "gsm")
PIN = "1234"


class PowerCutError(Exception):
    """The machine goes off."""


class LockedSim:
    """A port whose SIM wants its PIN; `on_pin` is called when one comes."""

    def __init__(
        self,
        on_pin: Callable[[], None] = lambda: None,
        state: bytes = b"+CPIN: SIM PIN\r\n\r\nOK",
    ) -> None:
        self.pins: list[bytes] = []
        self._state = state
        self._on_pin = on_pin
        self._said = b""

    def read(self, seconds: float) -> bytes:  # noqa: ARG002  # the port's signature
        said, self._said = self._said, b""
        return said

    def write(self, octets: bytes) -> None:
        answers = {b"AT+CPIN?\r": b"\r\n%b\r\n" % self._state}
        if octets.startswith(b"AT+CPIN="):
            self._on_pin()
            self.pins.append(octets)
        self._said += answers.get(octets, b"\r\nERROR\r\n")

    def close(self) -> None:
        self._said = b""


def unlocking(line: LockedSim, state: Path) -> Unlocking:
    """Return a start of the daemon over a state directory."""
    dialogue = Dialogue(line, HASTY, lambda _pdu: None)
    return Unlocking(dialogue, HASTY, PinMarkFile(state, b"k" * 32), HOLDERS)


def test_the_try_is_on_disk_for_modem_and_gateway_when_the_pin_leaves(tmp_path: Path) -> None:
    seen: list[bool] = []

    def look() -> None:
        on_disk = PinMarkFile(tmp_path, b"k" * 32)
        seen.extend(on_disk.is_tried(holder, PIN) for holder in HOLDERS)

    with pytest.raises(NotReadyError, match="tried once"):
        unlocking(LockedSim(look), tmp_path).open(Secret(PIN))
    assert seen == [True, True]


def test_after_a_crash_between_mark_and_pin_it_counts_as_tried(tmp_path: Path) -> None:
    def crash() -> None:
        raise PowerCutError

    with pytest.raises(PowerCutError):
        unlocking(LockedSim(crash), tmp_path).open(Secret(PIN))
    line = LockedSim()
    with pytest.raises(NotReadyError, match="tried once"):
        unlocking(line, tmp_path).open(Secret(PIN))
    assert line.pins == []


def test_a_try_that_cannot_be_marked_is_marked_for_nobody(tmp_path: Path) -> None:
    blocked = (tmp_path / FILE_NAME).with_suffix(".new")
    blocked.mkdir()
    line = LockedSim()
    with pytest.raises(NotReadyError, match="cannot be written"):
        unlocking(line, tmp_path).open(Secret(PIN))
    assert line.pins == []
    blocked.rmdir()
    with pytest.raises(NotReadyError, match="tried once"):
        unlocking(line, tmp_path).open(Secret(PIN))
    assert len(line.pins) == 1, "what was not tried may be tried"


@pytest.mark.parametrize(
    ("state", "closed"),
    [
        (b"+CPIN: SIM PIN\r\n\r\nOK", True),
        (b"+CPIN: SIM PUK", True),
        (b"+CME ERROR: 10", True),
        (b"+CME ERROR: 11", True),
        (b"+CPIN: READY\r\n\r\nOK", False),
        (b"+CPIN: NOT READY\r\n\r\nOK", False),
        (b"+CPIN: SIM PIN2\r\n\r\nOK", False),
        (b"+CME ERROR: 14", False),
        (b"ERROR", False),
        (b"OK", False),
    ],
)
def test_a_sim_that_was_open_is_closed_only_where_the_modem_says_so(
    state: bytes, *, closed: bool
) -> None:
    dialogue = Dialogue(LockedSim(state=state), HASTY, lambda _pdu: None)
    assert is_closed(dialogue, HASTY) is closed
