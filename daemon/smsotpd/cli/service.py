# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl service …`: which programs of this machine ask for a code."""

import select
import sys
import time
from typing import TextIO

import click

from smsotpd.cli.errors import CliError, RefusalError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json, print_table, printable
from smsotpd.cli.pam import change, rollback
from smsotpd.cli.pam.block import Stack, State, state
from smsotpd.cli.pam.files import check_service_name
from smsotpd.cli.pam.finding import Finding
from smsotpd.cli.pam.known import reason_against
from smsotpd.cli.pam.overview import describe_services
from smsotpd.cli.pam.place import choose_terminal, includers
from smsotpd.cli.pam.selftest import daemon_findings, machine_findings
from smsotpd.cli.pam.sshd import advice, sshd_settings
from smsotpd.cli.pam.terminal import Terminal, terminals_in
from smsotpd.cli.service_trial import try_service
from smsotpd.cli.tool import Tool, json_option, pass_tool

_COLUMNS = {
    "service": "Service",
    "title": "Program",
    "state": "State",
    "terminal": "Terminal",
    "notes": "Notes",
}


@click.group()
def service() -> None:
    """Let programs of this machine ask for PIN and code."""


service.add_command(try_service)


@service.command()
@click.argument("name", metavar="SERVICE")
@click.option(
    "--stack",
    type=click.Choice([str(stack) for stack in Stack]),
    default=str(Stack.INSTEAD),
    show_default=True,
    help="instead: PIN and code replace the password; after: the password stays, then the code "
    "alone.",
)
@click.option(
    "--terminal",
    type=click.Choice([str(terminal) for terminal in Terminal]),
    help="What runs in the program: pam_python where that is safe, else the native one, if this "
    "is not given.",
)
@click.option(
    "--confirm",
    "confirmed",
    is_flag=True,
    help="At once for good, without a roll-back; for scripts.",
)
@click.option(
    "--rollback",
    "seconds",
    type=click.IntRange(rollback.SHORTEST_SECONDS, rollback.LONGEST_SECONDS),
    default=rollback.DEFAULT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Undo it by itself after so long unless confirmed.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Although nobody could log in yet: no daemon, gateway or user.",
)
@click.option("--force-unknown", is_flag=True, help="Although the service is not a known one.")
@pass_tool
def enable(
    tool: Tool,
    name: str,
    stack: str,
    terminal: str | None,
    confirmed: bool,
    seconds: int,
    force: bool,
    force_unknown: bool,
) -> None:
    """Let a service ask for the code, after a self-test.

    The change undoes itself unless it is confirmed: try a login from a second terminal first.
    """
    tool.require_root()
    check_service_name(name)
    host, directory = tool.host, change.pam_directory(tool.host)
    if not reason_against(name):
        change.read_service(host, name)
    wanted = Terminal(terminal) if terminal else None
    chosen, findings = choose_terminal(name, host, directory, wanted, unknown_allowed=force_unknown)
    _refuse(findings, force=False)
    if _is_done(tool, name, Stack(stack), wanted):
        return
    plan = change.plan_enable(host, name, Stack(stack), chosen)
    findings = [*machine_findings(host, chosen), *_ask_daemon(tool, plan.stack)]
    _refuse(findings, force=force)
    backup = change.carry_out(host, plan, rollback_seconds=0 if confirmed else seconds)
    tool.say(f"{name} asks for the code now, by the {chosen} terminal. The old file: {backup}")
    for note in _advice(tool, name):
        click.echo(f"Note: {printable(note)}", err=True)
    if confirmed:
        return
    if not tool.can_ask():
        tool.say(f"It will be undone in {seconds} s, unless: smsotpctl service confirm {name}")
        return
    _await_confirmation(tool, name, seconds)


@service.command()
@click.argument("name", metavar="SERVICE")
@pass_tool
def confirm(tool: Tool, name: str) -> None:
    """Keep an enabled service; without this it is undone."""
    tool.require_root()
    change.confirm(tool.host, check_service_name(name))
    tool.say(f"{name} stays enabled.")


