# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user …`: who may log in by PIN and code."""

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.addresses import ask_address
from smsotpd.cli.client import AdminClient
from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.invitation import invitations, invite
from smsotpd.cli.more_ways import authenticator, break_glass, recovery
from smsotpd.cli.output import print_facts, print_json, print_table
from smsotpd.cli.tool import Tool, json_option, pass_tool, yes_option
from smsotpd.cli.user_import import import_users
from smsotpd.core.channel_names import CHANNEL_NAMES, SMS
from smsotpd.core.secret import Secret

_COLUMNS = {
    "user": "User",
    "phone": "Phone",
    "state": "State",
    "failures": "Failures",
    "has_pin": "PIN",
    "enrolled_at": "Enrolled",
}
_TRIES = 3

_pin_stdin = click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input.")
_pin_fd = click.option(
    "--pin-fd", type=click.IntRange(0), metavar="FD", help="Read the PIN from a file descriptor."
)


@click.group()
def user() -> None:
    """Enrol users and look after them."""


user.add_command(authenticator)
user.add_command(recovery)
user.add_command(break_glass)
user.add_command(invite)
user.add_command(invitations)


@user.command()
@click.argument("name", metavar="USER")
@click.option("--phone", metavar="NUMBER", help="Number with + and country code, +491701234567.")
@click.option(
    "--channel",
    type=click.Choice(CHANNEL_NAMES),
    default=SMS,
    show_default=True,
    help="How codes reach the user.",
)
@click.option("--address", help="Where on that channel; for sms the same as --phone.")
@_pin_stdin
@_pin_fd
@click.option("--keep-pin", is_flag=True, help="Change the phone only; for an enrolled user.")
@click.option("--no-verify", is_flag=True, help="Send no code to the phone; it counts at once.")
@click.option(
    "--verify-later",
    is_flag=True,
    help="Send the code, print the enrolment's name and end; “user verify” finishes it.",
)
@json_option
@pass_tool
def enrol(
    tool: Tool,
    name: str,
    phone: str | None,
    channel: str,
    address: str | None,
    pin_stdin: bool,
    pin_fd: int | None,
    keep_pin: bool,
    no_verify: bool,
    verify_later: bool,
) -> None:
    """Enrol a user with an address and a PIN, or change them.

    A code goes to the address and must come back before the enrolment counts. A user has one
    address on each channel; codes go to the first that works.
    """
    if no_verify and verify_later:
        raise WrongInputError("--no-verify and --verify-later exclude each other")
    if not (no_verify or verify_later or (tool.can_ask() and not pin_stdin)):
        tool.require_answers("--no-verify or --verify-later")
        raise WrongInputError(
            "the code cannot be asked for on standard input, which holds the PIN",
            remedy="add --no-verify or --verify-later",
        )
    if phone is not None and address is not None:
        raise WrongInputError("--phone and --address exclude each other")
    address = address or phone
    if address is None:
        tool.require_answers("--phone or --address")
        address = ask_address(channel)
    with tool.connect() as daemon:
        if keep_pin:
            pin = Secret("")
        else:
            known = any(entry.get("user") == name for entry in daemon.list_users())
            pin = _take_pin(tool, pin_stdin, pin_fd, may_keep=known)
        enrolment = daemon.enrol_user(name, address, pin, verify=not no_verify, channel=channel)
        if enrolment and not verify_later:
            _prove_phone(daemon, enrolment)
            enrolment = ""
        details = None if enrolment else daemon.show_user(name)
    if tool.as_json:
        print_json({"user": name, "enrolment": enrolment, "details": details})
    elif enrolment:
        click.echo(f"A code was sent. When you have it: smsotpctl user verify {enrolment}")
    else:
        click.echo(f"{name} is enrolled.")


@user.command()
@click.argument("enrolment")
@click.option("--code-stdin", is_flag=True, help="Read the code from standard input.")
@pass_tool
def verify(tool: Tool, enrolment: str, code_stdin: bool) -> None:
    """Finish an enrolment with the code that its phone received."""
    if not code_stdin:
        tool.require_answers("--code-stdin")
    with tool.connect() as daemon:
        if code_stdin:
            daemon.confirm_enrolment(enrolment, secrets_in.read_descriptor(0).reveal().strip())
        else:
            _prove_phone(daemon, enrolment)
    tool.say("The phone is verified.")


