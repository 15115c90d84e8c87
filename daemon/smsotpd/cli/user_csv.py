# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users in a CSV file (RFC 4180), as spreadsheets and directories write them."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from smsotpd.cli.errors import WrongInputError
from smsotpd.core.channel_names import CHANNEL_NAMES, SMS
from smsotpd.core.secret import Secret

USER: Final = "user"
PIN: Final = "pin"
# A phone number without further word is for text messages.
_ALIASES: Final = {"phone": SMS}
_LONGEST_CELL: Final = 2048
_FORMULA: Final = "=+-@"
COLUMNS: Final = (USER, *CHANNEL_NAMES, *_ALIASES, PIN)


@dataclass(frozen=True, slots=True)
class Row:
    """One user.

    Attributes:
        line: 1-based, where the row begins.
        addresses: by channel, in the order of the columns.
        mistake: why the row says nothing; empty if it does.
    """

    line: int
    user: str
    addresses: dict[str, str] = field(default_factory=dict, repr=False)
    pin: Secret = field(default_factory=lambda: Secret(""))
    mistake: str = ""


def parse_users(content: bytes) -> list[Row]:
    """Return the rows of a file; a row that is wrong is among them, with its mistake.

    Raises:
        WrongInputError: the file as a whole cannot be understood; says why and on which line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongInputError(
            f"line {line} is not UTF-8 text", remedy="save the file as CSV UTF-8"
        ) from None
    heading = text.partition("\n")[0]
    # Spreadsheets of countries that write a decimal comma separate cells by semicolons.
    delimiter = ";" if ";" in heading and "," not in heading else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    columns: list[str] = []
    begun = 1
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                pass
            elif not columns:
                columns = _columns(cells)
            else:
                rows.append(_row(begun, columns, cells))
            begun = reader.line_num + 1
    except csv.Error as error:
        raise WrongInputError(f"line {begun} is no CSV: {error}") from None
    if not columns:
        raise WrongInputError(f"the file is empty; its first line names columns: {_known()}")
    return _without_repeated(rows)


def _columns(cells: Sequence[str]) -> list[str]:
    given = [cell.strip().lower() for cell in cells]
    columns = [_ALIASES.get(name, name) for name in given]
    unknown = [name for name in given if name not in COLUMNS]
    if unknown:
        names = ", ".join(f"“{name}”" for name in unknown)
        raise WrongInputError(f"there are unknown columns: {names}; known are: {_known()}")
    if repeated := [name for name, times in Counter(columns).items() if times > 1]:
        raise WrongInputError(f"there is more than one column “{repeated[0]}”")
    if USER not in columns:
        raise WrongInputError("the first line names no column “user”")
    return columns


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(columns):
        user = cells[columns.index(USER)].strip() if len(cells) > columns.index(USER) else ""
        mistake = f"there are {len(cells)} cells, and {len(columns)} columns"
        return Row(line, user, mistake=mistake)
    if max(map(len, cells)) > _LONGEST_CELL:
        return Row(line, "", mistake=f"a cell is longer than {_LONGEST_CELL} characters")
    values = dict(zip(columns, cells, strict=True))
    user, pin = values.pop(USER).strip(), Secret(values.pop(PIN, ""))
    addresses = {channel: text.strip() for channel, text in values.items() if text.strip()}
    return Row(line, user, addresses, pin, _mistake_in(user))


def _mistake_in(user: str) -> str:
    if not user:
        return "no user is named"
    # The file of new PINs is opened in spreadsheets, too, and they would compute such a name.
    return "the user begins with a sign of formulas" if user[0] in _FORMULA else ""


def _without_repeated(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with all of a user's made mistakes if there are several.

    Nobody but whoever wrote them knows which of them is meant.
    """
    lines: dict[str, list[int]] = {}
    for row in rows:
        if row.user:
            lines.setdefault(row.user, []).append(row.line)
    found = []
    for row in rows:
        others = [line for line in lines.get(row.user, ()) if line != row.line]
        mistake = row.mistake
        if others and not mistake:
            mistake = f"the user stands on line {others[0]}, too; keep one of them"
        found.append(replace(row, mistake=mistake))
    return found


def _known() -> str:
    return ", ".join(COLUMNS)
