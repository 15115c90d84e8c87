# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user …`: who may log in by PIN and code."""

import click

from smsotpd.cli.invitation import invitations, invite
from smsotpd.cli.more_ways import authenticator, break_glass, recovery
from smsotpd.cli.output import print_facts, print_json, print_table
from smsotpd.cli.pin_in import pin_fd_option, pin_source, pin_stdin_option, take_pin
from smsotpd.cli.tool import Tool, json_option, pass_tool, yes_option
from smsotpd.cli.user_enrol import enrol, verify
from smsotpd.cli.user_import import import_users
from smsotpd.core.channel_names import CHANNEL_NAMES

_COLUMNS = {
    "user": "User",
    "phone": "Phone",
    "state": "State",
    "failures": "Failures",
    "has_pin": "PIN",
    "enrolled_at": "Enrolled",
}


@click.group()
def user() -> None:
    """Enrol users and look after them."""


user.add_command(enrol)
user.add_command(verify)
user.add_command(authenticator)
user.add_command(recovery)
user.add_command(break_glass)
user.add_command(invite)
user.add_command(invitations)


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
@pin_stdin_option
@pin_fd_option
@pass_tool
def pin(tool: Tool, name: str, pin_stdin: bool, pin_fd: int | None) -> None:
    """Give a user a new PIN."""
    source = pin_source(pin_stdin, pin_fd)
    with tool.connect() as daemon:
        daemon.set_pin(name, take_pin(tool, source, may_keep=False))
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
