# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Texts with names in braces, filled in without ever interpreting what is filled in."""

import re
from collections.abc import Mapping

from smsotpd.core.errors import BadArgumentError

_FIELD = re.compile(r"\{([a-z_]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LONGEST = 480  # a PAM message holds 512 bytes at most


def check_text(name: str, text: str, fields: frozenset[str]) -> str:
    """Return the text if it holds no control characters and only known fields.

    Raises:
        BadArgumentError: it does not.
    """
    if _CONTROL.search(text):
        raise BadArgumentError(name, "holds a control character")
    if len(text.encode()) > _LONGEST:
        raise BadArgumentError(name, f"is longer than {_LONGEST} bytes")
    for found in _FIELD.findall(text):
        if found not in fields:
            known = ", ".join(f"{{{field}}}" for field in sorted(fields)) or "none"
            raise BadArgumentError(name, f"holds the unknown field {{{found}}}; known: {known}")
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each `{name}` once; what is filled in is never searched again."""
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), text)


def printable(text: str) -> str:
    """Return the text with everything that could steer a terminal or a log replaced."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def has_control_characters(text: str) -> bool:
    """Tell whether a text holds what nobody can have typed at a prompt."""
    return _CONTROL.search(text) is not None
