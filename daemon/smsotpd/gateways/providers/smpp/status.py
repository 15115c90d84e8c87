# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an SMSC's command_status means (SMPP 3.4, 5.1.3)."""

from collections.abc import Mapping
from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Rejected
from smsotpd.gateways.spec.failure_table import FailureTable, failed

_STATUSES: Final[Mapping[int, tuple[str, ErrorClass]]] = {
    0x01: ("RINVMSGLEN", ErrorClass.CONTENT),
    0x02: ("RINVCMDLEN", ErrorClass.REJECTED),
    0x03: ("RINVCMDID", ErrorClass.REJECTED),
    0x04: ("RINVBNDSTS", ErrorClass.REJECTED),
    0x05: ("RALYBND", ErrorClass.TEMPORARY),  # as many connections as the account may have
    0x06: ("RINVPRTFLG", ErrorClass.REJECTED),
    0x07: ("RINVREGDLVFLG", ErrorClass.REJECTED),
    0x08: ("RSYSERR", ErrorClass.TEMPORARY),
    0x0A: ("RINVSRCADR", ErrorClass.SENDER),
    0x0B: ("RINVDSTADR", ErrorClass.RECIPIENT),
    0x0D: ("RBINDFAIL", ErrorClass.AUTH),
    0x0E: ("RINVPASWD", ErrorClass.AUTH),
    0x0F: ("RINVSYSID", ErrorClass.AUTH),
    0x14: ("RMSGQFUL", ErrorClass.TEMPORARY),
    0x15: ("RINVSERTYP", ErrorClass.REJECTED),
    0x43: ("RINVESMCLASS", ErrorClass.REJECTED),
    0x45: ("RSUBMITFAIL", ErrorClass.REJECTED),
    0x48: ("RINVSRCTON", ErrorClass.SENDER),
    0x49: ("RINVSRCNPI", ErrorClass.SENDER),
    # A setting of the gateway's, not of one number: another gateway may well do better.
    0x50: ("RINVDSTTON", ErrorClass.REJECTED),
    0x51: ("RINVDSTNPI", ErrorClass.REJECTED),
    0x53: ("RINVSYSTYP", ErrorClass.AUTH),
    0x54: ("RINVREPFLAG", ErrorClass.REJECTED),
    0x58: ("RTHROTTLED", ErrorClass.RATE),
    0x61: ("RINVSCHED", ErrorClass.REJECTED),
    0x62: ("RINVEXPIRY", ErrorClass.REJECTED),
    0x63: ("RINVDFTMSGID", ErrorClass.REJECTED),
    0x64: ("RX_T_APPN", ErrorClass.TEMPORARY),
    0x65: ("RX_P_APPN", ErrorClass.REJECTED),
    0x66: ("RX_R_APPN", ErrorClass.REJECTED),
    0xC0: ("RINVOPTPARSTREAM", ErrorClass.REJECTED),
    0xC1: ("ROPTPARNOTALLWD", ErrorClass.REJECTED),
    0xC2: ("RINVPARLEN", ErrorClass.REJECTED),
    0xC3: ("RMISSINGOPTPARAM", ErrorClass.REJECTED),
    0xC4: ("RINVOPTPARAMVAL", ErrorClass.REJECTED),
    0xFF: ("RUNKNOWNERR", ErrorClass.REJECTED),
}
# 0x400 to 0x4FF are each vendor's own; anything higher might be what we sent.
_HIGHEST: Final = 0x4FF


def _code(status: int) -> str:
    return f"0x{status:02X} ESME_{_STATUSES[status][0]}"


_TABLE: Final = FailureTable(
    "command_status {}", {_code(status): each for status, (_, each) in _STATUSES.items()}
)
FAILURES: Final = _TABLE.failures


def outcome_of_status(status: int) -> Rejected | Deferred:
    """Return what a status other than 0 means; an undocumented one is a refusal without reason."""
    if status in _STATUSES:
        return _TABLE.outcome(_code(status))
    shown = f"0x{status:02X}" if status <= _HIGHEST else "unknown"
    return failed(ErrorClass.REJECTED, f"command_status {shown}")
