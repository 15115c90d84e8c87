# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One TOML file, and where in it a key stands."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from smsotpd.core.errors import ConfigurationError

_LARGEST = 1 << 20
_HEADER = re.compile(r"\s*\[\[?\s*(?P<table>[^\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(?P<key>[A-Za-z0-9_\-\".']+(?:\s*\.\s*[A-Za-z0-9_\-\"']+)*)\s*=")
_LINE_IN_MESSAGE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file.

    Attributes:
        path: as given, for messages.
        values: what `tomllib` made of it.
    """

    path: str
    text: str
    values: dict[str, object]

    def error(self, key: str, complaint: str) -> ConfigurationError:
        """Return an error that names file, dotted key and line."""
        return ConfigurationError(self.path, complaint, key=key, line=line_of(self.text, key))


def read_document(path: Path) -> Document:
    """Read and parse a file.

    Raises:
        ConfigurationError: it cannot be read, is too large, is no UTF-8, or no TOML.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST:
        raise ConfigurationError(str(path), f"is larger than {_LARGEST} bytes")
    try:
        text = raw.decode()
        return Document(str(path), text, tomllib.loads(text))
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(path), "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        # The parser's own words never repeat a value, only what it expected where.
        found = _LINE_IN_MESSAGE.search(str(error))
        complaint = _LINE_IN_MESSAGE.sub("", str(error)).strip()
        line = int(found[1]) if found else 0
        raise ConfigurationError(str(path), f"is not TOML: {complaint}", line=line) from None


def line_of(text: str, dotted: str) -> int:
    """Return the line that sets a dotted key, or opens its table; 0 if none is found."""
    table, best = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _plain(header["table"])
            if dotted == table or (not best and dotted.startswith(table + ".")):
                best = number
        elif key := _KEY.match(line):
            name = _plain(key["key"])
            if dotted == (f"{table}.{name}" if table else name):
                return number
    return best


def _plain(dotted: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in dotted.split("."))
