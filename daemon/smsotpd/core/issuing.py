# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Making a code: the challenge that is kept of it, and the text that carries it."""

from smsotpd.core.challenge import Challenge, ChallengeKey, code_digest
from smsotpd.core.events import Login
from smsotpd.core.message import Message
from smsotpd.core.moment import Moment
from smsotpd.core.policy import Policy
from smsotpd.core.ports import CodeSource
from smsotpd.core.recipient import Recipient
from smsotpd.core.text import fill

_SALT_BITS = 128


def new_code(
    login: Login, policy: Policy, masked: str, source: CodeSource, key: bytes, now: Moment
) -> tuple[str, Challenge]:
    """Return a fresh code, and the challenge that is all the store ever sees of it."""
    code, salt = source.code(policy.code_digits), source.token(_SALT_BITS)
    return code, Challenge(
        key=ChallengeKey(login.user, login.service, login.rhost),
        salt=salt,
        digest=code_digest(key, salt, code),
        issued=now,
        lifetime=policy.code_lifetime,
        answers_left=policy.wrong_answers,
        sends=1,
        masked=masked,
        digits=policy.code_digits,
    )


def code_message(
    login: Login, policy: Policy, recipient: Recipient, code: str, host: str
) -> Message:
    """Return the message that carries a code; it is of use as long as the code lives."""
    values = {
        "otp": code,
        "user": login.user,
        "host": host,
        "service": login.service,
        "minutes": str(max(1, round(policy.code_lifetime / 60))),
    }
    return Message(recipient, fill(policy.texts.message, values), policy.code_lifetime, code)
