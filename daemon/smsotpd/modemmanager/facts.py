# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What ModemManager tells of a modem, and what that means for messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from smsotpd.core.outcome import ErrorClass
from smsotpd.modem.errors import NotReadyError
from smsotpd.modemmanager import names

_STATES: Final = {
    -1: "failed", 0: "unknown", 1: "initializing", 2: "locked", 3: "disabled", 4: "disabling",
    5: "enabling", 6: "enabled", 7: "searching", 8: "registered", 9: "disconnecting",
    10: "connecting", 11: "connected",
}  # fmt: skip
# MMModem3gppRegistrationState, which follows 3GPP TS 27.007, 7.2
_REGISTRATION: Final = {
    1: "home network", 2: "searching", 3: "denied", 5: "roaming",
    6: "home network, messages only", 7: "roaming, messages only", 8: "emergency calls only",
    9: "home network", 10: "roaming",
}  # fmt: skip
_USABLE: Final = frozenset({1, 5, 6, 7, 9, 10})
_DENIED: Final = 3
# MMModemStateFailedReason
_REASONS: Final = {
    2: "no SIM: put one in",
    3: "the SIM fails: put it in anew, or another",
    5: "the eSIM has no profile",
}
# MMModemLock
_LOCKS: Final = {
    2: "the SIM wants its PIN: give it through NetworkManager or mmcli",
    4: "the SIM wants its PUK: unlock it in a phone",
}
_OPEN: Final = frozenset({0, 1, 3, 5})  # the PIN2 is not for messages
_BARS: Final = ((65, 5), (49, 4), (33, 3), (17, 2), (1, 1))
_WEAK_PERCENT: Final = 17
_SHOWN_DIGITS: Final = 4
_MOST_SHOWN: Final = 60

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one modem; empty or 0 where ModemManager does not say.

    Attributes:
        identities: all that the setting MODEM may name it by.
        signal: in per cent.
        sends_messages: whether it has the Messaging interface.
    """

    path: str = ""
    identities: frozenset[str] = frozenset()
    port: str = ""
    maker: str = ""
    model: str = ""
    imei: str = ""
    state: int = 0
    failed_reason: int = 0
    lock: int = 0
    registration: int = 0
    operator: str = ""
    signal: int = 0
    sends_messages: bool = False

    @property
    def is_disabled(self) -> bool:
        """Tell whether somebody would have to enable it."""
        return self.state in {names.DISABLED, names.DISABLING}

    @property
    def is_ready(self) -> bool:
        """Tell whether messages can be sent."""
        return self.obstacle is None

    @property
    def network(self) -> str:
        """Return the registration in words."""
        return _REGISTRATION.get(self.registration, _STATES.get(self.state, f"state {self.state}"))

    @property
    def complaint(self) -> str:
        """Return what somebody should look after though messages go, or nothing."""
        return "the signal is weak; mind the antenna" if 0 < self.signal < _WEAK_PERCENT else ""

    @property
    def obstacle(self) -> NotReadyError | None:  # noqa: PLR0911  # a modem's states, one after another
        """Return why no message can be sent, and what to do, or None."""
        if self.state == names.FAILED:
            why = _REASONS.get(self.failed_reason, "look into ModemManager's journal")
            return NotReadyError(f"ModemManager cannot use the modem: {why}", ErrorClass.SENDER)
        if self.state == names.LOCKED or self.lock not in _OPEN:
            why = _LOCKS.get(self.lock, "the modem is locked to a SIM or network")
            return NotReadyError(why, ErrorClass.SENDER)
        if self.is_disabled:
            return NotReadyError(
                "ModemManager has the modem disabled: set ENABLE, or run mmcli -m any --enable",
                ErrorClass.SENDER,
            )
        if self.state < names.ENABLED:
            return NotReadyError(f"ModemManager prepares the modem ({_STATES.get(self.state)})")
        if self.registration == _DENIED:
            return NotReadyError("the network denies this SIM; ask the operator", ErrorClass.AUTH)
        if self.state < names.REGISTERED and self.registration not in _USABLE:
            return NotReadyError(f"no network ({self.network}); mind antenna and operator")
        if not self.sends_messages:
            return NotReadyError(
                "ModemManager offers no messages for this modem", ErrorClass.SENDER
            )
        return None

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return label and text of all that is known."""
        if not self.path:
            return ()
        bars = next((bars for least, bars in _BARS if self.signal >= least), 0)
        sim = _LOCKS.get(self.lock, "").partition(":")[0] or ("ready" if self.state > 2 else "")  # noqa: PLR2004  # beyond LOCKED
        rows = (
            ("Port", self.port),
            ("Modem", " ".join(part for part in (self.maker, self.model) if part)),
            ("IMEI", f"•••{self.imei[-_SHOWN_DIGITS:]}" if self.imei else ""),
            ("SIM", sim),
            ("Network", ", ".join(part for part in (self.network, self.operator) if part)),
            ("Signal", f"{self.signal} %, {bars} of 5 bars" if self.signal else ""),
            ("In ModemManager", _STATES.get(self.state, str(self.state))),
        )
        return tuple(row for row in rows if row[1])


def facts_of(path: str, interfaces: object) -> Facts | None:
    """Return what is known of an object below ModemManager's root; None for one that is no modem.

    Whatever is of another type than the specification says counts as not said.
    """
    if not isinstance(interfaces, Mapping) or not isinstance(
        modem := interfaces.get(names.MODEM), Mapping
    ):
        return None
    network = interfaces.get(names.MODEM_3GPP)
    network = network if isinstance(network, Mapping) else {}
    imei = _read(modem, "EquipmentIdentifier", "") or _read(network, "Imei", "")
    signal: list[object] = _read(modem, "SignalQuality", [])
    numbers: list[object] = _read(modem, "OwnNumbers", [])
    identities = {
        imei,
        _read(modem, "Device", ""),
        _read(modem, "DeviceIdentifier", ""),
        _read(modem, "PrimaryPort", ""),
        *(each for each in numbers if isinstance(each, str)),
    }
    return Facts(
        path,
        frozenset(identities - {""}),
        _shown(_read(modem, "PrimaryPort", "")),
        _shown(_read(modem, "Manufacturer", "")),
        _shown(_read(modem, "Model", "")),
        _shown(imei),
        _read(modem, "State", 0),
        _read(modem, "StateFailedReason", 0),
        _read(modem, "UnlockRequired", 0),
        _read(network, "RegistrationState", 0),
        _shown(_read(network, "OperatorName", "")),
        signal[0] if signal and isinstance(signal[0], int) else 0,
        names.MESSAGING in interfaces,
    )


def _read(properties: Mapping[str, object], name: str, default: _T) -> _T:
    value = properties.get(name)
    return value if isinstance(value, type(default)) else default


def _shown(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:_MOST_SHOWN]
