# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The end of a login that is not granted: an entry in the journal, and what the user is told."""

from smsotpd.core import prompts
from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import LoginDenied
from smsotpd.core.ports import Journal
from smsotpd.core.transaction import Result, Steps, Transaction


def deny(
    journal: Journal, transaction: Transaction, result: Result, reason: str, told: str = ""
) -> Steps:
    """End a login without a grant; `reason` is for the journal, `told` for the user."""
    journal.record(LoginDenied(transaction.login, reason))
    return prompts.end(result, told)


def require_open(transaction: Transaction) -> None:
    """Stop if the login was cancelled while something was waited for."""
    if transaction.over:
        raise NoSuchTransactionError
