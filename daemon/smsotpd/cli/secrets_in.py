# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Take in what others may not see: from a hidden prompt, standard input or a descriptor.

Never from an argument or a variable: other users can read those.
"""

import os

import click

from smsotpd.cli.client import MOST_SECRET_BYTES
from smsotpd.cli.errors import WrongInputError
from smsotpd.core.secret import Secret

TRIES = 5
"""How often a question is asked before the command gives up."""


def read_descriptor(descriptor: int, *, what: str = "secret") -> Secret:
    """Read a secret to the end of a descriptor; one line end after it does not count.

    Args:
        what: the word for it in texts of errors.

    Raises:
        WrongInputError: it cannot be read, is empty, too long, or no UTF-8.
    """
    name = "standard input" if descriptor == 0 else f"file descriptor {descriptor}"
    content = b""
    try:
        while len(content) <= MOST_SECRET_BYTES and (part := _read(descriptor)):
            content += part
    except OSError as error:
        raise WrongInputError(f"{name}: {error.strerror}") from None
    if len(content) > MOST_SECRET_BYTES:
        raise WrongInputError(f"{name} holds more than {MOST_SECRET_BYTES // 1024} KiB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise WrongInputError(f"{name} does not hold UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise WrongInputError(f"{name} is empty; it should hold the {what}")
    return Secret(text)


def read_lines(descriptor: int, count: int) -> list[Secret]:
    """Read so many secrets, one a line; a single one may have several lines.

    Raises:
        WrongInputError: there are more or fewer lines.
    """
    whole = read_descriptor(descriptor)
    if count == 1:
        return [whole]
    lines = whole.reveal().split("\n")
    if len(lines) != count or not all(lines):
        raise WrongInputError(
            f"{count} secrets were announced and {len(lines)} lines came; give one a line, in order"
        )
    return [Secret(line.removesuffix("\r")) for line in lines]


def read_line() -> Secret:
    """Read one line of standard input; nothing behind it is used up.

    Raises:
        click.Abort: there is none.
        WrongInputError: it is no UTF-8, or too long.
    """
    # Where the locale is not installed, click makes a new stream of text each time, and what the
    # old one had read ahead would be lost.
    line = click.get_binary_stream("stdin").readline(MOST_SECRET_BYTES + 1)
    if not line:
        raise click.Abort
    if len(line) > MOST_SECRET_BYTES:
        raise WrongInputError(
            f"a line of standard input is longer than {MOST_SECRET_BYTES // 1024} KiB"
        )
    try:
        text = line.decode()
    except UnicodeDecodeError:
        # A PIN with something in the place of a letter would be one that nobody can type.
        raise WrongInputError("standard input does not hold UTF-8 text") from None
    return Secret(text.removesuffix("\n").removesuffix("\r"))


def ask(question: str, *, twice: bool = False, may_be_empty: bool = False) -> Secret:
    """Ask for a secret on the terminal without showing it.

    Raises:
        click.Abort: no acceptable answer came.
    """
    for _ in range(TRIES):
        answer = Secret(_hidden(question))
        if not answer and may_be_empty:
            return answer
        if not answer:
            click.echo("An answer is needed.", err=True)
        elif twice and Secret(_hidden("Once more")) != answer:
            click.echo("The two differ; again.", err=True)
        else:
            return answer
    raise click.Abort


def _read(descriptor: int) -> bytes:
    if descriptor == 0:
        return click.get_binary_stream("stdin").read(MOST_SECRET_BYTES)
    return os.read(descriptor, MOST_SECRET_BYTES)


def _hidden(question: str) -> str:
    return str(click.prompt(question, hide_input=True, default="", show_default=False, err=True))
