# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl setup`: from the installed package to a login that works."""

import os
from typing import cast

import click

from smsotpd.cli.address_command import AddressCommand
from smsotpd.cli.addresses import OF_THE_FIRST_USER, address_option, ask_address, read_address
from smsotpd.cli.client import AdminClient, Entry
from smsotpd.cli.descriptor import Descriptor
from smsotpd.cli.errors import CliError
from smsotpd.cli.more_ways import recovery as make_recovery_codes
from smsotpd.cli.output import printable
from smsotpd.cli.pam import rollback
from smsotpd.cli.pam.block import Stack
from smsotpd.cli.pam.files import check_service_name
from smsotpd.cli.setup import undoing
from smsotpd.cli.setup.gateway_step import (
    GatewayWish,
    channels_in_use,
    choose_gateway,
    pair_gateway,
    test_gateway,
)
from smsotpd.cli.setup.service_step import ServiceWish, enable_service
from smsotpd.cli.setup.sshd_step import Keys
from smsotpd.cli.tool import Tool, pass_tool, yes_option
from smsotpd.cli.user_enrol import EnrolWish, enrol_user

_SECONDS = 300


@click.command(cls=AddressCommand)
@click.option("--gateway", "gateway_name", metavar="NAME", default="", help="Who sends the codes.")
@click.option("--type", "type_id", metavar="TYPE", default="", help="Define it, of this type.")
@click.option("--set", "plain", metavar="KEY=VALUE", multiple=True, help="A setting of it.")
@click.option(
    "--set-secret",
    "secret",
    metavar="KEY[=@FD]",
    multiple=True,
    help="A secret setting, from standard input or a file descriptor.",
)
@click.option("--secret-fd", type=Descriptor(), help="Where secrets come from.")
@click.option(
    "--pair/--no-pair",
    "pair",
    default=None,
    help="Link an account to a messenger's gateway; if it is not ready unless given.",
)
@click.option("--test/--no-test", "tested", default=True, help="Send a test message, or none.")
@click.option("--user", "user_name", metavar="USER", default="", help="The first user.")
@address_option
@click.option("--pin-fd", type=Descriptor(), help="Read the PIN from there.")
@click.option("--no-verify", is_flag=True, help="Send no code to the phone; it counts at once.")
@click.option(
    "--recovery/--no-recovery",
    default=None,
    help="Make recovery codes and show them once; asked for unless given.",
)
@click.option("--service", default="sshd", show_default=True, help="What shall ask for the code.")
@click.option(
    "--stack",
    type=click.Choice([str(stack) for stack in Stack]),
    default=str(Stack.INSTEAD),
    show_default=True,
    help="instead: PIN and code replace the password; after: the password, then the code.",
)
@click.option(
    "--keys",
    type=click.Choice([str(keys) for keys in Keys]),
    help="What an SSH key is worth: code: the code after it; alone: enough; keep: as it is.",
)
@click.option(
    "--rollback",
    "seconds",
    type=click.IntRange(rollback.SHORTEST_SECONDS, rollback.LONGEST_SECONDS),
    default=_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Undo it by itself after so long unless a login works.",
)
@click.option("--confirm", "confirmed", is_flag=True, help="At once for good; for scripts.")
@click.option("--undo", metavar="SERVICE", help="Put back what is not yet good; the timer runs it.")
@yes_option
@click.pass_context
@pass_tool
def setup(
    tool: Tool,
    context: click.Context,
    gateway_name: str,
    type_id: str,
    plain: tuple[str, ...],
    secret: tuple[str, ...],
    secret_fd: int | None,
    pair: bool | None,
    tested: bool,
    user_name: str,
    address_fd: int | None,
    pin_fd: int | None,
    no_verify: bool,
    recovery: bool | None,
    service: str,
    stack: str,
    keys: str | None,
    seconds: int,
    confirmed: bool,
    undo: str | None,
    yes: bool,
) -> None:
    """Set up gateway, first user and first service, from nothing to a login that works.

    Whatever is there already is kept, so it can be run again. PAM and sshd are changed last, and
    changed back unless a login works.
    """
    tool.require_root()
    if undo is not None:
        undoing.undo(tool.host, check_service_name(undo))
        return
    check_service_name(service)
    address = "" if address_fd is None else read_address(address_fd)
    kept: list[str] = []
    try:
        with tool.connect() as daemon:
            tool.say("1. The gateway: who sends the codes.")
            wish = GatewayWish(gateway_name, type_id, plain, secret, secret_fd, address)
            gateway = choose_gateway(tool, daemon, wish, kept, yes=yes)
            paired = pair_gateway(tool, daemon, gateway, wanted=pair, yes=yes)
            if tested and (gateway.is_new or paired):
                address = address or _ask_address(tool, gateway.channel)
                test_gateway(tool, daemon, gateway.name, address)
            tool.say("2. The first user.")
            user = user_name or _ask_user(tool)
            present = _active(daemon, user)
            reached = present is not None and _is_reached(daemon, present)
        if reached:
            tool.say(f"{user} is enrolled already.")
        else:
            address = address or _ask_address(tool, gateway.channel)
            enrol_user(
                tool,
                EnrolWish(
                    user,
                    gateway.channel,
                    address,
                    pin_fd=pin_fd,
                    keep_pin=present is not None,
                    verify=not no_verify,
                ),
            )
            kept.append(f"the enrolment of {user}")
        enrolled = present is not None
        if _wants_recovery(tool, user, recovery, enrolled=enrolled):
            context.invoke(make_recovery_codes, name=user, yes=yes or not enrolled)
            kept.append(f"the recovery codes of {user}")
        tool.say(f"3. The service {service}.")
        chosen = Keys(keys) if keys else _ask_keys(tool, service, yes=yes)
        enable_service(
            tool, ServiceWish(service, Stack(stack), chosen, seconds, confirmed), user, yes=yes
        )
    except (click.Abort, KeyboardInterrupt, CliError, OSError):
        _tell_what_is_kept(kept)
        raise
    tool.say("Done. What happens at each login, and what could be better: smsotpctl doctor")


