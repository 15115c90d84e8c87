# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is shown of an account."""

from typing import Any, Final

from smsotpd.core.recipient import mask
from smsotpd.core.text import printable

_LONGEST: Final = 64


def facts_of(user: Any) -> tuple[tuple[str, str], ...]:
    """Return name, user name and masked number of Telegram's user, as far as it has them."""
    facts = [("Name", _shown(user.first_name))]
    if user.username:
        facts.append(("User name", "@" + _shown(user.username)))
    if user.phone:
        facts.append(("Number", mask("", _shown(user.phone)[-2:])))
    return tuple(facts)


def _shown(text: object) -> str:
    return printable(text)[:_LONGEST] if isinstance(text, str) else ""
