# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The fields of a request: options with tags, and fixed ones."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from smsotpd.core.errors import BadArgumentError
from smsotpd.gateways.providers.http.settings import OPTION, PARAMETER
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.template import fill_json, parse_object, parse_template


@dataclass(frozen=True, slots=True)
class RequestField:
    """One field: as JSON a value, in a query or form one pair, several, or none.

    Attributes:
        spelling: of a number or truth value, as the administrator wrote it.
        has_tags: whether the tags in it are replaced.
    """

    name: str
    value: JsonValue = field(repr=False)
    spelling: str = field(default="", repr=False)
    has_tags: bool = True

    def filled(self, tags: Mapping[str, str]) -> "RequestField":
        """Return the field with its tags replaced: what was text stays text."""
        if not self.has_tags:
            return self
        return replace(self, value=fill_json(self.value, tags))

    def pairs(self) -> list[tuple[str, str]]:
        """Spread the field over a query or form: a list repeats it, null drops it.

        Raises:
            BadArgumentError: objects or lists are inside, which no form can carry.
        """
        items = self.value if isinstance(self.value, list) else [self.value]
        return [(self.name, self._text(item)) for item in items if item is not None]

    def _text(self, item: JsonValue) -> str:
        match item:
            case str():
                return item
            case list() | dict():
                raise BadArgumentError(
                    self.name, "holds a JSON object or nested list: set SEND_DATA_AS_JSON to yes"
                )
            case _:
                return self.spelling or json.dumps(item)


def fields(values: Values) -> list[RequestField]:
    """Return the fields of the request in stored order; a fixed one replaces an option.

    Raises:
        BadArgumentError: PARAMETER is no JSON object.
    """
    options = [_option(name, text) for name, text in values.fields(OPTION).items()]
    fixed = [
        RequestField(name, value, has_tags=False)
        for name, value in parse_object(PARAMETER, values.text(PARAMETER)).items()
    ]
    fixed += [
        RequestField(name, text, has_tags=False) for name, text in values.fields(PARAMETER).items()
    ]
    return list({each.name: each for each in (*options, *fixed)}.values())


def _option(name: str, text: str) -> RequestField:
    value = parse_template(text)
    spelling = "" if isinstance(value, str | list | dict) else text.strip()
    return RequestField(name, value, spelling)
