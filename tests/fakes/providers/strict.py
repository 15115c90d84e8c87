# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a strict simulator is made of: endpoints that declare all they take, and what they answer.

A request that breaks a declaration is a violation: it is recorded and answered with a 4xx, so that
no test that sends it can pass. What the real provider answers to bad input, `answer` answers.

The shape of a query, form or JSON body:
    a text      a regular expression that the whole text matches
    a type      a JSON value of exactly this type
    a dict      an object with these members and no other; `name?` may be missing
    [shape]     a list of one or more
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from smsotpd.core.outcome import ErrorClass
from tests.fakes.http_provider import Line, Received, reply

NUMBER: Final = "+491701234567"
TEXT: Final = "Code 013579 für den Rechner"
PASSWORD: Final = "s3cret-of-the-gateway"

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
XML: Final = "text/xml"
_CODE: Final = re.compile(r"000(\d{5})$")


@dataclass(frozen=True)
class Reply:
    """What a simulator answers."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """Answer with JSON; a header's underscores stand for hyphens."""
    return Reply(json.dumps(value), status, {"Content_Type": JSON, **headers})


@dataclass(frozen=True)
class Asked:
    """A request that kept to the declaration: its fields are parsed."""

    query: dict[str, Any]
    body: dict[str, Any]
    received: Received

    @property
    def fields(self) -> dict[str, Any]:
        return {**self.query, **self.body}


def _no_xml(_body: bytes) -> dict[str, Any]:
    raise ValueError("no XML is expected here")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes:
        path: a regular expression for the whole path.
        query, form, json, xml: shapes; a request has no query or body that is not declared.
        read_xml: how a body of XML becomes what `xml` is the shape of; raises ValueError.
        headers: by lower-case name, each a regular expression for the whole text.
        any_case: whether names of fields may be written in any case; they arrive in lower case.
    """

    method: str
    path: str
    answer: Callable[[Asked], Reply]
    query: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] | None = None
    json: Mapping[str, Any] | None = None
    xml: Mapping[str, Any] | None = None
    read_xml: Callable[[bytes], dict[str, Any]] = _no_xml
    headers: Mapping[str, str] = field(default_factory=dict)
    any_case: bool = False

    def violations(self, received: Received, asked: Asked) -> list[str]:
        found = _mismatches("query", self.query, asked.query)
        found += _mismatches("body", self.form or self.json or self.xml or {}, asked.body)
        for name, pattern in self.headers.items():
            if not re.fullmatch(pattern, received.headers.get(name, "")):
                found.append(f"header {name}")
        return found

    def parse(self, received: Received) -> Asked:
        """Parse query and body.

        Raises:
            ValueError: they are malformed, of another type, or name a field twice.
        """
        query = self._fields(received.query) if "?" in received.target else {}
        content_type = received.headers.get("content-type", "")
        if content_type != self._content_type:
            raise ValueError("content type")
        if not content_type:
            if received.body:
                raise ValueError("body")
            return Asked(query, {}, received)
        if self.xml is not None:
            return Asked(query, self.read_xml(received.body), received)
        if self.json is None:
            return Asked(query, self._fields(received.form), received)
        body = json.loads(received.body, object_pairs_hook=self._fields)
        if not isinstance(body, dict):
            raise ValueError("body")  # noqa: TRY004  # malformed as any other body is
        return Asked(query, body, received)

    @property
    def _content_type(self) -> str:
        shapes = ((self.form, FORM), (self.json, JSON), (self.xml, XML))
        return next((content_type for shape, content_type in shapes if shape is not None), "")

    def _fields(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if self.any_case:
            pairs = [(name.lower(), value) for name, value in pairs]
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise ValueError("a field is given twice")
        return fields


class StrictProvider:
    """Answer requests to endpoints; all else is a violation."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self._endpoints = endpoints
        self.violations: list[str] = []

    def __call__(self, received: Received, line: Line) -> None:
        answer = self.answer(received)
        reply(answer.status, answer.body, **answer.headers)(received, line)

    def answer(self, received: Received) -> Reply:
        """Return the reply; what is not declared is recorded as a violation."""
        there = [each for each in self._endpoints if re.fullmatch(each.path, received.path)]
        if not there:
            return self._violation(404, f"path {received.path}")
        candidates = [each for each in there if each.method == received.method]
        if not candidates:
            return self._violation(405, f"method {received.method}")
        complaints = []
        for endpoint in candidates:  # several forms of a request may share one place
            try:
                asked = endpoint.parse(received)
            except ValueError as error:
                complaints.append(f"malformed: {error}")
                continue
            found = endpoint.violations(received, asked)
            if not found:
                return endpoint.answer(asked)
            complaints.append(", ".join(found))
        return self._violation(400, " or ".join(complaints))

    def _violation(self, status: int, what: str) -> Reply:
        self.violations.append(what)
        return Reply("the simulator does not know such a request", status)


@dataclass(frozen=True)
class Case:
    """A message that the provider refuses: what is changed of the good one, and its class."""

    name: str
    error_class: ErrorClass
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    text: str = ""


@dataclass(frozen=True)
class Simulator:
    """A provider as the contract test drives it.

    Attributes:
        provider: makes the simulator, fresh for each test.
        url_setting: the setting that leads to it; `path` is appended to the simulator's URL.
        message_id: what it answers to a good message.
        silent_success: whether HTTP 200 alone means success, so that any text under it does.
        empty_success: whether HTTP 200 with an empty body means success.
    """

    gateway_id: str
    provider: Callable[[], StrictProvider]
    url_setting: str
    message_id: str
    failures: tuple[Case, ...]
    path: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    number: str = NUMBER
    text: str = TEXT
    silent_success: bool = False
    empty_success: bool = False


def number_for(code: int | str) -> str:
    """Return the number that makes a simulator answer with this code."""
    return f"+49170000{int(code):05}"


def code_in(number: str) -> str:
    """Return the code that a number made by `number_for` asks for, empty for other numbers."""
    found = _CODE.search(number)
    return str(int(found[1])) if found else ""


def _mismatches(where: str, shape: Any, value: Any) -> list[str]:
    match shape:
        case str():
            fits = isinstance(value, str) and re.fullmatch(shape, value, re.DOTALL)
            return [] if fits else [where]
        case type():
            return [] if type(value) is shape else [where]
        case [inner]:
            if not isinstance(value, list) or not value:
                return [where]
            return [
                each
                for index, item in enumerate(value)
                for each in _mismatches(f"{where}[{index}]", inner, item)
            ]
        case dict():
            return _members(where, shape, value)
        case _:
            raise TypeError(where)


def _members(where: str, shape: Mapping[str, Any], value: Any) -> list[str]:
    if not isinstance(value, dict):
        return [where]
    inner = {name.removesuffix("?"): each for name, each in shape.items()}
    found = [f"{where}.{name} is unknown" for name in value if name not in inner]
    for name, each in inner.items():
        if name in value:
            found += _mismatches(f"{where}.{name}", each, value[name])
        elif f"{name}?" not in shape:
            found.append(f"{where}.{name} is missing")
    return found
