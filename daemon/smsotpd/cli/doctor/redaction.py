# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Take out of a text or a configuration whatever nobody else may read; pure.

Configuration goes through an allow-list: what is not known to be harmless is replaced. Texts that
others wrote lose all that looks like a number, a code, a hash or a credential.
"""

import re
import tomllib
from typing import Final

REMOVED: Final = "(removed)"

# Tables of smsotpd.toml whose numbers and switches are limits, not data.
_LIMITS: Final = frozenset({"daemon", "pin", "gateways", "limits", "policy"})
# Keys whose texts are words of ours or names of gateways and groups.
_WORDS: Final = frozenset(
    {
        "factors", "mode", "unenrolled", "order", "gateways", "channel", "events", "protection",
        "type",
    }
)  # fmt: skip

_PATTERNS: Final = (
    # A hash with its parameters, as argon2 and crypt write it.
    re.compile(r"\$\w+\$[^\s\"']+"),
    # What a name before it calls a secret.
    re.compile(r"(?i)(?<=[\w-])(?:pass|passwd|password|pw|secret|token|key|pin|auth)=\S+"),
    re.compile(r"(?i)\b(?:pass\w*|bindpw|pw|\w*secret|\w*token|\w*key|\w*pin)\s*=\s*\S+"),
    # A URL's name, password and question.
    re.compile(r"(?<=://)[^\s/@]+@"),
    re.compile(r"(?<=\S)\?[^\s\"']+"),
    # Phone numbers, also in groups; codes.
    re.compile(r"\+\d[\d ./()-]{5,}\d"),
    re.compile(r"(?<![\w.])\d{6,}(?![\w])"),
    # Long words of letters and digits: keys, digests, tokens.
    re.compile(r"(?<![\w/.-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+=-]{24,}"),
    # An address of a person.
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)


def redacted_text(text: str) -> str:
    """Return a text without what looks like a secret or a number."""
    for pattern in _PATTERNS:
        text = pattern.sub(REMOVED, text)
    return text


def redacted_configuration(text: str, *, is_gateway: bool) -> object:
    """Return a configuration file's content for JSON, with everything else than limits replaced.

    Args:
        is_gateway: of gateways.d, where only type and switch are kept.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return "(no TOML)"
    return _gateway(document) if is_gateway else _settings(document)


def _settings(document: dict[str, object]) -> dict[str, object]:
    return {name: _value(name, value, numbers=name in _LIMITS) for name, value in document.items()}


def _gateway(document: dict[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            kept[name] = _gateway(value)
        elif name == "enabled" and isinstance(value, bool):
            kept[name] = value
        elif name == "type" and isinstance(value, str):
            kept[name] = redacted_text(value)
        else:
            kept[name] = REMOVED
    return kept


def _value(name: str, value: object, *, numbers: bool) -> object:
    match value:
        case dict():
            return {key: _value(key, each, numbers=numbers) for key, each in value.items()}
        case list():
            return [_value(name, each, numbers=numbers) for each in value]
        case bool():
            return value
        case int() | float() if numbers:
            return value
        case str() if name in _WORDS:
            return redacted_text(value)
        case _:
            return REMOVED
