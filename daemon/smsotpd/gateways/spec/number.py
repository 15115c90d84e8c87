# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""REGEXP: the administrator's rewriting of a number, `/pattern/replacement/`."""

import re
from dataclasses import dataclass
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.spec.values import Values

_NAME = "REGEXP"
_SAMPLE = "+491701234567"

REGEXP: Final = SettingDescription(
    _NAME,
    "Rewriting of the number",
    r"/pattern/replacement/, as in /^\+/00/; applied to every match.",
)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A pattern, and what replaces every match of it."""

    pattern: re.Pattern[str]
    replacement: str

    def apply(self, number: str) -> str:
        """Return the rewritten number."""
        return self.pattern.sub(self.replacement, number)


def parse_rewriting(text: str) -> Rewriting | None:
    """Parse `/pattern/replacement/`; None for an empty text.

    The last two slashes delimit the replacement: the pattern may hold slashes, it may not.

    Raises:
        BadArgumentError: the text has another form, or the expression does not work.
    """
    if not text:
        return None
    parts = text[1:-1].rpartition("/")
    if not (text.startswith("/") and text.endswith("/") and parts[1] and parts[0]):
        raise BadArgumentError(
            _NAME, r"must have the form /pattern/replacement/, as in /^\+/00/, and no flags"
        )
    try:
        rewriting = Rewriting(re.compile(parts[0]), parts[2])
        rewriting.apply(_SAMPLE)
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        raise BadArgumentError(
            _NAME, "does not work: the pattern or a group in the replacement is wrong"
        ) from error
    return rewriting


def rewritten(values: Values, number: str) -> str:
    """Return a number as REGEXP leaves it, without blanks around it."""
    rewriting = parse_rewriting(values.text(_NAME))
    return rewriting.apply(number).strip() if rewriting else number
