# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl doctor`: what will happen at each login, what is wrong, and what heals it."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from smsotpd.cli.doctor.bundle import write_bundle
from smsotpd.cli.doctor.examination import examine
from smsotpd.cli.doctor.finding import Finding, Report, Severity
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json, printable
from smsotpd.cli.tool import Tool, json_option, pass_tool

# What monitoring takes for “unknown”; 1 and 2 are warnings and errors here, not usage.
_NOT_EXAMINED = Exit.NOT_AUTHORIZED


class Monitored(click.Command):
    """A command whose usage errors do not look like findings."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        """Read the options."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            error.exit_code = _NOT_EXAMINED
            raise


@click.command(cls=Monitored)
@click.option(
    "--bundle",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a tar.gz for support too: findings, status, settings and journal, without "
    "secrets and numbers.",
)
@json_option
@pass_tool
def doctor(tool: Tool, bundle: Path | None) -> None:
    """Say what will happen at each login, what is wrong, and what heals it.

    Nothing is changed. The exit status is 0 if all is well, 1 for warnings, 2 for errors, and 3
    if the machine could not be examined.
    """
    if not tool.host.is_root:
        raise CliError(
            "only root can read all that has to be examined",
            remedy="run it as root: sudo smsotpctl doctor",
            exit_code=_NOT_EXAMINED,
        )
    report = examine(tool.host, tool.connect, owner=os.geteuid())
    if bundle is not None:
        try:
            write_bundle(bundle, report, tool.host, tool.connect)
        except (OSError, CliError) as error:
            raise CliError(
                f"the bundle was not written: {error}", exit_code=_NOT_EXAMINED
            ) from None
    if tool.as_json:
        print_json(report.encoded())
    else:
        _print(report)
        if bundle is not None:
            click.echo(f"\nThe bundle is in {bundle}. Look into it before you pass it on.")
    click.get_current_context().exit(int(report.worst))


def _print(report: Report) -> None:
    click.echo("What will happen")
    for service in report.services:
        if service.asks:
            click.echo(f"  {service.service}: {printable(service.sentence)}")
    silent = [service.service for service in report.services if not service.asks]
    if silent:
        click.echo(f"  No code is asked for by: {', '.join(silent)}.")
    for severity in reversed(Severity):
        findings = [each for each in report.findings if each.severity is severity]
        if findings:
            click.echo(f"\n{_HEADINGS[severity]}")
            _print_findings(findings)
    if report.worst is Severity.NOTE:
        click.echo("\nNothing is wrong.")


_HEADINGS = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}


def _print_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        click.echo(f"  {printable(finding.where)}")
        click.echo(f"    {printable(finding.what)}")
        if finding.remedy:
            click.echo(f"    → {printable(finding.remedy)}")
        for command in finding.commands:
            click.echo(f"    # {printable(command)}")
        for line in finding.diff.splitlines():
            # Tabs stay, so that the change can be copied into patch(1).
            shown = "\t".join(map(printable, line.split("\t")))
            click.echo(f"    {shown}")
