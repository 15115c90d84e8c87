# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMS-STATUS-REPORT: what became of a message (3GPP TS 23.040, 9.2.2.3)."""

from dataclasses import dataclass, field
from enum import Enum

_MTI = 0x03
_MTI_STATUS_REPORT = 0x02
_TIME_OCTETS = 7
_TOA_INTERNATIONAL = 0x91
_NIBBLES = "0123456789*#abc"


class PduError(ValueError):
    """The octets are no status report; the text does not repeat them."""


class Fate(Enum):
    """What the service centre says of a message (9.2.3.15)."""

    DELIVERED = "delivered"
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """One report.

    Attributes:
        reference: TP-MR of the message it is about.
        number: its recipient.
        status: TP-ST as it came.
    """

    reference: int
    number: str = field(repr=False)
    status: int

    @property
    def fate(self) -> Fate:
        """Return what the status means."""
        if self.status <= 0x1F:  # noqa: PLR2004  # 9.2.3.15: completed
            return Fate.DELIVERED
        if self.status <= 0x3F:  # noqa: PLR2004  # still trying
            return Fate.TRYING
        return Fate.FAILED


def decode_report(pdu: str) -> StatusReport:
    """Return the report in a PDU as `+CDS` shows it, service centre included.

    Raises:
        PduError: it is none.
    """
    try:
        octets = bytes.fromhex(pdu)
        tpdu = octets[1 + octets[0] :]
        first, reference, digits, toa = tpdu[:4]
        if first & _MTI != _MTI_STATUS_REPORT:
            raise PduError("no status report")
        end = 4 + (digits + 1) // 2
        number = _digits(tpdu[4:end], digits)
        status = tpdu[end + 2 * _TIME_OCTETS]
    except (ValueError, IndexError) as error:
        if isinstance(error, PduError):
            raise
        raise PduError("a malformed status report") from None
    plus = "+" if toa == _TOA_INTERNATIONAL else ""
    return StatusReport(reference, plus + number, status)


def _digits(octets: bytes, count: int) -> str:
    nibbles = [nibble for octet in octets for nibble in (octet & 0x0F, octet >> 4)][:count]
    if len(nibbles) != count:
        raise PduError("a number that is cut off")
    return "".join(_NIBBLES[nibble] for nibble in nibbles)
