# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl gateway pair`: link an account to a gateway, led by the daemon."""

import time

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.client import AdminClient
from smsotpd.cli.errors import CliError
from smsotpd.cli.output import printable
from smsotpd.cli.qr import draw
from smsotpd.cli.tool import Tool
from smsotpd.core.secret import Secret

_NOTHING = Secret("")


def link(tool: Tool, daemon: AdminClient, gateway: str) -> None:
    """Show and ask what the daemon says until the account is linked.

    Raises:
        CliError: it was not; nothing was stored.
    """
    pairing, answer = daemon.pair_gateway(gateway), _NOTHING
    while True:
        for kind, label, content in daemon.continue_pairing(pairing, answer):
            answer = _NOTHING
            match kind:
                case "info":
                    click.echo(printable(label))
                case "code":
                    click.echo(f"{printable(label)}: {printable(content)}")
                case "qr":
                    click.echo(printable(label))
                    draw(content)
                case "ask" | "ask-secret":
                    answer = _ask(tool, label, content, is_secret=kind == "ask-secret")
                case "wait":
                    time.sleep(_seconds(content))
                case "done":
                    click.echo(printable(label))
                    for line in content.splitlines():
                        click.echo(f"  {printable(line)}")
                    return
                case _:
                    raise CliError(printable(label), remedy="nothing was stored; begin again")


def _ask(tool: Tool, label: str, choices: str, *, is_secret: bool) -> Secret:
    tool.require_answers(f"an answer to “{printable(label)}”")
    if is_secret:
        return secrets_in.ask(printable(label), twice=False, may_be_empty=True)
    allowed = choices.split("\n") if choices else []
    if not allowed:
        return Secret(click.prompt(printable(label), default="", show_default=False, err=True))
    question = f"{printable(label)} ({', '.join(printable(choice) for choice in allowed)})"
    return Secret(click.prompt(question, default=printable(allowed[0]), err=True))


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 0.1), 60.0)
    except ValueError:
        return 1.0