@service.command()
@click.argument("name", metavar="[SERVICE]", required=False)
@click.option("--all", "every", is_flag=True, help="Every service that we enabled.")
@click.option(
    "--terminal",
    type=click.Choice([str(terminal) for terminal in Terminal]),
    help="With --all: only the services with this terminal.",
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something fails.")
@pass_tool
def disable(tool: Tool, name: str | None, every: bool, terminal: str | None, quiet: bool) -> None:
    """Restore a service's file as it was before; no daemon is needed."""
    if (name is None) is not every:
        raise WrongInputError("give a SERVICE, or --all")
    if terminal and not every:
        raise WrongInputError("--terminal goes with --all: a service has one terminal")
    tool.require_root()
    names = (
        [check_service_name(name)]
        if name is not None
        else change.services_with_our_block(tool.host, Terminal(terminal) if terminal else None)
    )
    failures = []
    for each in names:
        try:
            was_on = change.disable(tool.host, each)
        except CliError as error:
            if every and error.exit_code is Exit.NOT_FOUND:
                continue
            failures.append(error)
            if every:
                click.echo(f"smsotpctl: {printable(error.text)}", err=True)
                click.echo(f"  → {printable(error.remedy)}", err=True)
        else:
            if not quiet:
                tool.say(f"{each} is as it was." if was_on else f"{each} was not enabled.")
    if failures and not every:
        raise failures[0]
    if failures:
        raise RefusalError(f"{len(failures)} of {len(names)} services could not be restored")


@service.command("roll-back")
@pass_tool
def roll_back(tool: Tool) -> None:
    """Undo what nobody confirmed and no timer will undo; runs when the machine starts."""
    tool.require_root()
    names = rollback.forgotten(tool.host)
    failures = []
    for name in names:
        try:
            rollback.undo_forgotten(tool.host, name)
        except CliError as error:
            failures.append(error)
            click.echo(f"smsotpctl: {printable(error.text)}", err=True)
            click.echo(f"  → {printable(error.remedy)}", err=True)
        else:
            tool.say(f"Nobody had confirmed {name}; it is as it was.")
    if failures:
        raise RefusalError(f"{len(failures)} of {len(names)} services could not be undone")


@service.command("list")
@click.argument("name", metavar="[SERVICE]", required=False)
@json_option
@pass_tool
def list_services(tool: Tool, name: str | None) -> None:
    """List the services that may ask for a code, and which do."""
    found = describe_services(tool.host, None if name is None else check_service_name(name))
    if tool.as_json:
        print_json(found)
        return
    for entry in found:
        if entry["unconfirmed"]:
            entry["state"] = f"{entry['state']}, unconfirmed"
    print_table(_COLUMNS, found)


def _is_done(tool: Tool, name: str, stack: Stack, wanted: Terminal | None) -> bool:
    """Tell whether the service is enabled in this way already, and say so."""
    text = change.pam_directory(tool.host).read_text(name)
    now = state(text)
    if now not in {State.INSTEAD, State.AFTER}:
        return False
    if str(now) != str(stack):
        raise RefusalError(
            f"{name} is enabled with --stack {now}",
            remedy=f"first: smsotpctl service disable {name}",
        )
    if wanted is not None and terminals_in(text) != [wanted]:
        raise RefusalError(
            f"{name} is enabled with another terminal",
            remedy=f"first: smsotpctl service disable {name}",
        )
    tool.say(f"{name} is enabled already.")
    return True


def _ask_daemon(tool: Tool, stack: Stack) -> list[Finding]:
    try:
        with tool.connect() as daemon:
            return list(daemon_findings(daemon, stack))
    except CliError as error:
        return [Finding(error.text, error.remedy, forceable=True)]


def _refuse(findings: list[Finding], *, force: bool) -> None:
    """Refuse if any finding stands, having told all of them."""
    standing = [finding for finding in findings if not (force and finding.forceable)]
    for finding in findings:
        if finding not in standing:
            click.echo(f"Forced: {printable(finding.text)}", err=True)
    if not standing:
        return
    for finding in standing[:-1]:
        click.echo(f"smsotpctl: {printable(finding.text)}", err=True)
        click.echo(f"  → {printable(finding.remedy)}", err=True)
    raise RefusalError(standing[-1].text, remedy=standing[-1].remedy)


def _advice(tool: Tool, name: str) -> list[str]:
    notes = []
    others = includers(name, change.pam_directory(tool.host))
    if others:
        notes.append(f"this also holds for {', '.join(others)}, which include {name}")
    if name == "sshd":
        settings = sshd_settings(tool.host.run("sshd", "-T").output)
        notes += [text for text in (advice(settings),) if text]
    return notes


def _await_confirmation(tool: Tool, name: str, seconds: int) -> None:
    """Ask whether a login worked; on anything but yes, restore the file."""
    click.echo("Now log in from a second terminal, and keep this one open.", err=True)
    click.echo(f"Did it work? [y/N]  (undone in {seconds} s) ", err=True, nl=False)
    deadline = time.monotonic() + seconds - 1
    try:
        answer = _line_before(deadline)
    except KeyboardInterrupt:
        answer = "no"
    if answer.strip().lower() in {"y", "yes"}:
        change.confirm(tool.host, name)
        tool.say(f"{name} stays enabled.")
        return
    # By now the timer may have done it; once more does no harm.
    change.disable(tool.host, name)
    raise CliError(f"not confirmed; {name} is as it was", exit_code=Exit.ABORTED)


def _line_before(deadline: float) -> str:
    """Return the line typed before the deadline, or nothing."""
    file = _typed()
    left = max(0.0, deadline - time.monotonic())
    ready, _, _ = select.select([file], [], [], left)
    return file.readline() if ready else ""


def _typed() -> TextIO:
    return sys.stdin
