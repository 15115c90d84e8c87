# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One HTTP request as data: what a provider wants sent, before anything is sent."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_TYPE: Final = "application/json"
XML_TYPE: Final = "text/xml"

# What every request says unless the provider or the administrator says otherwise. No compression:
# the length of a reply is then what it looks like.
_DEFAULT_HEADERS: Final = (
    ("User-Agent", "pam-smsotp"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
)

Pairs = tuple[tuple[str, str], ...]
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """User name and password for basic authentication (RFC 7617); neither is printed."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """Return the Authorization header: Latin-1 where the text allows it, else UTF-8."""
        pair = f"{self.username}:{self.password}"
        try:
            raw = pair.encode("latin-1")
        except UnicodeEncodeError:
            raw = pair.encode()
        return "Basic " + base64.b64encode(raw).decode("ascii")


@dataclass(frozen=True, slots=True)
class Form:
    """A body of form fields, in UTF-8 with `+` for a blank."""

    pairs: Pairs = field(repr=False)

    content_type = FORM_TYPE

    def encode(self) -> bytes:
        """Return the body's bytes."""
        return urlencode(self.pairs).encode("ascii")


@dataclass(frozen=True, slots=True)
class Json:
    """A body of JSON, in ASCII with escapes, so that no reader can mistake its charset."""

    value: JsonValue = field(repr=False)

    content_type = JSON_TYPE

    def encode(self) -> bytes:
        """Return the body's bytes."""
        return json.dumps(self.value, allow_nan=False).encode("ascii")


@dataclass(frozen=True, slots=True)
class Xml:
    """A body of XML in UTF-8, which is what XML is in unless it says otherwise (XML 1.0, 4.3.3)."""

    text: str = field(repr=False)

    content_type = XML_TYPE

    def encode(self) -> bytes:
        """Return the body's bytes."""
        return self.text.encode()


@dataclass(frozen=True, slots=True)
class Request:
    """One request; its printed form shows nothing that may be secret.

    Attributes:
        url: with the provider's fixed query, without userinfo.
        query: fields to append to the query of the URL.
        headers: as configured; they win over the ones implied by the body.
        proxy: URL of the proxy for this request, with its credentials; empty for none.
        verify: whether the server's certificate is verified.
        ca_file: path of the authorities to trust instead of the system's; empty for the system's.
        timeout: seconds for the whole exchange, from name look-up to the last byte of the reply.
        hands_over: whether the provider has the message once it read this request; if not, the
            message is surely not sent when the exchange breaks off.
    """

    method: str
    url: str = field(repr=False)
    query: Pairs = field(default=(), repr=False)
    body: Form | Json | Xml | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: BasicAuth | None = field(default=None, repr=False)
    proxy: str = field(default="", repr=False)
    verify: bool = True
    ca_file: str = field(default="", repr=False)
    timeout: float = 10.0
    hands_over: bool = True

    @property
    def target(self) -> str:
        """Return the URL with all query fields: an existing query is kept and appended to."""
        if not self.query:
            return self.url
        separator = "&" if "?" in self.url else "?"
        return f"{self.url}{separator}{urlencode(self.query)}"

    @property
    def content(self) -> bytes | None:
        """Return the body's bytes, None for a request without one."""
        return None if self.body is None else self.body.encode()

    @property
    def sent_headers(self) -> dict[str, str]:
        """Return all headers to send, except the ones that HTTP itself needs (Host, length)."""
        implied = list(_DEFAULT_HEADERS)
        if self.body is not None:
            implied.append(("Content-Type", self.body.content_type))
        given = {name.casefold() for name in self.headers}
        headers = {name: text for name, text in implied if name.casefold() not in given}
        headers.update(self.headers)
        if self.auth is not None:
            headers["Authorization"] = self.auth.header
        return headers
