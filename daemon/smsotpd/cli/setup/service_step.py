# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Switch a service on under a roll-back that covers sshd's settings too."""

import time
from dataclasses import dataclass

import click

from smsotpd.cli.doctor.finding import Severity
from smsotpd.cli.doctor.stacks import Stacks
from smsotpd.cli.doctor.words import GAPS
from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import printable
from smsotpd.cli.pam import change, rollback
from smsotpd.cli.pam.block import Stack, State, state
from smsotpd.cli.pam.finding import Finding
from smsotpd.cli.pam.place import choose_terminal
from smsotpd.cli.pam.selftest import daemon_findings, machine_findings
from smsotpd.cli.pam.sshd import DROP_IN
from smsotpd.cli.setup import undoing
from smsotpd.cli.setup.sshd_step import (
    Keys,
    lines_wanted,
    locks_root_out,
    read_settings,
    write_drop_in,
)
from smsotpd.cli.setup.waiting import Seen, await_login, last_login
from smsotpd.cli.tool import Tool

_MARGIN_SECONDS = 3


@dataclass(frozen=True, slots=True)
class ServiceWish:
    """What the options say about the service.

    Attributes:
        seconds: until all is undone, unless a login works.
        confirmed: at once for good.
    """

    service: str
    stack: Stack
    keys: Keys
    seconds: int
    confirmed: bool


def enable_service(tool: Tool, wish: ServiceWish, user: str, *, yes: bool) -> None:
    """Switch the service on, and keep it if a login works.

    Raises:
        CliError: it was undone, and the text says why.
    """
    host, service = tool.host, wish.service
    lines = _settings_of_sshd(tool, wish, yes=yes) if service == "sshd" else []
    # What is about to undo itself is no state to come back to, and nothing to call done.
    is_unconfirmed = rollback.is_armed(host, service)
    if _is_on(tool, wish) and not lines and not is_unconfirmed:
        tool.say(f"{service} asks for the code already.")
        return
    if is_unconfirmed:
        tool.say(f"Nobody has confirmed {service} yet; its time begins anew.")
    if not (is_unconfirmed and undoing.is_remembered(host, service)):
        undoing.remember(host, service, is_on=_is_on(tool, wish) and not is_unconfirmed)
    before = "" if wish.confirmed else last_login(tool.records(), service)
    # Before the timer does it, so that the way out is one of the two and not both.
    deadline = time.monotonic() + wish.seconds - _MARGIN_SECONDS
    try:
        if not wish.confirmed:
            undoing.arm(host, service, wish.seconds)
        if lines:
            write_drop_in(host, lines, wish.keys)
        if not _is_on(tool, wish):
            _switch_on(tool, wish)
        _require_soundness(tool, service)
        if not wish.confirmed:
            _require_login(tool, wish, user, before, deadline)
        undoing.keep(host, service)
    except BaseException:
        undoing.undo(host, service)
        tool.say(f"{service} is as it was, in /etc/pam.d and /etc/ssh.")
        raise
    tool.say(f"{service} asks for the code from now on.")


def _settings_of_sshd(tool: Tool, wish: ServiceWish, *, yes: bool) -> list[str]:
    settings = read_settings(tool.host)
    lines = lines_wanted(settings, wish.keys)
    if locks_root_out(settings, wish.keys):
        click.echo(
            "Note: root may log in by key only (PermitRootLogin prohibit-password), and so will "
            "not get in by ssh any more.",
            err=True,
        )
    if lines:
        click.echo(f"sshd needs these settings, in {DROP_IN}:", err=True)
        for line in lines:
            click.echo(f"  {line}", err=True)
        tool.confirm("Write them?", yes=yes)
    return lines


def _is_on(tool: Tool, wish: ServiceWish) -> bool:
    now = state(change.read_service(tool.host, wish.service).text)
    if now is State.OFF:
        return False
    if str(now) != str(wish.stack):
        raise RefusalError(
            f"{wish.service} mentions pam_smsotp already ({now})",
            remedy=f"see: smsotpctl doctor; smsotpctl service disable {wish.service}",
        )
    return True


def _switch_on(tool: Tool, wish: ServiceWish) -> None:
    host = tool.host
    terminal, findings = choose_terminal(
        wish.service, host, change.pam_directory(host), None, unknown_allowed=False
    )
    _refuse(findings)
    plan = change.plan_enable(host, wish.service, wish.stack, terminal)
    with tool.connect() as daemon:
        _refuse([*machine_findings(host, terminal), *daemon_findings(daemon, wish.stack)])
    # The roll-back that is armed covers this, too.
    change.carry_out(host, plan, rollback_seconds=0)


def _refuse(findings: list[Finding]) -> None:
    if findings:
        for finding in findings[:-1]:
            click.echo(f"smsotpctl: {printable(finding.text)}", err=True)
            click.echo(f"  → {printable(finding.remedy)}", err=True)
        raise RefusalError(findings[-1].text, remedy=findings[-1].remedy)


def _require_soundness(tool: Tool, service: str) -> None:
    """Have the doctor work the new stack out before anybody meets it."""
    for gap in Stacks(tool.host).judgement(service).gaps:
        severity, text = GAPS[gap]
        if severity is Severity.ERROR:
            raise RefusalError(text.format(service=service).rstrip("."), remedy="smsotpctl doctor")


def _require_login(tool: Tool, wish: ServiceWish, user: str, before: str, deadline: float) -> None:
    example = f"ssh {user}@localhost" if wish.service == "sshd" else "a login"
    click.echo(
        f"Now log in from a second terminal, and keep this one open: {example}\n"
        f"All is undone in {wish.seconds} s unless that works. "
        "(It is noticed by itself; y keeps it without, n undoes it now.)",
        err=True,
    )
    seen = await_login(tool.records(), wish.service, before, deadline, can_ask=tool.can_ask)
    match seen:
        case Seen.LOGIN:
            tool.say(f"A login to {wish.service} by PIN and code has worked.")
        case Seen.YES:
            tool.say("Kept, as you say.")
        case Seen.NO:
            raise CliError("not confirmed", exit_code=Exit.ABORTED)
        case Seen.TIME_IS_UP:
            raise CliError(
                f"nobody logged in to {wish.service} within {wish.seconds} s",
                remedy="smsotpctl history shows what was tried; then: smsotpctl setup",
                exit_code=Exit.ABORTED,
            )
