# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMS-SUBMIT: what goes to the modem for one message (3GPP TS 23.040, 9.2.2.2)."""

from dataclasses import dataclass, field

from smsotpd.modem.parts import Reference, UserData, user_data

# First octet, 9.2.3: message type, validity period format, status report request, header indicator.
_MTI_SUBMIT = 0x01
_VPF_RELATIVE = 0x10
_SRR = 0x20
_UDHI = 0x40

# Type of address, 9.1.2.5: international number in ISDN numbering, or of unknown type.
_TOA_INTERNATIONAL = 0x91
_TOA_UNKNOWN = 0x81

_CLASS_0 = 0x10  # 3GPP TS 23.038, 4: shown at once and not stored
_SMSC_OF_THE_MODEM = "00"
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Options:
    """How a message is to be treated on its way.

    Attributes:
        validity_minutes: how long the service centre tries to deliver it; 0 for its own default.
        is_flash: whether it is shown at once and not stored.
        wants_report: whether a status report is asked for.
    """

    validity_minutes: int = 0
    is_flash: bool = False
    wants_report: bool = False


@dataclass(frozen=True, slots=True)
class Submit:
    """One message as `AT+CMGS` takes it; its printed form shows neither number nor text.

    Attributes:
        length: octets of the TPDU, the service centre's address not counted.
        pdu: hexadecimal, the service centre's address included.
    """

    length: int
    pdu: str = field(repr=False)


def encode_submits(
    number: str, text: str, reference: Reference, options: Options
) -> tuple[Submit, ...]:
    """Return the messages that carry a text to a number.

    Raises:
        ValueError: the number is none, or the text is too long.
    """
    address = encode_address(number)
    return tuple(_submit(address, data, options) for data in user_data(text, reference))


def encode_address(number: str) -> bytes:
    """Return an address field: digits, type, swapped nibbles (9.1.2.5).

    Raises:
        ValueError: the text is no number.
    """
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise ValueError("no number")
    toa = _TOA_INTERNATIONAL if number.startswith("+") else _TOA_UNKNOWN
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
    return bytes((len(digits), toa)) + bytes.fromhex(swapped)


def relative_validity(minutes: int) -> int:
    """Return TP-VP in the relative format, rounded up to what it can say (9.2.3.12.1)."""
    steps = (
        (720, 5, -1),  # to 12 hours in steps of 5 minutes: 0 is 5 minutes
        (1440, 30, 143 - 24),  # to 24 hours in half hours
        (43_200, 1440, 166),  # to 30 days in days
        (635_040, 10_080, 192),  # to 63 weeks in weeks
    )
    for most, step, offset in steps:
        if minutes <= most:
            return max(0, -(-minutes // step) + offset)
    return 255


def _submit(address: bytes, data: UserData, options: Options) -> Submit:
    first = _MTI_SUBMIT
    first |= _VPF_RELATIVE if options.validity_minutes else 0
    first |= _SRR if options.wants_report else 0
    first |= _UDHI if data.has_header else 0
    coding = data.alphabet.value | (_CLASS_0 if options.is_flash else 0)
    validity = (
        bytes((relative_validity(options.validity_minutes),)) if options.validity_minutes else b""
    )
    # TP-MR 0: the modem puts in its own and names it in its answer. TP-PID 0: plain SMS.
    head = bytes((first, 0)) + address + bytes((0, coding)) + validity
    tpdu = head + bytes((data.length,)) + data.octets
    return Submit(len(tpdu), _SMSC_OF_THE_MODEM + tpdu.hex().upper())
