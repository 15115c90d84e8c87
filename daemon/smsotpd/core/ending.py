# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The end of a login that is not granted: an entry in the journal, and what the user is told."""

from smsotpd.core import prompts
from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import LoginDenied
from smsotpd.core.policy import Mode
from smsotpd.core.ports import Journal
from smsotpd.core.transaction import Result, Stage, Steps, Transaction


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


def with_last_words(transaction: Transaction, steps: Steps) -> Steps:
    """Return the steps, or first a prompt that says why they end the login, where needed."""
    last_words = prompts.farewell(steps, transaction.context)
    if not last_words or transaction.mode is not Mode.CONVERSATION:
        return steps
    transaction.stage = Stage.FAREWELL
    transaction.outcome = steps[-1:]
    return last_words
