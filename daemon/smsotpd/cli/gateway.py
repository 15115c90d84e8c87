# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl gateway …`: through whom codes are sent."""

from typing import cast

import click

from smsotpd.cli.address_command import AddressCommand
from smsotpd.cli.addresses import TO_TRY, ask_address, read_address
from smsotpd.cli.client import AdminClient, Entry
from smsotpd.cli.descriptor import Descriptor
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.gateway_settings import (
    GatewayForm,
    ask_settings,
    ask_type,
    find_type,
    secrets_from_options,
    settings_from_options,
)
from smsotpd.cli.output import cell, print_facts, print_json, print_table
from smsotpd.cli.pairing import link
from smsotpd.cli.tool import Tool, json_option, pass_tool, yes_option

_COLUMNS = {"name": "Name", "type": "Type", "enabled": "Enabled", "source": "Defined in"}
_TYPE_COLUMNS = {"type": "Type", "title": "Name", "link": "Link"}


@click.group()
def gateway() -> None:
    """Define gateways and try them."""


@gateway.command()
@click.argument("type_id", metavar="[TYPE]", required=False)
@json_option
@pass_tool
def types(tool: Tool, type_id: str | None) -> None:
    """List the gateway types, or the settings of one."""
    with tool.connect() as daemon:
        found = daemon.list_gateway_types()
    if type_id is not None:
        found = [find_type(found, type_id)]
    if tool.as_json:
        print_json(found)
    elif type_id is None:
        print_table(_TYPE_COLUMNS, found)
    else:
        columns = {"name": "Setting", "kind": "Kind", "default": "Default", "label": "Meaning"}
        columns |= {"required": "Required", "secret": "Secret", "choices": "Choices"}
        print_table(columns, cast("list[Entry]", found[0].get("settings", [])))


@gateway.command()
@click.argument("name")
@click.option("--type", "type_id", metavar="TYPE", help="One of “gateway types”.")
@click.option("--set", "plain", metavar="KEY=VALUE", multiple=True, help="A setting; repeatable.")
@click.option("--unset", metavar="KEY", multiple=True, help="Leave a setting out; repeatable.")
@click.option(
    "--set-secret",
    "secret",
    metavar="KEY[=@FD]",
    multiple=True,
    help="A secret setting, read from standard input (several: one a line, in order) or from a "
    "file descriptor; asked for on a terminal.",
)
@click.option(
    "--secret-fd",
    type=Descriptor(),
    help="Read what --set-secret KEY names from this descriptor instead of standard input.",
)
@json_option
@pass_tool
def configure(
    tool: Tool,
    name: str,
    type_id: str | None,
    plain: tuple[str, ...],
    unset: tuple[str, ...],
    secret: tuple[str, ...],
    secret_fd: int | None,
) -> None:
    """Define a gateway, or change one.

    Without settings, asks for each of them. Settings that are not named keep their value. Nothing
    is stored before the end.
    """
    by_options = bool(plain or unset or secret)
    with tool.connect() as daemon:
        known_types = daemon.list_gateway_types()
        present = _present(daemon, name)
        if type_id is None and present is not None:
            type_id = str(present.get("type"))
        if type_id is None:
            tool.require_answers("--type")
            type_id = ask_type(known_types)
        form = GatewayForm(find_type(known_types, type_id), present)
        if by_options or not tool.can_ask():
            settings = settings_from_options(form, plain, unset)
            secrets = secrets_from_options(form, secret, secret_fd, can_ask=tool.can_ask())
        else:
            settings, secrets = ask_settings(form)
        daemon.configure_gateway(name, form.type_id, settings, secrets, keep_secrets=form.is_change)
        tool.say(f"The gateway {name} is configured.")
        if tool.can_ask() and not by_options and not tool.as_json:
            _offer_test(tool, daemon, name, form.channel)
    if tool.as_json:
        print_json({"name": name, "type": form.type_id})


@gateway.command("list")
@json_option
@pass_tool
def list_gateways(tool: Tool) -> None:
    """List the gateways."""
    with tool.connect() as daemon:
        gateways = daemon.list_gateways()
    if tool.as_json:
        print_json(gateways)
    elif gateways:
        print_table(_COLUMNS, gateways)
    else:
        click.echo("No gateway is defined. To define one: smsotpctl gateway configure NAME")


