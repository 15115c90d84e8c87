# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The sender that an SMS shows: a number, or a name of few letters (3GPP TS 23.040, 9.1.2.5)."""

import re
from typing import Final

from smsotpd.core.errors import BadArgumentError

LONGEST_NAME: Final = 11

_NUMBER: Final = re.compile(r"\+?([0-9]+)", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._&-]*", re.ASCII)


def check_originator(name: str, text: str, longest_number: int) -> None:
    """Refuse a sender that is neither a number nor a name; an empty text is the account's own.

    Raises:
        BadArgumentError: it is neither; names the setting.
    """
    number = _NUMBER.fullmatch(text)
    fits = (
        len(number[1]) <= longest_number
        if number
        else len(text) <= LONGEST_NAME and _NAME.fullmatch(text)
    )
    if text and not fits:
        raise BadArgumentError(
            name,
            f"must be a number of {longest_number} digits at most, or a name of {LONGEST_NAME} "
            "letters and digits at most",
        )


def is_numeric(text: str) -> bool:
    """Tell whether a checked sender is a number."""
    return _NUMBER.fullmatch(text) is not None
