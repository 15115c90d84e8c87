# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Reading what a provider answered: any bytes may come, and nothing here raises."""

import json
import re
from typing import Final, NoReturn

from smsotpd.gateways.spec.request import JsonValue

_LONGEST_ID: Final = 64
_UNPRINTABLE: Final = re.compile(r"[^\x21-\x7e]+")


def parse_json(text: str) -> JsonValue:
    """Return the JSON value that the text spells; None for null and for what is no strict JSON."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def parse_json_object(text: str) -> dict[str, JsonValue] | None:
    """Return the JSON object that the text spells, None if it spells none."""
    value = parse_json(text)
    return value if isinstance(value, dict) else None


def entry(value: JsonValue, *path: str | int) -> JsonValue:
    """Return what stands at a path of keys and indices, None where the path leads nowhere."""
    for step in path:
        match value:
            case dict() if isinstance(step, str):
                value = value.get(step)
            case list() if isinstance(step, int) and -len(value) <= step < len(value):
                value = value[step]
            case _:
                return None
    return value


def code_text(value: JsonValue) -> str:
    """Return a code as text, be it sent as text or as a whole number; empty for anything else."""
    match value:
        case bool():
            return ""
        case int() if abs(value) < 10**18:
            return str(value)
        case str():
            return value
        case _:
            return ""


def message_id(value: JsonValue) -> str:
    """Return a provider's name for a message: printable ASCII, 64 characters at most."""
    return _UNPRINTABLE.sub("", code_text(value))[:_LONGEST_ID]


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("no JSON number")
