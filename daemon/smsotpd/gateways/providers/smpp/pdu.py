# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of submit_sm, as an SMSC reads them."""

import re
from typing import Final

from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.number import rewritten

INTERNATIONAL: Final = "1"

_NUMBER: Final = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
_LONGEST_NUMBER: Final = 20
_LONGEST_DAYS: Final = 28  # of any month


def destination(values: Values, number: str) -> str | Rejected:
    """Return a number in E.164 as destination_addr; TON 1 says international by itself."""
    text = rewritten(values, number)
    if values.text("D_ADDR_TON") == INTERNATIONAL:
        text = text.removeprefix("+")
    if not _NUMBER.fullmatch(text) or len(text) > _LONGEST_NUMBER:
        return Rejected(ErrorClass.RECIPIENT, "REGEXP leaves no number of 20 digits at most")
    return text


def validity(seconds: float) -> str:
    """Return a lifetime as relative validity_period (7.1.1.2); empty for the SMSC's own."""
    if seconds <= 0:
        return ""
    minutes, rest = divmod(max(1, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    days = min(days, _LONGEST_DAYS)
    return f"0000{days:02}{hours:02}{minutes:02}{rest:02}000R"
