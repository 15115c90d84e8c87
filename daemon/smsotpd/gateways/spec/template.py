# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Request fields with the tags {phone} and {otp}, some of them JSON."""

import json
import math
import re
from collections.abc import Mapping
from typing import Final, NoReturn

from smsotpd.core.errors import BadArgumentError
from smsotpd.gateways.spec.request import JsonValue

PHONE: Final = "phone"
TEXT: Final = "otp"

_TAG = re.compile(r"\{(phone|otp)\}")


def fill(template: str, tags: Mapping[str, str]) -> str:
    """Replace the tags in one pass, so that a message which holds a tag stays as it is."""
    return _TAG.sub(lambda match: tags[match[1]], template)


def fill_json(template: JsonValue, tags: Mapping[str, str]) -> JsonValue:
    """Replace the tags in every text of a parsed template: what was text stays text."""
    match template:
        case str():
            return fill(template, tags)
        case list():
            return [fill_json(item, tags) for item in template]
        case dict():
            return {fill(key, tags): fill_json(item, tags) for key, item in template.items()}
        case _:
            return template


def parse_template(text: str) -> JsonValue:
    """Return the JSON value that the text spells, else the text itself."""
    try:
        return _parse_json(text)
    except ValueError:
        return text


def check_template(name: str, text: str) -> None:
    """Refuse a template that is JSON only once its tags are filled in.

    Raises:
        BadArgumentError: it is such a one; its tags need quotes.
    """
    if isinstance(parse_template(text), str) and isinstance(
        parse_template(fill(text, {PHONE: "0", TEXT: "0"})), list | dict
    ):
        raise BadArgumentError(
            name, 'must have its tags in quotes, as in {"to": "{phone}"}: a code is text'
        )


def parse_object(name: str, text: str) -> dict[str, JsonValue]:
    """Parse a JSON object of fields.

    Raises:
        BadArgumentError: the text is something else.
    """
    try:
        value = _parse_json(text) if text else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadArgumentError(name, 'must be a JSON object, as in {"from": "Example"}')
    return value


def _parse_json(text: str) -> JsonValue:
    """Parse strict JSON: no NaN, no number too large to be one.

    Raises:
        ValueError: the text is no such JSON.
    """
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number
