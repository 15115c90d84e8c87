# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl policy …`: what the configuration would do at a login, and whether a file is right."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

import click

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json, print_table, printable
from smsotpd.cli.tool import Tool, json_option, pass_tool

_COLUMNS = {"key": "Looked at", "finding": "Found", "source": "Stands in"}
_BUILT_IN = "the default"


@click.group()
def policy() -> None:
    """Explain the policies and check the files they stand in."""


@policy.command()
@click.argument("user")
@click.argument("service")
@click.argument("rhost", default="")
@json_option
@pass_tool
def explain(tool: Tool, user: str, service: str, rhost: str) -> None:
    """Say what a login would be asked for, and which line decides; without RHOST a local one."""
    with tool.connect() as daemon:
        explanation = daemon.explain_policy(user, service, rhost)
    checks = _checks(explanation)
    if tool.as_json:
        print_json({**explanation, "checks": checks})
        return
    for check in checks:
        if check["key"] != "user" and not check["source"]:
            check["source"] = _BUILT_IN
    print_table(_COLUMNS, checks)
    click.echo()
    click.echo(f"The last line decides: {explanation['result']}.")
    accepted = _joined(explanation.get("codes"))
    click.echo(f"Codes accepted: {accepted}; first: {printable(str(explanation.get('first')))}.")
    click.echo(f"The user has: {_joined(explanation.get('at_hand')) or 'none of them'}.")


@policy.command()
@click.argument("file", required=False, type=click.Path())
@json_option
@pass_tool
def check(tool: Tool, file: str | None) -> None:
    """Say what is wrong with a file, as the last of the drop-ins, or with all files in force."""
    words = ["--check-file", file] if file is not None else ["--check"]
    done = tool.host.run("smsotpd", *words, "--json")
    finding = _finding(done.output)
    if finding is None:
        raise CliError(done.errors.strip() or "smsotpd could not check the file")
    if tool.as_json:
        print_json(finding)
    elif not finding["complaint"]:
        click.echo("nothing wrong")
        return
    else:
        *others, last = _texts(finding)
        for text in others:
            click.echo(f"smsotpctl: {printable(text)}", err=True)
        raise CliError(last)
    if finding["complaint"]:
        click.get_current_context().exit(Exit.FAILED)


def _texts(finding: Mapping[str, object]) -> list[str]:
    mistakes = finding.get("mistakes")
    if not isinstance(mistakes, list) or not mistakes:
        return [str(finding["text"])]
    return [str(each["text"]) for each in mistakes]


def _joined(names: object) -> str:
    if not isinstance(names, list):
        raise CliError("smsotpd answered with something that is not in the contract")
    return printable(", ".join(map(str, names)))


def _checks(explanation: Mapping[str, object]) -> list[dict[str, object]]:
    rows = explanation.get("checks")
    if not isinstance(rows, Sequence):
        raise CliError("smsotpd answered with something that is not in the contract")
    return [dict(zip(_COLUMNS, map(str, row), strict=True)) for row in rows]


def _finding(output: str) -> dict[str, object] | None:
    try:
        return cast("dict[str, object]", json.loads(output))
    except ValueError:
        return None
