# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What every command shares: the way to the daemon, the machine, and how to answer."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from smsotpd.cli.client import AdminClient, connected_client
from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Host
from smsotpd.cli.self_client import SelfClient, connected_self_client

if TYPE_CHECKING:
    from smsotpd.cli.records import Records


def _journal_records() -> "Records":
    # Slow to import; one command needs it.
    from smsotpd.cli.records import JournalRecords  # noqa: PLC0415  # lazy, for the reason above

    return JournalRecords()


def _standard_input_is_a_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(slots=True)
class Tool:
    """The running command line; tests bring their own daemon, machine and person."""

    connect: Callable[[], AbstractContextManager[AdminClient]] = connected_client
    connect_self: Callable[[], AbstractContextManager[SelfClient]] = connected_self_client
    host: Host = field(default_factory=Host)
    records: Callable[[], "Records"] = _journal_records
    can_ask: Callable[[], bool] = _standard_input_is_a_terminal
    as_json: bool = False
    debug: bool = False

    def require_answers(self, option: str) -> None:
        """Refuse to ask where nobody can answer, naming the option that would have told.

        Raises:
            WrongInputError: standard input is no terminal.
        """
        if not self.can_ask():
            raise WrongInputError(
                f"{option} is missing, and standard input is no terminal to ask on"
            )

    def require_root(self) -> None:
        """Refuse to touch system files without being root.

        Raises:
            CliError: we are not.
        """
        if not self.host.is_root:
            raise CliError(
                "only root may change how a service logs in",
                remedy="run it as root: sudo smsotpctl …",
                exit_code=Exit.NOT_AUTHORIZED,
            )

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is lost, unless told not to.

        Raises:
            click.Abort: the answer is no.
        """
        if yes:
            return
        self.require_answers("--yes")
        click.confirm(question, abort=True, err=True)

    def say(self, text: str) -> None:
        """Tell a person what was done; programs that asked for JSON are told nothing."""
        if not self.as_json:
            click.echo(text)


pass_tool = click.make_pass_decorator(Tool)


def _set_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Tool).as_json = True


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_set_json,
    help="Print JSON instead of tables.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
