# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl modem …`: the modems on this host, ours and ModemManager's, which are gateways."""

import re
from collections.abc import Iterable

import click

from smsotpd.cli import gateway as gateways
from smsotpd.cli.client import Entry
from smsotpd.cli.output import print_json, print_table
from smsotpd.cli.tool import Tool, json_option, pass_tool

_TYPES = {"modem", "modemmanager"}
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
_OF_ONE = re.compile(r"(\d+): (.+)", re.ASCII)


@click.group()
def modem() -> None:
    """Look at the modems on this host; “gateway configure” defines them."""


@modem.command("list")
@json_option
@pass_tool
def list_modems(tool: Tool) -> None:
    """List the modems, each with SIM, network and signal."""
    with tool.connect() as daemon:
        names = [str(each["name"]) for each in daemon.list_gateways() if each["type"] in _TYPES]
        found = [daemon.gateway_status(name) for name in names]
    if tool.as_json:
        print_json(found)
    elif found:
        print_table(_COLUMNS, [row for each in found for row in _rows(each)])
    else:
        click.echo("No modem is defined. To define one: smsotpctl gateway configure NAME")


# A modem is a gateway: what is asked of it, and how it is tried, is the same.
modem.add_command(gateways.status, "status")
modem.add_command(gateways.test, "send-test")


def _rows(status: Entry) -> list[Entry]:
    """Return a row for a gateway, or one for each of its modems, whose facts begin with `1: `."""
    facts = status.get("facts")
    pairs = [(str(label), text) for label, text in facts] if isinstance(facts, Iterable) else []
    shared = {label: text for label, text in pairs if not _OF_ONE.match(label)}
    rows: dict[str, dict[str, object]] = {}
    for label, text in pairs:
        if found := _OF_ONE.fullmatch(label):
            rows.setdefault(found[1], {})[found[2]] = text
    if not rows:
        return [{**status, **shared}]
    return [_row_of_one(status, number, {**shared, **row}) for number, row in rows.items()]


def _row_of_one(status: Entry, number: str, facts: Entry) -> Entry:
    condition, _, summary = str(facts.get("State", "")).partition(": ")
    name = f"{status['name']} {number}"
    return {**facts, "name": name, "condition": condition, "summary": summary}
