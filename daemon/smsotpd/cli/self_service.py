# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl self …`: users look after their own enrolment, led by the daemon."""

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.address_command import AddressCommand
from smsotpd.cli.addresses import address_option, read_address
from smsotpd.cli.errors import CliError, RefusalError, WrongInputError
from smsotpd.cli.output import print_facts, print_json, printable
from smsotpd.cli.own_enrolment import in_own_words
from smsotpd.cli.polkit_agent import polkit_agent
from smsotpd.cli.qr import draw
from smsotpd.cli.self_client import SelfClient, Step
from smsotpd.cli.tool import Tool, json_option, pass_tool
from smsotpd.cli.words import said
from smsotpd.core.channel_names import CHANNEL_NAMES, SMS
from smsotpd.core.phrase import phrase
from smsotpd.core.secret import Secret

_channel = click.option(
    "--channel",
    type=click.Choice(CHANNEL_NAMES),
    default=SMS,
    show_default=True,
    help="How codes reach you.",
)
_answers = click.option(
    "--answers-stdin", is_flag=True, help="Read answers from standard input, one a line."
)


@click.group()
def self() -> None:
    """Look after your own enrolment."""


@self.command()
@json_option
@pass_tool
def status(tool: Tool) -> None:
    """Show how you are enrolled."""
    with tool.connect_self() as daemon:
        details = daemon.status()
    if tool.as_json:
        print_json(details)
    else:
        print_facts(in_own_words(details, said))


@self.command(cls=AddressCommand)
@_channel
@address_option
@click.option("--invited", is_flag=True, help="By the invitation that you were given.")
@_answers
@pass_tool
def enrol(
    tool: Tool, channel: str, address_fd: int | None, invited: bool, answers_stdin: bool
) -> None:
    """Enrol yourself, where a policy lets users do that, or by an invitation."""
    to = _take_address(tool, address_fd, from_stdin=answers_stdin)
    with tool.connect_self() as daemon:
        if invited:
            steps = daemon.change("invitation", channel, to)
        else:
            # polkit asks on this terminal; its agent must be gone before the daemon's questions.
            with polkit_agent(can_ask=tool.can_ask() and not tool.host.is_root):
                steps = daemon.enrol(channel, to)
        _converse(tool, daemon, steps, from_stdin=answers_stdin)


@self.command(cls=AddressCommand)
@_channel
@address_option
@_answers
@pass_tool
def number(tool: Tool, channel: str, address_fd: int | None, answers_stdin: bool) -> None:
    """Change your address on a channel, or add one."""
    to = _take_address(tool, address_fd, from_stdin=answers_stdin)
    with tool.connect_self() as daemon:
        steps = daemon.change("number", channel, to)
        _converse(tool, daemon, steps, from_stdin=answers_stdin)


@self.command()
@_answers
@pass_tool
def pin(tool: Tool, answers_stdin: bool) -> None:
    """Change your PIN."""
    with tool.connect_self() as daemon:
        _converse(tool, daemon, daemon.change("pin"), from_stdin=answers_stdin)


@self.command()
@click.argument("channel", type=click.Choice(CHANNEL_NAMES))
@_answers
@pass_tool
def order(tool: Tool, channel: str, answers_stdin: bool) -> None:
    """Get your codes by this channel first."""
    with tool.connect_self() as daemon:
        _converse(tool, daemon, daemon.change("order", channel), from_stdin=answers_stdin)


@self.command()
@_answers
@pass_tool
def recovery(tool: Tool, answers_stdin: bool) -> None:
    """Get new recovery codes; the old ones are worth nothing then."""
    with tool.connect_self() as daemon:
        _converse(tool, daemon, daemon.change("recovery"), from_stdin=answers_stdin)


@self.group()
def authenticator() -> None:
    """Log in with codes of an authenticator app, too."""


@authenticator.command()
@_answers
@pass_tool
def add(tool: Tool, answers_stdin: bool) -> None:
    """Set up an app; it counts once a code of it was typed back."""
    with tool.connect_self() as daemon:
        steps = daemon.change("authenticator-add")
        _converse(tool, daemon, steps, from_stdin=answers_stdin)


@authenticator.command()
@_answers
@pass_tool
def remove(tool: Tool, answers_stdin: bool) -> None:
    """Log in with codes of your app no more."""
    with tool.connect_self() as daemon:
        steps = daemon.change("authenticator-remove")
        _converse(tool, daemon, steps, from_stdin=answers_stdin)


def _take_address(tool: Tool, descriptor: int | None, *, from_stdin: bool) -> str:
    if from_stdin and descriptor == 0:
        raise WrongInputError("--answers-stdin and --address-fd 0 exclude each other")
    if descriptor is not None:
        return read_address(descriptor)
    if from_stdin:
        return secrets_in.read_line().reveal().strip()
    tool.require_answers("--answers-stdin or --address-fd")
    return str(click.prompt(said(phrase("New address")), err=True)).strip()


def _converse(tool: Tool, daemon: SelfClient, steps: list[Step], *, from_stdin: bool) -> None:
    """Show, ask and relay what the daemon says, until its outcome."""
    while True:
        *shown, (kind, text) = steps
        for each, words in shown:
            if each == "qr":
                draw(words)
            else:
                click.echo(printable(words), err=each == "error")
        if kind == "outcome":
            if text != "PAM_SUCCESS":
                raise RefusalError(said(phrase("nothing was changed")))
            return
        if kind not in {"hidden", "visible"}:
            raise CliError("smsotpd answered with something that is not in the contract")
        steps = daemon.respond(_answer(tool, printable(text), kind, from_stdin=from_stdin))


def _answer(tool: Tool, prompt: str, kind: str, *, from_stdin: bool) -> Secret:
    if from_stdin:
        return secrets_in.read_line()
    tool.require_answers("--answers-stdin")
    return Secret(
        str(
            click.prompt(
                prompt.rstrip(),
                default="",
                show_default=False,
                hide_input=kind == "hidden",
                prompt_suffix=" ",
                err=True,
            )
        )
    )
