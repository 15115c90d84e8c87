# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every step that there is, with the longest values that are usual."""

from collections.abc import Iterable
from itertools import product

from smsotpd.core import prompts
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.pin import check_pin
from smsotpd.core.policy import AllowedUntil, Policy
from smsotpd.core.recipient import Recipient
from smsotpd.core.ruling import Check
from smsotpd.core.secret import Secret
from smsotpd.core.sending import NotSent, Sent
from smsotpd.core.throttle import Refusal
from smsotpd.core.transaction import Context, Result, Step, StepKind
from smsotpd.core.ways import Ways

CONTEXT = Context("anna", "sshd")
LONGEST_MASK = Recipient("sms", "+358401234589").masked
SENT = [
    Sent(LONGEST_MASK, is_new=is_new, is_sure=is_sure, transaction_id=transaction_id)
    for is_new in (True, False)
    for is_sure in (True, False)
    for transaction_id in ("", "a" * 26)
]
NOT_SENT = [NotSent(refusal, 3600.0) for refusal in (*Refusal, None)]

WAYS = [
    None,
    *(
        Ways(bool(app), left, bool(glass))
        for app, left, glass in product((0, 1), (0, 3, 10), (0, 1))
    ),
]


def all_steps(policy: Policy) -> Iterable[Step]:
    """Yield every step that a login of an enrolled user has."""
    yield from prompts.ask_pin(policy, CONTEXT)
    yield from prompts.ask_single(policy, CONTEXT)
    yield from prompts.ask_send(policy, LONGEST_MASK)
    yield from prompts.ask_after_expiry(policy)
    yield from prompts.use_authtok()
    for left in (1, 2, 3):
        yield from prompts.ask_again(policy, left)
    for sent in SENT:
        yield from prompts.ask_code(policy, CONTEXT, sent)
        yield from prompts.end_first_attempt(sent)
    for not_sent in NOT_SENT:
        yield from prompts.ask_after_refusal(not_sent)
        yield from prompts.end_unsent(not_sent)
        yield from prompts.end_unsent_attempt(not_sent)
        for ways in WAYS:
            yield from prompts.ask_unsent(policy, not_sent, ways)
    for ways in WAYS:
        yield from prompts.ask_other(policy, ways)
        yield from prompts.explain(policy, ways, [("sms", LONGEST_MASK), ("whatsapp", "+49")])
        if ways is not None:
            yield from prompts.at_hand(policy, ways)
    for left in (1, 2, 3):
        yield from prompts.ask_other_again(left)
    yield from prompts.ask_app(policy)
    yield from prompts.end_attempt_without_code()
    yield from prompts.NOTHING_IS_SENT
    yield from prompts.NO_OTHER_CHANNEL
    yield Step(StepKind.ERROR, prompts.NOTHING_AT_HAND)


def steps_around_a_login() -> Iterable[Step]:
    """Yield what else a program may show: a first login, a change of the PIN."""
    yield from prompts.ask_number()
    yield from prompts.ask_number_again()
    for left in (1, 2):
        yield from prompts.ask_number_code_again(left)
    yield from prompts.end_enrolled(LONGEST_MASK)
    yield from prompts.ask_present_pin()
    for pin in ("12", "1234", " Rosenkohl7"):
        yield from prompts.ask_new_pin(complaint_of(pin))
    yield from prompts.ask_new_pin(prompts.PINS_DIFFER)
    yield from prompts.ask_new_pin_again()
    yield from prompts.end_pin_changed()
    yield from prompts.end(Result.MAXTRIES, prompts.TOO_MANY_WRONG)


def steps_on_a_terminal() -> Iterable[Step]:
    """Yield the steps that only a terminal shows, however long they are."""
    yield from prompts.end(Result.AUTH_ERR, prompts.NOT_PROVEN)
    yield from prompts.end(Result.AUTH_ERR, prompts.NOT_CHANGED)
    yield from prompts.end_changed()
    yield from prompts.end_with_recovery_codes(())
    yield from prompts.offer_app("otpauth://totp/", "ABCDEFGH" * 4)
    yield from prompts.ask_app_code_again()
    yield from prompts.ask_invitation()
    policy = Policy(unenrolled=AllowedUntil("2027-01-31"))
    yield from prompts.stand_aside(policy, Check("unenrolled", ""))
    denied = prompts.end(Result.MAXTRIES, prompts.TOO_MANY_WRONG)
    yield from prompts.farewell(denied, CONTEXT)


def complaint_of(pin: str) -> str:
    """Return what a user is told who wants a bad PIN."""
    try:
        check_pin(Secret(pin), "anna")
    except BadArgumentError as error:
        return error.told
    raise AssertionError("the PIN is good")
