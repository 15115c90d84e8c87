# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl modem …`: the modems on this host, which are gateways of the type `modem`."""

from collections.abc import Iterable

import click

from smsotpd.cli import gateway as gateways
from smsotpd.cli.client import Entry
from smsotpd.cli.output import print_json, print_table
from smsotpd.cli.tool import Tool, json_option, pass_tool

_TYPE = "modem"
_COLUMNS = {
    "name": "Name",
    "condition": "Condition",
    "Modem": "Modem",
    "SIM": "SIM",
    "Network": "Network",
    "Signal": "Signal",
    "Waiting": "Waiting",
    "summary": "What to know",
}


@click.group()
def modem() -> None:
    """Look at the modems on this host; “gateway configure” defines them."""


@modem.command("list")
@json_option
@pass_tool
def list_modems(tool: Tool) -> None:
    """List the modems, each with SIM, network and signal."""
    with tool.connect() as daemon:
        names = [str(each["name"]) for each in daemon.list_gateways() if each["type"] == _TYPE]
        found = [daemon.gateway_status(name) for name in names]
    if tool.as_json:
        print_json(found)
    elif found:
        print_table(_COLUMNS, [_row(each) for each in found])
    else:
        click.echo("No modem is defined. To define one: smsotpctl gateway configure NAME")


# A modem is a gateway: what is asked of it, and how it is tried, is the same.
modem.add_command(gateways.status, "status")
modem.add_command(gateways.test, "send-test")


def _row(status: Entry) -> Entry:
    facts = status.get("facts")
    pairs = facts if isinstance(facts, Iterable) else ()
    return {**status, **{str(label): text for label, text in pairs}}