@user.command("list")
@json_option
@pass_tool
def list_users(tool: Tool) -> None:
    """List the enrolled users."""
    with tool.connect() as daemon:
        users = daemon.list_users()
    if tool.as_json:
        print_json(users)
    elif users:
        print_table(_COLUMNS, users)
    else:
        click.echo("Nobody is enrolled. To enrol somebody: smsotpctl user enrol USER")


@user.command()
@click.argument("name", metavar="USER")
@json_option
@pass_tool
def show(tool: Tool, name: str) -> None:
    """Show one user."""
    with tool.connect() as daemon:
        details = daemon.show_user(name)
    if tool.as_json:
        print_json(details)
    else:
        print_facts(details)


@user.command()
@click.argument("name", metavar="USER")
@_pin_stdin
@_pin_fd
@pass_tool
def pin(tool: Tool, name: str, pin_stdin: bool, pin_fd: int | None) -> None:
    """Give a user a new PIN."""
    with tool.connect() as daemon:
        daemon.set_pin(name, _take_pin(tool, pin_stdin, pin_fd, may_keep=False))
    tool.say(f"{name} has a new PIN.")


@user.command()
@click.argument("name", metavar="USER")
@click.argument("channel", type=click.Choice(CHANNEL_NAMES))
@pass_tool
def prefer(tool: Tool, name: str, channel: str) -> None:
    """Send a user's codes by this channel first."""
    with tool.connect() as daemon:
        daemon.prefer_channel(name, channel)
    tool.say(f"{name} gets codes by {channel} first.")


@user.command()
@click.argument("name", metavar="USER")
@click.argument("channel", type=click.Choice(CHANNEL_NAMES))
@pass_tool
def drop(tool: Tool, name: str, channel: str) -> None:
    """Forget a user's address on a channel; the last one stays."""
    with tool.connect() as daemon:
        daemon.drop_recipient(name, channel)
    tool.say(f"{name} gets no codes by {channel} any more.")


@user.command()
@click.argument("name", metavar="USER")
@pass_tool
def unlock(tool: Tool, name: str) -> None:
    """Forget a user's failures; make a disabled user active again."""
    with tool.connect() as daemon:
        daemon.unlock_user(name)
    tool.say(f"{name} may try again.")


@user.command()
@click.argument("name", metavar="USER")
@pass_tool
def disable(tool: Tool, name: str) -> None:
    """Let a user log in no more, until unlocked."""
    with tool.connect() as daemon:
        daemon.disable_user(name)
    tool.say(f"{name} is disabled.")


@user.command("forget-hosts")
@click.argument("name", metavar="USER")
@json_option
@pass_tool
def forget_hosts(tool: Tool, name: str) -> None:
    """Ask a user for the code again, wherever the next login comes from."""
    with tool.connect() as daemon:
        forgotten = daemon.forget_hosts(name)
    if tool.as_json:
        print_json({"hosts": forgotten})
    tool.say(f"{name} is asked for the code again; remembered hosts forgotten: {forgotten}.")


@user.command()
@click.argument("name", metavar="USER")
@yes_option
@pass_tool
def remove(tool: Tool, name: str, yes: bool) -> None:
    """Forget a user: phone, PIN and failures."""
    tool.confirm(f"Forget {name}, with phone and PIN?", yes=yes)
    with tool.connect() as daemon:
        daemon.remove_user(name)
    tool.say(f"{name} is forgotten.")


user.add_command(import_users)


def _take_pin(tool: Tool, from_stdin: bool, descriptor: int | None, *, may_keep: bool) -> Secret:
    if from_stdin and descriptor is not None:
        raise WrongInputError("--pin-stdin and --pin-fd exclude each other")
    if from_stdin:
        return secrets_in.read_descriptor(0)
    if descriptor is not None:
        return secrets_in.read_descriptor(descriptor)
    tool.require_answers("--pin-stdin")
    question = "New PIN (empty: keep the old one)" if may_keep else "New PIN"
    return secrets_in.ask(question, twice=True, may_be_empty=may_keep)


def _prove_phone(daemon: AdminClient, enrolment: str) -> None:
    """Ask for the code until it is right, the daemon gives up, or the tries are used up."""
    for left in reversed(range(_TRIES)):
        code = click.prompt("Code that arrived on the phone", err=True)
        try:
            daemon.confirm_enrolment(enrolment, code.strip())
        except CliError as error:
            if error.exit_code not in {Exit.REFUSED, Exit.USAGE} or not left:
                raise
            click.echo(error.text, err=True)
        else:
            return
