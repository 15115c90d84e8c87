# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What we know of a modem, its SIM and its network, and how an administrator is told."""

from dataclasses import dataclass
from typing import Final

_REGISTRATION: Final = {
    0: "not registered",
    1: "home network",
    2: "searching",
    3: "denied",
    4: "unknown",
    5: "roaming",
    6: "home network, messages only",
    7: "roaming, messages only",
    8: "emergency calls only",
    9: "home network",
    10: "roaming",
    11: "emergency calls only",
}
# 3GPP TS 27.007, 7.2, 10.1.20 and 10.1.22: in these states a message can be sent.
_USABLE: Final = frozenset({1, 5, 6, 7, 9, 10})
_UNKNOWN_SIGNAL: Final = 99
_BARS: Final = ((20, 5), (15, 4), (10, 3), (5, 2), (1, 1))
_SHOWN_DIGITS: Final = 4
_DENIED: Final = 3
_WEAK_SIGNAL: Final = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What a modem told; empty or None where it did not.

    Attributes:
        registration: states by CREG, CGREG and CEREG, as far as the modem knows these.
        signal: as `+CSQ` says, 0 to 31 or 99.
        storage: used and total places for messages.
    """

    path: str = ""
    maker: str = ""
    model: str = ""
    imei: str = ""
    sim: str = ""
    registration: tuple[int, ...] = ()
    operator: str = ""
    signal: int = _UNKNOWN_SIGNAL
    service_centre: str = ""
    storage: tuple[int, int] | None = None

    @property
    def is_registered(self) -> bool:
        """Tell whether any of the three registrations is good for messages."""
        return any(state in _USABLE for state in self.registration)

    @property
    def is_denied(self) -> bool:
        """Tell whether the network refuses this SIM, and none is being looked for."""
        return _DENIED in self.registration and 2 not in self.registration  # noqa: PLR2004  # searching

    @property
    def network(self) -> str:
        """Return the registration in words, the best of the three."""
        good = [state for state in self.registration if state in _USABLE]
        states = good or sorted(self.registration, key=lambda state: state != 2)  # noqa: PLR2004  # searching
        return _REGISTRATION.get(states[0], f"state {states[0]}") if states else ""

    @property
    def is_storage_full(self) -> bool:
        """Tell whether there is no place left for messages and reports that come in."""
        return self.storage is not None and 0 < self.storage[1] <= self.storage[0]

    @property
    def complaint(self) -> str:
        """Return what somebody should look after, or nothing."""
        if not self.is_registered:
            return f"no network ({self.network})"
        if self.is_storage_full:
            return "the storage for messages is full; delete some, or set DELETE_MESSAGES"
        return "the signal is weak; mind the antenna" if self.signal < _WEAK_SIGNAL else ""

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return label and text of all that is known."""
        signal = ""
        if 0 <= self.signal <= 31:  # noqa: PLR2004  # 3GPP TS 27.007, 8.5
            bars = next((bars for least, bars in _BARS if self.signal >= least), 0)
            signal = f"{2 * self.signal - 113} dBm, {bars} of 5 bars"
        storage = f"{self.storage[0]} of {self.storage[1]}" if self.storage else ""
        rows = (
            ("Port", self.path),
            ("Modem", " ".join(part for part in (self.maker, self.model) if part)),
            ("IMEI", _ending(self.imei)),
            ("SIM", self.sim),
            ("Network", ", ".join(part for part in (self.network, self.operator) if part)),
            ("Signal", signal),
            ("Service centre", _ending(self.service_centre)),
            ("Stored messages", storage),
        )
        return tuple(row for row in rows if row[1])


def _ending(text: str) -> str:
    return f"•••{text[-_SHOWN_DIGITS:]}" if text else ""
