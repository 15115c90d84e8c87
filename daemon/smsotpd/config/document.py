# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One TOML file, and where in it a key stands."""

import os
import re
import stat
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

    def place(self, key: str) -> str:
        """Return file and line of a dotted key."""
        line = line_of(self.text, key)
        return f"{self.path}:{line}" if line else self.path

    def table(self, *names: str) -> dict[str, object]:
        """Return the table of that path; empty if there is none.

        Raises:
            ConfigurationError: what has this name is no table.
        """
        table = self.values
        for depth, name in enumerate(names, start=1):
            found = table.get(name, {})
            if not isinstance(found, dict):
                dotted = ".".join(names[:depth])
                raise self.error(dotted, f"must be a table, as [{dotted}]")
            table = found
        return table


def read_document(path: Path) -> Document:
    """Read and parse a file.

    Raises:
        ConfigurationError: it cannot be read, is no file, is too large, is no UTF-8, or no TOML.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:  # a Path takes none
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigurationError(str(path), "is no regular file")
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST:
        raise ConfigurationError(str(path), f"is larger than {_LARGEST} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        # Not chained: that error holds the whole file, and with it secrets.
        raise ConfigurationError(str(path), "is not UTF-8 text") from None
    try:
        return Document(str(path), text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        # The parser's own words never repeat a value, only what it expected where.
        found = _LINE_IN_MESSAGE.search(str(error))
        complaint = _LINE_IN_MESSAGE.sub("", str(error)).strip()
        line = int(found[1]) if found else 0
        raise ConfigurationError(str(path), f"is not TOML: {complaint}", line=line) from None
    except (RecursionError, ValueError):
        # What tomllib leaves to Python: thousands of brackets, numbers of thousands of digits.
        complaint = "is not TOML: it is nested too deeply, or holds an endless number"
        raise ConfigurationError(str(path), complaint) from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, but wait for nobody who may write to a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def toml_files(directory: Path) -> list[Path]:
    """Return the *.toml files of a directory in the order of their names; none if there is none.

    Hidden files are left out: editors keep their locks and copies there.

    Raises:
        ConfigurationError: the directory cannot be read.
    """
    try:
        found = [path for path in directory.iterdir() if path.suffix == ".toml"]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(str(directory), f"cannot be read: {error.strerror}") from error
    return sorted(path for path in found if not path.name.startswith("."))


def line_of(text: str, dotted: str) -> int:
    """Return the line that sets a dotted key, else the nearest one around it; 0 if none is found.

    Nearest is the longest name that the key begins with: an inline table, or the table's header.
    """
    table, best, nearest = "", 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = table = _plain(header["table"])
        elif key := _KEY.match(line):
            name = ".".join(filter(None, (table, _plain(key["key"]))))
        else:
            continue
        is_nearer = len(name) > len(nearest) and f"{dotted}.".startswith(f"{name}.")
        if is_nearer:
            best, nearest = number, name
    return best


def _plain(dotted: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in dotted.split("."))
