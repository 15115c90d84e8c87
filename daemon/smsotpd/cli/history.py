# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl history`: what happened, from the journal."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import click

from smsotpd.cli.output import cell, printable
from smsotpd.cli.records import Record, Wanted, left_out
from smsotpd.cli.tool import Tool, json_option, pass_tool
from smsotpd.cli.when import FORMS, parse_when
from smsotpd.core.event_names import ALL_KINDS

_OUTCOMES: Final = ("granted", "denied", "cancelled")
_TIME_WIDTH: Final = 19
_FROM_WIDTH: Final = 15


class _When(click.ParamType):
    """A point in time."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return it in seconds since 1970."""
        try:
            return parse_when(str(value), datetime.now().astimezone())
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("user", default="")
@click.option("--since", type=_When(), help=f"Not what was before: {FORMS}.")
@click.option("--until", type=_When(), help="Not what was after.")
@click.option("--service", default="", help="Logins to one service only.")
@click.option("--gateway", default="", help="What one gateway did only.")
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="KIND",
    type=click.Choice(sorted(ALL_KINDS)),
    help="Events of one kind only, as login-denied; may be given again.",
)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(_OUTCOMES),
    help="Logins that ended so only; may be given again.",
)
@click.option(
    "--lines",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="How many events at most, the newest; 0 for all.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with events as they come, until Ctrl-C.")
@json_option
@pass_tool
def history(
    tool: Tool,
    user: str,
    since: float | None,
    until: float | None,
    service: str,
    gateway: str,
    events: tuple[str, ...],
    outcomes: tuple[str, ...],
    lines: int,
    follow: bool,
) -> None:
    """Show what happened: logins, codes, locks, changes, all or one user's; the newest last.

    It is read from the journal, and only what the daemon itself wrote there. With --json, one
    object a line.
    """
    if follow and until is not None:
        raise click.UsageError("--follow and --until exclude each other")
    kinds = frozenset(events) | {f"login-{outcome}" for outcome in outcomes}
    wanted = Wanted(user, service, gateway, kinds, since, until)
    show = _show_json if tool.as_json else _shown_as_table()
    records = tool.records()
    found = records.newest(wanted, lines)
    for complaint in left_out(tool.host):
        click.echo(f"smsotpctl: what it holds is missing here: {printable(complaint)}", err=True)
    if not (found or follow or tool.as_json):
        click.echo("The journal has no such event.")
        return
    if not tool.as_json:
        _show_heading()
    for record in found:
        show(record)
    if follow:
        # Ctrl-C is the way out, not the failure of anything.
        with suppress(KeyboardInterrupt):
            for record in records.following(wanted, found[-1] if found else None):
                show(record)


def _show_json(record: Record) -> None:
    time = datetime.fromtimestamp(record.at).astimezone().isoformat()
    entry = {"time": time, "event": record.event, "message": record.message, **record.fields}
    click.echo(json.dumps(entry, ensure_ascii=True))


def _show_heading() -> None:
    click.echo(f"{'Time':<{_TIME_WIDTH}}  {'From':<{_FROM_WIDTH}}  Event")


def _cells(record: Record) -> tuple[str, str, str]:
    time = datetime.fromtimestamp(record.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return time, cell(record.fields.get("rhost")), printable(record.message)


def _shown_as_table() -> Callable[[Record], None]:
    """Return what shows one event as a row: folded to a terminal's width, one line elsewhere."""
    if not sys.stdout.isatty():

        def show_plain(record: Record) -> None:
            time, rhost, event = _cells(record)
            click.echo(f"{time:<{_TIME_WIDTH}}  {rhost:<{_FROM_WIDTH}}  {event}")

        return show_plain
    # Slow to import; only a terminal needs it.
    from rich.console import Console  # noqa: PLC0415  # lazy, for the reason above
    from rich.table import Table  # noqa: PLC0415  # lazy, for the reason above
    from rich.text import Text  # noqa: PLC0415  # lazy, for the reason above

    console = Console(highlight=False, emoji=False, markup=False)

    def show_folded(record: Record) -> None:
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=_TIME_WIDTH)
        row.add_column(width=_FROM_WIDTH, overflow="fold")
        row.add_column(overflow="fold")
        row.add_row(*(Text(text) for text in _cells(record)))
        console.print(row)

    return show_folded
