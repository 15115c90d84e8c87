# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Who is enrolled, with which PIN and where codes go."""

import re
from dataclasses import dataclass, field, replace

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.recipient import Recipient
from smsotpd.core.text import has_control_characters

# useradd(8) on Debian refuses colon, comma, slash and white space; directories allow more.
_USER = re.compile(r"[^\x00-\x1f\x7f-\x9f:/\s]+")
_USER_BYTES = 256  # LOGIN_NAME_MAX of Linux


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Bind a user to a PIN and to recipients.

    Attributes:
        pin_hash: encoded argon2id hash, empty if the user has no PIN.
        recipients: first choice first; never empty.
        enrolled_at: seconds since 1970.
    """

    user: str
    recipients: tuple[Recipient, ...]
    pin_hash: str = field(default="", repr=False)
    disabled: bool = False
    enrolled_at: float = 0.0


def with_recipient(enrolment: Enrolment, new: Recipient) -> Enrolment:
    """Return the enrolment with an address in the place of the old one on its channel."""
    present = enrolment.recipients
    if all(old.channel != new.channel for old in present):
        return replace(enrolment, recipients=(*present, new))
    recipients = tuple(new if old.channel == new.channel else old for old in present)
    return replace(enrolment, recipients=recipients)


def parse_user(text: str) -> str:
    """Return the user name if it can be one: no control characters, blanks, `:` or `/`.

    Raises:
        BadArgumentError: it cannot.
    """
    if not text:
        raise BadArgumentError("user", "is empty")
    if len(text.encode(errors="replace")) > _USER_BYTES:
        raise BadArgumentError("user", f"is longer than {_USER_BYTES} bytes")
    if not _USER.fullmatch(text) or has_control_characters(text):
        raise BadArgumentError("user", "holds a blank, a control character, ':' or '/'")
    return text
