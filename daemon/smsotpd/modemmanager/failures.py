# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What ModemManager's errors mean for a message.

It turns a modem's codes into names (ModemManager-errors.h, 1.20), and what it has no name for into
`Message.Unknown`.
"""

from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome
from smsotpd.modem.errors import CmeError, CmsError
from smsotpd.modem.failures import Failure, Kind, failure_of

RIGHTS: Final = "polkit does not let the daemon send through ModemManager: see smsotpd(8), MODEMS"

_PREFIX: Final = "org.freedesktop.ModemManager1.Error."
_BUS: Final = "org.freedesktop.DBus.Error."
_BY_MODEM: Final = Failure(
    "a failure that ModemManager does not name: weak signal, no credit, or the number", Kind.DOUBT
)

_CMS: Final = {
    "MeFailure": 300, "SmsServiceReserved": 301, "NotAllowed": 302, "NotSupported": 303,
    "InvalidPduParameter": 304, "InvalidTextParameter": 305, "SimNotInserted": 310, "SimPin": 311,
    "PhSimPin": 312, "SimFailure": 313, "SimBusy": 314, "SimWrong": 315, "SimPuk": 316,
    "SimPin2": 317, "SimPuk2": 318, "MemoryFailure": 320, "InvalidIndex": 321, "MemoryFull": 322,
    "SmscAddressUnknown": 330, "NoNetwork": 331, "NetworkTimeout": 332,
}  # fmt: skip
_CME: Final = {
    "PhoneFailure": 0, "NotAllowed": 3, "NotSupported": 4, "PhSimPin": 5, "PhFsimPin": 6,
    "PhFsimPuk": 7, "SimNotInserted": 10, "SimPin": 11, "SimPuk": 12, "SimFailure": 13,
    "SimBusy": 14, "SimWrong": 15, "IncorrectPassword": 16, "SimPin2": 17, "SimPuk2": 18,
    "MemoryFull": 20, "InvalidIndex": 21, "NotFound": 22, "MemoryFailure": 23, "TextTooLong": 24,
    "InvalidChars": 25, "DialStringTooLong": 26, "DialStringInvalid": 27, "NoNetwork": 30,
    "NetworkTimeout": 31, "NetworkNotAllowed": 32, "NetworkPin": 40, "NetworkPuk": 41,
    "NetworkSubsetPin": 42, "NetworkSubsetPuk": 43, "ServicePin": 44, "ServicePuk": 45,
    "CorpPin": 46, "CorpPuk": 47, "HiddenKeyRequired": 48, "IncorrectParameters": 50,
    "NotAttachedRestricted": 53, "Unknown": 100, "IllegalUe": 103, "IllegalMe": 106,
    "PsServicesNotAllowed": 107, "PlmnNotAllowed": 111, "AreaNotAllowed": 112,
    "RoamingNotAllowedInArea": 113,
}  # fmt: skip
# Refused before anything went to the modem.
_REFUSED: Final = {
    f"{_PREFIX}Core.Unauthorized": Failure(RIGHTS, Kind.ACCOUNT),
    f"{_BUS}AccessDenied": Failure(RIGHTS, Kind.ACCOUNT),
    f"{_PREFIX}Core.InvalidArgs": Failure("ModemManager cannot write the message", Kind.REFUSED),
    f"{_PREFIX}Core.Unsupported": Failure("the modem sends no messages", Kind.SETTING),
    f"{_PREFIX}Core.WrongState": Failure(
        "the modem is not enabled, or has no network", Kind.PASSING
    ),
    f"{_PREFIX}Core.NotFound": Failure("the modem is gone", Kind.PASSING),
    f"{_PREFIX}Core.Retry": Failure("the modem asks to wait", Kind.PASSING),
    f"{_PREFIX}Core.InProgress": Failure("the modem is at something else", Kind.PASSING),
    f"{_PREFIX}Serial.OpenFailed": Failure("the modem's port cannot be opened", Kind.PASSING),
    f"{_PREFIX}Serial.OpenFailedNoDevice": Failure("the modem is gone", Kind.PASSING),
    f"{_PREFIX}Serial.NotOpen": Failure("the modem's port is closed", Kind.PASSING),
    f"{_BUS}UnknownMethod": Failure("the modem is gone", Kind.PASSING),
    f"{_BUS}UnknownObject": Failure("the modem is gone", Kind.PASSING),
    f"{_BUS}UnknownInterface": Failure("the modem is gone", Kind.PASSING),
    f"{_BUS}InvalidArgs": Failure("ModemManager cannot write the message", Kind.REFUSED),
    f"{_BUS}LimitsExceeded": Failure("the system bus is busy", Kind.PASSING),
}
_SILENT: Final = Failure("the modem has the message and does not answer", Kind.DOUBT)
_KNOWN: Final = {**_REFUSED, f"{_PREFIX}Serial.ResponseTimeout": _SILENT}
_GONE: Final = {f"{_BUS}{word}" for word in ("UnknownMethod", "UnknownObject", "UnknownInterface")}


def failure_of_sending(name: str) -> Failure:
    """Return what an error means that a send ended in; one that does not say is a doubt."""
    if name in _KNOWN:
        return _KNOWN[name]
    kind, _, word = name.removeprefix(_PREFIX).partition(".")
    if kind == "Message":
        return failure_of(CmsError(_CMS[word])) if word in _CMS else _BY_MODEM
    if kind == "MobileEquipment":
        other = Failure(f"the modem refuses the message ({_fit(word)})", Kind.PASSING)
        return failure_of(CmeError(_CME[word])) if word in _CME else other
    return Failure(f"ModemManager failed while sending ({_fit(name)})", Kind.DOUBT)


def outcome_of_creating(name: str) -> Outcome:
    """Return what an error means before anything was handed over: surely not sent."""
    failure = failure_of_sending(name)
    if failure.kind in {Kind.DOUBT, Kind.SENT}:
        return Deferred(
            ErrorClass.TEMPORARY, f"ModemManager does not take the message ({_fit(name)})"
        )
    return failure.outcome


def is_refusal_of_rights(name: str) -> bool:
    """Tell whether polkit, or the bus, does not let the daemon do it."""
    return name in _REFUSED and _REFUSED[name].text == RIGHTS


def is_gone(name: str) -> bool:
    """Tell whether the object that was called is not there."""
    return name in _GONE


def _fit(name: str) -> str:
    """Return the last two words of an error's name, fit to be shown."""
    shown = ".".join(name.split(".")[-2:])[:60]
    return "".join(char for char in shown if char.isascii() and (char.isalnum() or char in "._"))