def _ask_address(tool: Tool, channel: str) -> str:
    tool.require_answers("--address-fd")
    return ask_address(channel, OF_THE_FIRST_USER)


def _ask_user(tool: Tool) -> str:
    tool.require_answers("--user")
    # Who ran sudo is the likely one; nothing but the proposal depends on it.
    likely = os.environ.get("SUDO_USER") or None
    return str(click.prompt("User", default=likely, err=True))


def _active(daemon: AdminClient, user: str) -> Entry | None:
    """Return a user who could log in, if codes reach it."""
    for entry in daemon.list_users():
        if entry.get("user") == user and entry.get("state") == "active" and entry.get("has_pin"):
            return entry
    return None


def _is_reached(daemon: AdminClient, user: Entry) -> bool:
    """Tell whether a gateway serves one of the user's channels."""
    recipients = cast("list[list[str]]", user.get("recipients", []))
    return not channels_in_use(daemon).isdisjoint(channel for channel, _ in recipients)


def _wants_recovery(tool: Tool, user: str, wanted: bool | None, *, enrolled: bool) -> bool:
    if wanted is not None:
        return wanted
    if enrolled or not tool.can_ask():
        return False
    return click.confirm(
        f"Make recovery codes for {user}, to get in without the phone? They are shown once.",
        default=True,
        err=True,
    )


def _ask_keys(tool: Tool, service: str, *, yes: bool) -> Keys:
    if service != "sshd" or yes or not tool.can_ask():
        return Keys.KEEP
    click.echo(
        "An SSH key alone logs in without a code, unless sshd asks for both.\n"
        "  code: the code after the key, too   alone: a key is enough   keep: as it is now",
        err=True,
    )
    choice = click.prompt(
        "Keys", type=click.Choice([str(keys) for keys in Keys]), default=str(Keys.KEEP), err=True
    )
    return Keys(str(choice))


def _tell_what_is_kept(kept: list[str]) -> None:
    if kept:
        click.echo(f"Kept: {printable(', '.join(kept))}. To go on: smsotpctl setup", err=True)
    else:
        click.echo("Nothing was changed. To begin again: smsotpctl setup", err=True)
