# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl status`: how the daemon is."""

import click

from smsotpd.cli.output import print_facts, print_json
from smsotpd.cli.tool import Tool, json_option, pass_tool


@click.command()
@json_option
@pass_tool
def status(tool: Tool) -> None:
    """Show how the daemon is."""
    with tool.connect() as daemon:
        facts = daemon.status()
    if tool.as_json:
        print_json(facts)
    else:
        print_facts(facts)
