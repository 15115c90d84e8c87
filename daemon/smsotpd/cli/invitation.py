# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user invite` and `invitations`: letting users enrol themselves, once."""

from datetime import datetime

import click

from smsotpd.cli.more_ways import Duration
from smsotpd.cli.output import print_json, print_table, printable
from smsotpd.cli.tool import Tool, json_option, pass_tool

_COLUMNS = {"user": "User", "until": "Until", "by_uid": "By uid"}
_THREE_DAYS = "3d"


@click.command()
@click.argument("name", metavar="USER")
@click.option(
    "--for",
    "seconds",
    type=Duration(),
    default=_THREE_DAYS,
    show_default=True,
    help="Ten minutes to thirty days: 2h, 3d.",
)
@click.option("--revoke", is_flag=True, help="Take the invitation back instead.")
@json_option
@pass_tool
def invite(tool: Tool, name: str, seconds: int, revoke: bool) -> None:
    """Let a user enrol once without you; prints what the user types in place of the PIN."""
    if revoke:
        with tool.connect() as daemon:
            daemon.revoke_invitation(name)
        tool.say(f"The invitation of {name} is worth nothing any more.")
        return
    with tool.connect() as daemon:
        invitation = daemon.invite_user(name, seconds)
    if tool.as_json:
        print_json({"user": name, "invitation": invitation, "seconds": seconds})
        return
    click.echo(printable(invitation))
    # Not on standard output, which may go to a printer.
    click.echo(
        f"{name} types this at the PIN prompt, or at: smsotpctl self enrol --invited\n"
        f"Good once, within {seconds} s. It is not shown again.",
        err=True,
    )


@click.command()
@json_option
@pass_tool
def invitations(tool: Tool) -> None:
    """List who is invited and has not enrolled yet."""
    with tool.connect() as daemon:
        found = daemon.invitations()
    if tool.as_json:
        print_json(found)
        return
    print_table(_COLUMNS, [{**each, "until": _local(each["until"])} for each in found])


def _local(seconds: object) -> str:
    moment = datetime.fromtimestamp(float(str(seconds))).astimezone()
    return moment.isoformat(" ", "minutes")
