# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Where an administrator's command takes a new PIN from."""

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.descriptor import Descriptor
from smsotpd.cli.errors import WrongInputError
from smsotpd.cli.tool import Tool
from smsotpd.core.secret import Secret

pin_stdin_option = click.option(
    "--pin-stdin", is_flag=True, help="Read the PIN from standard input."
)
pin_fd_option = click.option(
    "--pin-fd", type=Descriptor(), help="Read the PIN from a file descriptor."
)


def pin_source(pin_stdin: bool, pin_fd: int | None) -> int | None:
    """Return the descriptor that the options name; None to ask.

    Raises:
        WrongInputError: they name two.
    """
    if pin_stdin and pin_fd is not None:
        raise WrongInputError("--pin-stdin and --pin-fd exclude each other")
    return 0 if pin_stdin else pin_fd


def take_pin(tool: Tool, descriptor: int | None, *, may_keep: bool) -> Secret:
    """Read a new PIN, or ask for it; empty if it may be and the old one shall stay.

    Raises:
        WrongInputError: there is none, and nobody to ask.
        click.Abort: no acceptable answer came.
    """
    if descriptor is not None:
        return secrets_in.read_descriptor(descriptor, what="PIN")
    tool.require_answers("--pin-stdin")
    question = "New PIN (empty: keep the old one)" if may_keep else "New PIN"
    return secrets_in.ask(question, twice=True, may_be_empty=may_keep)
