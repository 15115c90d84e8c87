# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user import`: many users from a CSV file."""

import json
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from smsotpd.cli.client import MOST_SECRET_BYTES, AdminClient
from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json, printable
from smsotpd.cli.pin_file import PinFile, new_pin
from smsotpd.cli.tool import Tool, json_option, pass_tool
from smsotpd.cli.user_csv import Row, parse_users
from smsotpd.core.secret import Secret

_MOST_AT_ONCE: Final = 100
_MOST_BYTES: Final = 16 * 1024 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_REFUSED: Final = "refused"
_WOULD: Final = {"enrolled": "would be enrolled", "changed": "would be changed"}
_NO_ACCOUNT: Final = "no account of that name is on this machine"


@dataclass(frozen=True, slots=True)
class _Report:
    """What became of one row."""

    row: Row
    result: str
    reason: str = ""
    warning: str = ""


@click.command("import")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing; say what would be done.")
@click.option(
    "--pins-to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make a PIN for each user who has none, and write them to this new file.",
)
@click.option(
    "--without-pin",
    is_flag=True,
    help="Let new users have no PIN, for services that ask for the code alone.",
)
@json_option
@pass_tool
def import_users(
    tool: Tool, file: Path, dry_run: bool, pins_to: Path | None, without_pin: bool
) -> None:
    """Enrol users from a CSV file, or change them, and report line by line.

    The first line names the columns: user; sms (or phone), signal, whatsapp, telegram, xmpp; pin.
    An empty cell leaves what a user has. Each line is done wholly or not at all, and the next one
    all the same; a file may be imported again. Addresses count at once, without a code.
    """
    if pins_to is not None and without_pin:
        raise WrongInputError("--pins-to and --without-pin exclude each other")
    rows = parse_users(_read(file))
    if str(file) != "-" and any(row.pin for row in rows):
        _require_private(file)
    reports: list[_Report] = []
    with tool.connect() as daemon:
        run = _Import(tool, daemon, dry_run=dry_run, without_pin=without_pin)
        pin_file = PinFile(pins_to) if pins_to is not None and not dry_run else None
        if pins_to is not None:
            run.make_pins(pin_file)
        try:
            if not tool.as_json:
                click.echo(_LINE.format("Line", "User", "Result", "Why").rstrip())
            for report in run.reports(rows):
                reports.append(report)
                if not tool.as_json:
                    _show(report, dry_run=dry_run)
        finally:
            made = pin_file.finish() if pin_file is not None else 0
            if tool.as_json:
                print_json([_entry(report, dry_run=dry_run) for report in reports])
    counts = Counter(report.result for report in reports)
    if not tool.as_json:
        click.echo(
            f"{counts['enrolled']} enrolled, {counts['changed']} changed, "
            f"{counts['unchanged']} unchanged, {counts[_REFUSED]} refused."
        )
        if dry_run:
            click.echo("Nothing was changed.")
        if made:
            click.echo(f"{made} new PIN(s) are in {pins_to}; delete it when they are handed out.")
    if counts[_REFUSED]:
        click.get_current_context().exit(Exit.FAILED)


class _Import:
    """One run over a file."""

    def __init__(
        self, tool: Tool, daemon: AdminClient, *, dry_run: bool, without_pin: bool
    ) -> None:
        self._tool = tool
        self._daemon = daemon
        self._dry_run = dry_run
        self._without_pin = without_pin
        self._makes_pins = False
        self._pin_file: PinFile | None = None
        self._have_pins: set[str] = set()

    def make_pins(self, pin_file: PinFile | None) -> None:
        """Make PINs for users who have none; without a file, only for the sake of a dry run."""
        self._makes_pins, self._pin_file = True, pin_file
        self._have_pins = {
            str(each["user"]) for each in self._daemon.list_users() if each.get("has_pin")
        }

    def reports(self, rows: Sequence[Row]) -> Iterator[_Report]:
        """Hand the rows over in parts, and yield what becomes of each, in their order."""
        for part in _parts(rows):
            made = {row.user: new_pin(row.user) for row in part if self._needs_pin(row)}
            if made and self._pin_file is not None:
                self._pin_file.note(made)
            good = [row for row in part if not row.mistake]
            answers = self._hand_over(good, made) if good else []
            found = {
                row.user: (result, reason)
                for row, (_user, result, reason) in zip(good, answers, strict=True)
            }
            if self._pin_file is not None:
                self._pin_file.count(
                    {user: pin for user, pin in made.items() if found[user][0] != _REFUSED}
                )
            for row in part:
                if row.mistake:
                    yield _Report(row, _REFUSED, row.mistake)
                    continue
                result, reason = found[row.user]
                warning = "" if self._tool.host.has_account(row.user) else _NO_ACCOUNT
                yield _Report(row, result, reason, warning)

    def _hand_over(
        self, rows: Sequence[Row], made: Mapping[str, Secret]
    ) -> list[tuple[str, str, str]]:
        try:
            return self._daemon.import_users(
                [(row.user, row.addresses, made.get(row.user, row.pin)) for row in rows],
                dry_run=self._dry_run,
                without_pin=self._without_pin,
            )
        except CliError as error:
            if error.exit_code not in {Exit.UNAVAILABLE, Exit.FAILED}:
                if self._pin_file is not None:
                    self._pin_file.count({})
                raise
            # The answer may have been lost, not the work.
            raise CliError(
                f"{error.text}; lines {rows[0].line} to {rows[-1].line} may be done or not",
                remedy="import the file again: what was done is unchanged then",
                exit_code=error.exit_code,
            ) from None

    def _needs_pin(self, row: Row) -> bool:
        return (
            self._makes_pins and not row.mistake and not row.pin and row.user not in self._have_pins
        )


_LINE: Final = "{:<6}  {:<16}  {:<17}  {}"


def _show(report: _Report, *, dry_run: bool) -> None:
    word = _WOULD.get(report.result, report.result) if dry_run else report.result
    why = "; ".join(each for each in (report.reason, report.warning) if each)
    line = _LINE.format(report.row.line, printable(report.row.user), word, printable(why))
    click.echo(line.rstrip())


def _entry(report: _Report, *, dry_run: bool) -> dict[str, object]:
    return {
        "line": report.row.line,
        "user": report.row.user,
        "result": report.result,
        "reason": report.reason,
        "warning": report.warning,
        "dry_run": dry_run,
    }


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the rows in parts that one call takes."""
    part: list[Row] = []
    size = 0
    for row in rows:
        # As JSON in ASCII, where a letter has at most twelve; a made PIN is shorter than 64.
        own = len(json.dumps([row.user, row.addresses, row.pin.reveal()])) + 128
        if part and (len(part) >= _MOST_AT_ONCE or size + own > MOST_SECRET_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += own
    if part:
        yield part


def _read(file: Path) -> bytes:
    if str(file) == "-":
        content = click.get_binary_stream("stdin").read(_MOST_BYTES + 1)
    else:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise WrongInputError(f"{file} is larger than {_MOST_BYTES // 1024 // 1024} MiB")
    return content


def _require_private(file: Path) -> None:
    if file.stat().st_mode & _OTHERS:
        raise WrongInputError(
            f"{file} holds PINs, and not only its owner may read it", remedy=f"chmod 600 {file}"
        )
