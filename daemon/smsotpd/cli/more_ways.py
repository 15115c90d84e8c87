# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user authenticator|recovery|break-glass`: more ways in than a code that is sent."""

import re

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.client import AdminClient
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json, printable
from smsotpd.cli.qr import draw
from smsotpd.cli.tool import Tool, json_option, pass_tool, yes_option

_TRIES = 5
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SEED_GROUP = 4


class Duration(click.ParamType):
    """A time as `15m`, in seconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> int:
        """Return the seconds."""
        found = _DURATION.fullmatch(str(value))
        if found is None:
            self.fail("is no time such as 15m, 2h, 3d or 90s", param, context)
        return int(found[1]) * _UNITS[found[2]]


@click.group()
def authenticator() -> None:
    """Let users type codes of an authenticator app."""


@authenticator.command()
@click.argument("name", metavar="USER")
@click.option(
    "--digits", type=click.Choice(["6", "8"]), default="6", show_default=True, help="Of its codes."
)
@click.option(
    "--confirm-later",
    is_flag=True,
    help="Print the name of what waits and end; “user authenticator confirm” finishes it.",
)
@json_option
@pass_tool
def add(tool: Tool, name: str, digits: str, confirm_later: bool) -> None:
    """Set an authenticator app up for a user.

    The app counts only when one right code of it was typed back.
    """
    if not confirm_later:
        tool.require_answers("--confirm-later")
    with tool.connect() as daemon:
        waiting, uri, seed = daemon.add_authenticator(name, int(digits))
        if tool.as_json:
            print_json({"user": name, "authenticator": waiting, "uri": uri, "seed": seed})
        else:
            click.echo("Scan this with the authenticator app:")
            draw(uri)
            click.echo(f"Or type this into it: {_grouped(seed)}")
            click.echo("Whoever sees either can compute the codes. Clear the screen afterwards.")
        if confirm_later:
            tool.say(f"To finish: smsotpctl user authenticator confirm {printable(waiting)}")
            return
        _confirm(daemon, waiting)
    tool.say(f"{name} may log in with codes of the app.")


@authenticator.command()
@click.argument("waiting", metavar="NAME")
@click.option("--code-stdin", is_flag=True, help="Read the code from standard input.")
@pass_tool
def confirm(tool: Tool, waiting: str, code_stdin: bool) -> None:
    """Finish “add” with a code of the app."""
    if not code_stdin:
        tool.require_answers("--code-stdin")
    with tool.connect() as daemon:
        if code_stdin:
            code = secrets_in.read_descriptor(0).reveal().strip()
            daemon.confirm_authenticator(waiting, code)
        else:
            _confirm(daemon, waiting)
    tool.say("The app counts.")


@authenticator.command()
@click.argument("name", metavar="USER")
@yes_option
@pass_tool
def remove(tool: Tool, name: str, yes: bool) -> None:
    """Accept codes of a user's app no more."""
    tool.confirm(f"Accept no more codes of {name}'s app?", yes=yes)
    with tool.connect() as daemon:
        daemon.remove_authenticator(name)
    tool.say(f"{name} has no authenticator any more.")


@click.command()
@click.argument("name", metavar="USER")
@yes_option
@json_option
@pass_tool
def recovery(tool: Tool, name: str, yes: bool) -> None:
    """Make new recovery codes for a user; the older ones die."""
    with tool.connect() as daemon:
        left = daemon.show_user(name).get("recovery_codes")
        if left:
            tool.confirm(f"Let the {left} codes die that {name} has?", yes=yes)
        codes = daemon.renew_recovery_codes(name)
    if tool.as_json:
        print_json({"user": name, "codes": codes})
        return
    for code in codes:
        click.echo(printable(code))
    # Not on standard output, which may go to a printer.
    click.echo(f"Each lets {name} in once. They are not shown again.", err=True)


@click.command("break-glass")
@click.argument("name", metavar="USER")
@click.option("--for", "seconds", type=Duration(), required=True, help="A minute to a day: 15m.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; goes to the journal.")
@json_option
@pass_tool
def break_glass(tool: Tool, name: str, seconds: int, reason: str) -> None:
    """Let a user in once without a code being sent; for root only."""
    with tool.connect() as daemon:
        code = daemon.break_glass(name, seconds, reason)
    if tool.as_json:
        print_json({"user": name, "code": code, "seconds": seconds})
        return
    click.echo(printable(code))
    click.echo(
        f"Good once, for {name}, within {seconds} s, in place of the code that is sent.", err=True
    )


def _confirm(daemon: AdminClient, waiting: str) -> None:
    """Ask for a code until it is right, the daemon gives up, or the tries are used up."""
    for left in reversed(range(_TRIES)):
        code = click.prompt("Code that the app shows", err=True)
        try:
            daemon.confirm_authenticator(waiting, code.strip())
        except CliError as error:
            if error.exit_code != Exit.REFUSED or not left:
                raise
            click.echo(error.text, err=True)
        else:
            return


def _grouped(seed: str) -> str:
    groups = [seed[start : start + _SEED_GROUP] for start in range(0, len(seed), _SEED_GROUP)]
    return printable(" ".join(groups))
