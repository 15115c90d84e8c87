# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a provider tells of an account's balance, as a report."""

import re
from decimal import Decimal
from typing import Final

from smsotpd.core.outcome import Accepted, Outcome
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.spec.reading import code_text
from smsotpd.gateways.spec.request import JsonValue

_AMOUNT: Final = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)  # ISO 4217


def balance_report(amount: JsonValue, unit: JsonValue) -> Report:
    """Return a report about an amount, sent as number or text; a unit that is none is left out."""
    text = str(amount) if isinstance(amount, float) else code_text(amount)
    if not _AMOUNT.fullmatch(text):
        return Report(Condition.UNKNOWN, "the provider's reply names no balance that can be read")
    balance = Decimal(text)
    shown = f"{balance:.2f}"
    if isinstance(unit, str) and (_CURRENCY.fullmatch(unit) or unit == "points"):
        shown = f"{shown} {unit}"
    if balance > 0:
        return Report(Condition.READY, "the account is in credit", (("Balance", shown),))
    return Report(Condition.DEGRADED, "the account has no credit left", (("Balance", shown),))


def refusal_report(outcome: Outcome) -> Report:
    """Return the report of an inspection that the provider refused."""
    return Report(Condition.DOWN, "" if isinstance(outcome, Accepted) else outcome.detail)
