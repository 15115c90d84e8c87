# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Print results: tables for people, JSON for programs, and nothing that controls a terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

_EMPTY = "–"


def printable(text: str) -> str:
    """Escape every character that could move a cursor, hide text or turn it around."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def print_json(value: object) -> None:
    """Print a value as JSON in ASCII, which escapes all controls."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def print_table(columns: Mapping[str, str], entries: Sequence[Mapping[str, object]]) -> None:
    """Print entries as a table; drawn on a terminal, plain aligned columns elsewhere.

    Args:
        columns: key in the entries to the heading.
    """
    if sys.stdout.isatty():
        # Slow to import; only a terminal needs it.
        from rich.console import Console  # noqa: PLC0415  # lazy, for the reason above

        console = Console(highlight=False, emoji=False, markup=False)
        console.print(drawn_table(columns, entries))
        return
    headings, rows = list(columns.values()), _cells(columns, entries)
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def drawn_table(columns: Mapping[str, str], entries: Sequence[Mapping[str, object]]) -> "Table":
    """Return entries as a table for a terminal."""
    from rich import box  # noqa: PLC0415  # slow to import; only a terminal needs it
    from rich.table import Table  # noqa: PLC0415  # as above

    table = Table(box=box.SIMPLE_HEAD)
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    _fill(table, _cells(columns, entries))
    return table


def drawn_facts(facts: Mapping[str, object]) -> "Table":
    """Return names and values, one a line, for a terminal."""
    from rich.table import Table  # noqa: PLC0415  # slow to import; only a terminal needs it

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    _fill(table, [[printable(name), cell(value, name)] for name, value in facts.items()])
    return table


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, one a line."""
    labels = {name: printable(name.replace("_", " ")) for name in facts}
    width = max(map(len, labels.values()), default=0)
    for name, value in facts.items():
        click.echo(f"{labels[name]:<{width}}  {cell(value, name)}")


def cell(value: object, key: str = "") -> str:
    """Return a value as people read it; `key` tells times from other numbers."""
    match value:
        case None | "":
            return _EMPTY
        case bool():
            return "yes" if value else "no"
        case int() if key.endswith("_at"):
            return datetime.fromtimestamp(value).astimezone().isoformat(" ", "minutes")
        case list():
            return ", ".join(cell(each) for each in value) or _EMPTY
        case _:
            return printable(str(value))


def _escaped(char: str) -> str:
    number = ord(char)
    if number <= 0xFF:  # noqa: PLR2004  # what two hexadecimal digits can say
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004  # as above


def _cells(columns: Mapping[str, str], entries: Sequence[Mapping[str, object]]) -> list[list[str]]:
    return [[cell(entry.get(key), key) for key in columns] for entry in entries]


def _fill(table: "Table", rows: Sequence[Sequence[str]]) -> None:
    from rich.text import Text  # noqa: PLC0415  # slow to import; only a terminal needs it

    for row in rows:
        # Text, not str: what the daemon says must not be read as markup.
        table.add_row(*(Text(text) for text in row))
