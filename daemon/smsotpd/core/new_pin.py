# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing a new PIN: asked for twice, kept as a hash in between, whoever leads up to it."""

from smsotpd.core import prompts
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.pin import check_pin
from smsotpd.core.ports import PinHasher
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Stage, Steps, Transaction


def ask(transaction: Transaction) -> Steps:
    """Ask for the new PIN."""
    transaction.stage = Stage.NEW_PIN
    return prompts.ask_new_pin()


async def after_first(transaction: Transaction, answer: str, hasher: PinHasher) -> Steps:
    """Ask for it again, or for another that may be one."""
    try:
        pin = check_pin(Secret(answer), transaction.context.user)
    except BadArgumentError as error:
        return prompts.ask_new_pin(error.told)
    transaction.new_pin_hash = await hasher.hash(pin)
    transaction.stage = Stage.REPEATED_PIN
    return prompts.ask_new_pin_again()


async def after_second(transaction: Transaction, answer: str, hasher: PinHasher) -> Steps | str:
    """Return the hash of the new PIN; if the two differ, the steps that ask anew."""
    encoded, transaction.new_pin_hash = transaction.new_pin_hash, ""
    if await hasher.verify(encoded, Secret(answer)):
        return encoded
    transaction.stage = Stage.NEW_PIN
    return prompts.ask_new_pin(prompts.PINS_DIFFER)
