# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl`: find the command, run it, and turn every failure into a text and an exit code."""

import importlib
import os
import sys

import click

from smsotpd import VERSION
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import printable
from smsotpd.cli.tool import Tool, json_option

# Nouns are imported when they are used: most of a short command's time would be imports.
_NOUNS = {
    "doctor": "smsotpd.cli.doctor.command",
    "gateway": "smsotpd.cli.gateway",
    "history": "smsotpd.cli.history",
    "modem": "smsotpd.cli.modem",
    "policy": "smsotpd.cli.policy",
    "self": "smsotpd.cli.self_service",
    "service": "smsotpd.cli.service",
    "setup": "smsotpd.cli.setup.command",
    "status": "smsotpd.cli.status",
    "user": "smsotpd.cli.user",
}


class Program(click.Group):
    """Find commands by noun, and catch what they raise."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the nouns, sorted."""
        return sorted(_NOUNS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import the module of a noun; its command has the noun's name."""
        if name not in _NOUNS:
            return None
        command = getattr(importlib.import_module(_NOUNS[name]), name)
        assert isinstance(command, click.Command)  # noqa: S101  # a fault of ours, not of input
        return command

    def invoke(self, context: click.Context) -> object:
        """Run the command; the outermost place where an error is still an exception."""
        try:
            return super().invoke(context)
        except CliError as error:
            click.echo(f"smsotpctl: {printable(error.text)}", err=True)
            if error.remedy:
                click.echo(f"  → {printable(error.remedy)}", err=True)
            context.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("smsotpctl: nothing more was done", err=True)
            context.exit(Exit.ABORTED)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except OSError as error:
            # A full disk, a read-only file system: the machine's fault, and no riddle.
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"smsotpctl: {printable(f'{where}{error.strerror}')}", err=True)
            context.exit(Exit.FAILED)
        except UnicodeEncodeError:
            # Octets that are no text stand in arguments as lone surrogates (PEP 383).
            click.echo("smsotpctl: something that was given is no UTF-8 text", err=True)
            context.exit(Exit.USAGE)
        except Exception as error:  # a traceback is no error message
            if context.ensure_object(Tool).debug:
                raise
            click.echo(
                f"smsotpctl: internal error ({type(error).__name__}); --debug shows where", err=True
            )
            context.exit(Exit.INTERNAL)


@click.command(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="smsotpctl")
@json_option
@click.option("--debug", is_flag=True, help="Show a traceback where there would be an error text.")
@click.pass_context
def program(context: click.Context, debug: bool) -> None:
    """Administer logins by PIN and one-time code."""
    context.ensure_object(Tool).debug = debug


def main() -> None:
    """Run `smsotpctl` and end the process."""
    _replace_closed_streams()
    try:
        program.main(prog_name="smsotpctl")
    except BrokenPipeError:
        sys.exit(Exit.FAILED)


def _replace_closed_streams() -> None:
    """Open the null device in the place of standard streams that are closed.

    Python has None for those, and what is opened next, as the connection to the bus, would have
    their numbers: programs that we run would read and write it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest number that is free, so that of the stream, the others being open.
            null = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(null, True)  # noqa: FBT003  # it takes no keywords
            setattr(sys, name, os.fdopen(null, mode))
