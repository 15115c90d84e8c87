# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl status`: how the daemon is."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from smsotpd.cli.client import Entry
from smsotpd.cli.errors import CliError
from smsotpd.cli.exposition import DOWN, exposition, samples_of
from smsotpd.cli.output import print_facts, print_json, print_table, printable
from smsotpd.cli.status_view import blocks
from smsotpd.cli.tool import Tool, json_option, pass_tool

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.option("--watch", is_flag=True, help="Show it again and again, until q or Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 3600),
    metavar="SECONDS",
    default=2.0,
    show_default=True,
    help="How often with --watch.",
)
@click.option("--prometheus", is_flag=True, help="Print numbers in Prometheus' text format.")
@json_option
@pass_tool
def status(tool: Tool, watch: bool, interval: float, prometheus: bool) -> None:
    """Show how the daemon is: configuration, logins, users, gateways, budgets."""
    if prometheus:
        if watch or tool.as_json:
            raise click.UsageError("--prometheus stands alone")
        _print_metrics(tool)
    elif watch:
        _watch(tool, interval)
    else:
        facts = _ask(tool)
        if tool.as_json:
            print_json(facts)
        else:
            _print_blocks(facts)


def _ask(tool: Tool) -> Entry:
    with tool.connect() as daemon:
        return daemon.status()


def _print_metrics(tool: Tool) -> None:
    """Print the daemon's numbers; of one that does not answer, only that, and fail."""
    try:
        text = exposition(samples_of(_ask(tool).get("samples")))
    except CliError:
        click.echo(exposition(DOWN), nl=False)
        raise
    except (TypeError, ValueError):
        raise CliError("smsotpd answered with something that is not in the contract") from None
    click.echo(text, nl=False)


def _print_blocks(facts: Entry) -> None:
    for number, block in enumerate(blocks(facts)):
        if number:
            click.echo()
        if block.columns is None:
            print_facts(block.rows[0])
        else:
            print_table(block.columns, block.rows)


def _watch(tool: Tool, interval: float) -> None:
    # Slow to import; only a view that stays needs it.
    from smsotpd.cli.live import (  # noqa: PLC0415  # lazy, for the reason above
        is_screen,
        watch_as_text,
        watch_on_screen,
    )

    # What is wrong from the start is an error; a restart later on is no reason to end.
    begun = [_ask(tool)]
    if tool.as_json or not is_screen():
        watch_as_text(lambda: _show(tool, begun.pop() if begun else None), interval)
    else:
        watch_on_screen(lambda: _drawn(tool), interval)


def _show(tool: Tool, facts: Entry | None) -> None:
    """Print what is known, or ask for it now."""
    complaint = ""
    try:
        facts = facts or _ask(tool)
    except CliError as error:
        complaint = error.text
    if tool.as_json:
        click.echo(json.dumps({"error": complaint} if complaint else facts, ensure_ascii=True))
        return
    click.echo(_now())
    if facts is not None:
        _print_blocks(facts)
    else:
        click.echo(printable(complaint))
    click.echo()


def _drawn(tool: Tool) -> "RenderableType":
    """Return the view as it is now; a daemon that restarts meanwhile is no reason to end."""
    from rich.console import Group  # noqa: PLC0415  # lazy, as in `_watch`
    from rich.text import Text  # noqa: PLC0415  # lazy, as in `_watch`

    from smsotpd.cli.output import drawn_facts, drawn_table  # noqa: PLC0415  # lazy, as above

    heading = Text(f"{_now()}   q: quit", style="dim")
    try:
        found = blocks(_ask(tool))
    except CliError as error:
        return Group(heading, Text(), Text(printable(error.text), style="bold red"))
    parts = [
        drawn_table(block.columns, block.rows) if block.columns else drawn_facts(block.rows[0])
        for block in found
    ]
    return Group(heading, Text(), *parts)


def _now() -> str:
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