@gateway.command()
@click.argument("name")
@json_option
@pass_tool
def show(tool: Tool, name: str) -> None:
    """Show a gateway's settings, secrets masked."""
    with tool.connect() as daemon:
        details = daemon.show_gateway(name)
    if tool.as_json:
        print_json(details)
        return
    settings = cast("Entry", details.pop("settings", {}))
    print_facts(details)
    for key, value in settings.items():
        click.echo(f"  {cell(key)} = {cell(value)}")


@gateway.command(cls=AddressCommand)
@click.argument("name")
@click.option(
    "--to-fd",
    type=Descriptor(),
    help="Read where to send it from a file descriptor; asked for unless given.",
)
@json_option
@pass_tool
def test(tool: Tool, name: str, to_fd: int | None) -> None:
    """Send a test message, without a code in it."""
    if to_fd is None:
        tool.require_answers("--to-fd")
    recipient = "" if to_fd is None else read_address(to_fd)
    with tool.connect() as daemon:
        recipient = recipient or ask_address(_channel(daemon, name), TO_TRY)
        result = daemon.test_gateway(name, recipient)
    _report_test(tool, result)


@gateway.command()
@click.argument("name")
@json_option
@pass_tool
def status(tool: Tool, name: str) -> None:
    """Show what a gateway did of late, and ask its provider how it is."""
    with tool.connect() as daemon:
        found = daemon.gateway_status(name)
    if tool.as_json:
        print_json(found)
    else:
        _print_status(found)
    if found.get("condition") == "down" or found.get("breaker") == "open":
        raise CliError(
            f"the gateway {name} is down",
            remedy="see the summary above; journalctl SMSOTP_GATEWAY=" + cell(name),
        )


@gateway.command()
@click.argument("name")
@pass_tool
def pair(tool: Tool, name: str) -> None:
    """Link an account to a messenger's gateway: by QR code, pairing code or login.

    Nothing is stored of a pairing that is given up.
    """
    with tool.connect() as daemon:
        link(tool, daemon, name)


@gateway.command()
@click.argument("name")
@pass_tool
def enable(tool: Tool, name: str) -> None:
    """Let a gateway carry messages."""
    with tool.connect() as daemon:
        daemon.enable_gateway(name)
    tool.say(f"The gateway {name} is enabled.")


@gateway.command()
@click.argument("name")
@pass_tool
def disable(tool: Tool, name: str) -> None:
    """Let a gateway carry no messages."""
    with tool.connect() as daemon:
        daemon.disable_gateway(name)
    tool.say(f"The gateway {name} is disabled.")


@gateway.command()
@click.argument("name")
@yes_option
@pass_tool
def remove(tool: Tool, name: str, yes: bool) -> None:
    """Forget a gateway and its secrets."""
    tool.confirm(f"Forget the gateway {name}, with its secrets?", yes=yes)
    with tool.connect() as daemon:
        daemon.remove_gateway(name)
    tool.say(f"The gateway {name} is forgotten.")


def _present(daemon: AdminClient, name: str) -> Entry | None:
    try:
        return daemon.show_gateway(name)
    except CliError as error:
        if error.exit_code is Exit.NOT_FOUND:
            return None
        raise


def _print_status(found: Entry) -> None:
    facts = cast("list[list[str]]", found.get("facts", []))
    recent = cast("list[list[object]]", found.get("recent", []))
    plain = {label: text for label, text in found.items() if label not in {"facts", "recent"}}
    print_facts({**plain, **{str(label): text for label, text in facts}})
    if recent:
        click.echo("Last outcomes, newest last:")
        for at, word, latency in recent:
            click.echo(f"  {cell(round(float(str(at))), 'sent_at')}  {cell(word)}  {latency} ms")


def _channel(daemon: AdminClient, name: str) -> str:
    type_id = str(daemon.show_gateway(name).get("type"))
    return GatewayForm(find_type(daemon.list_gateway_types(), type_id), None).channel


def _offer_test(tool: Tool, daemon: AdminClient, name: str, channel: str) -> None:
    if click.confirm("Send a test message now?", default=False, err=True):
        recipient = ask_address(channel, TO_TRY)
        _report_test(tool, daemon.test_gateway(name, recipient))


def _report_test(tool: Tool, result: Entry) -> None:
    """Show what became of a test message; whatever was not accepted is a failure."""
    if tool.as_json:
        print_json(result)
    else:
        print_facts(result)
    if result.get("outcome") != "accepted":
        raise CliError(
            f"the message was not accepted ({result.get('outcome')})",
            remedy="see the gateway's reference page for what its provider means",
        )
