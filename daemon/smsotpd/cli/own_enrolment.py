# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user's own enrolment in the user's own words: names and values as the daemon tells them."""

from collections.abc import Callable, Mapping
from typing import Final

from smsotpd.cli.output import cell
from smsotpd.core.phrase import Phrase, phrase, word

# In the order in which ShowUser has them.
_LABELS: Final[Mapping[str, Phrase]] = {
    "user": phrase("user"),
    "phone": phrase("first address"),
    "recipients": phrase("all addresses"),
    "state": phrase("state"),
    "failures": phrase("failed guesses"),
    "enrolled_at": phrase("enrolled at"),
    "has_pin": phrase("has a PIN"),
    "has_authenticator": phrase("has an authenticator app"),
    "recovery_codes": phrase("recovery codes left"),
    "has_break_glass": phrase("has a break-glass code"),
}
_YES, _NO = phrase("yes"), phrase("no")
_STATES: Final[Mapping[object, Phrase]] = {
    "active": word("state of a user", "active"),
    "locked": word("state of a user", "locked"),
    "disabled": word("state of a user", "disabled"),
}


def in_own_words(details: Mapping[str, object], said: Callable[[Phrase], str]) -> dict[str, object]:
    """Return names and values as their user reads them; what is new to us stays as it is.

    Args:
        said: says a phrase in the user's language.
    """
    return {
        said(_LABELS[name]) if name in _LABELS else name: _said_value(name, value, said)
        for name, value in details.items()
    }


def _said_value(name: str, value: object, said: Callable[[Phrase], str]) -> object:
    match value:
        case bool():
            return said(_YES if value else _NO)
        case str() if name == "state" and value in _STATES:
            return said(_STATES[value])
        case _:
            return cell(value, name)
