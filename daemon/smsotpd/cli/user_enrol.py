# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user enrol` and `verify`: an address, a PIN, and the code that proves the address."""

from dataclasses import dataclass, field

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.address_command import AddressCommand
from smsotpd.cli.addresses import address_option, ask_address, read_address
from smsotpd.cli.client import AdminClient
from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json
from smsotpd.cli.pin_in import pin_fd_option, pin_source, pin_stdin_option, take_pin
from smsotpd.cli.tool import Tool, json_option, pass_tool
from smsotpd.core.channel_names import CHANNEL_NAMES, SMS
from smsotpd.core.secret import Secret

_TRIES = 3


@dataclass(frozen=True, slots=True)
class EnrolWish:
    """What an administrator wants of an enrolment.

    Attributes:
        address: empty to ask for it.
        pin_fd: where the PIN is read; None to ask for it.
        verify: a code must come back; `verify_later` leaves that to `user verify`.
        answers_stdin: what is asked for are lines of standard input.
    """

    user: str
    channel: str
    address: str = field(default="", repr=False)
    pin_fd: int | None = None
    keep_pin: bool = False
    verify: bool = True
    verify_later: bool = False
    answers_stdin: bool = False


@click.command(cls=AddressCommand)
@click.argument("name", metavar="USER")
@click.option(
    "--channel",
    type=click.Choice(CHANNEL_NAMES),
    default=SMS,
    show_default=True,
    help="How codes reach the user.",
)
@address_option
@pin_stdin_option
@pin_fd_option
@click.option("--keep-pin", is_flag=True, help="Change the address only; for an enrolled user.")
@click.option("--no-verify", is_flag=True, help="Send no code to the phone; it counts at once.")
@click.option(
    "--verify-later",
    is_flag=True,
    help="Send the code, print the enrolment's name and end; “user verify” finishes it.",
)
@click.option(
    "--answers-stdin",
    is_flag=True,
    help="Read what would be asked from standard input, one a line: address, PIN, code.",
)
@json_option
@pass_tool
def enrol(
    tool: Tool,
    name: str,
    channel: str,
    address_fd: int | None,
    pin_stdin: bool,
    pin_fd: int | None,
    keep_pin: bool,
    no_verify: bool,
    verify_later: bool,
    answers_stdin: bool,
) -> None:
    """Enrol a user with an address and a PIN, or change them.

    A code goes to the address and must come back before the enrolment counts. A user has one
    address on each channel; codes go to the first that works.
    """
    if no_verify and verify_later:
        raise WrongInputError("--no-verify and --verify-later exclude each other")
    pin_fd = pin_source(pin_stdin, pin_fd)
    takers = {
        "--address-fd": address_fd == 0,
        "the PIN": pin_fd == 0,
        "--answers-stdin": answers_stdin,
    }
    of_stdin = [name for name, takes in takers.items() if takes]
    if len(of_stdin) > 1:
        raise WrongInputError(f"{' and '.join(of_stdin)} cannot share standard input")
    if not (no_verify or verify_later or answers_stdin) and (of_stdin or not tool.can_ask()):
        tool.require_answers("--no-verify, --verify-later or --answers-stdin")
        raise WrongInputError(
            f"the code cannot be asked for on standard input, which is for {of_stdin[0]}",
            remedy="add --no-verify or --verify-later",
        )
    wish = EnrolWish(
        name,
        channel,
        "" if address_fd is None else read_address(address_fd),
        pin_fd,
        keep_pin=keep_pin,
        verify=not no_verify,
        verify_later=verify_later,
        answers_stdin=answers_stdin,
    )
    enrol_user(tool, wish)


@click.command()
@click.argument("enrolment")
@click.option("--code-stdin", is_flag=True, help="Read the code from standard input.")
@pass_tool
def verify(tool: Tool, enrolment: str, code_stdin: bool) -> None:
    """Finish an enrolment with the code that its phone received."""
    if not code_stdin:
        tool.require_answers("--code-stdin")
    with tool.connect() as daemon:
        if code_stdin:
            code = secrets_in.read_descriptor(0, what="code").reveal()
            daemon.confirm_enrolment(enrolment, code.strip())
        else:
            _prove_address(daemon, enrolment)
    tool.say("The phone is verified.")


def enrol_user(tool: Tool, wish: EnrolWish) -> None:
    """Ask for what a wish leaves open, meet it, and say so.

    Raises:
        CliError: it cannot be met, or nobody can be asked.
        click.Abort: no acceptable answer came.
    """
    address = wish.address or _ask_address(tool, wish)
    with tool.connect() as daemon:
        pin = Secret("") if wish.keep_pin else _ask_pin(tool, daemon, wish)
        enrolment = daemon.enrol_user(
            wish.user, address, pin, verify=wish.verify, channel=wish.channel
        )
        if enrolment and not wish.verify_later:
            if wish.answers_stdin:
                daemon.confirm_enrolment(enrolment, secrets_in.read_line().reveal().strip())
            else:
                _prove_address(daemon, enrolment)
            enrolment = ""
        details = None if enrolment else daemon.show_user(wish.user)
    if tool.as_json:
        print_json({"user": wish.user, "enrolment": enrolment, "details": details})
    elif enrolment:
        click.echo(f"A code was sent. When you have it: smsotpctl user verify {enrolment}")
    else:
        click.echo(f"{wish.user} is enrolled.")


def _ask_address(tool: Tool, wish: EnrolWish) -> str:
    if wish.answers_stdin:
        return secrets_in.read_line().reveal().strip()
    tool.require_answers("--address-fd or --answers-stdin")
    return ask_address(wish.channel)


def _ask_pin(tool: Tool, daemon: AdminClient, wish: EnrolWish) -> Secret:
    if wish.answers_stdin and wish.pin_fd is None:
        return secrets_in.read_line()
    known = wish.pin_fd is None and any(
        entry.get("user") == wish.user for entry in daemon.list_users()
    )
    return take_pin(tool, wish.pin_fd, may_keep=known)


def _prove_address(daemon: AdminClient, enrolment: str) -> None:
    """Ask for the code until it is right, the daemon gives up, or the tries are used up."""
    for left in reversed(range(_TRIES)):
        code = click.prompt("Code that arrived on the phone", err=True)
        try:
            daemon.confirm_enrolment(enrolment, code.strip())
        except CliError as error:
            if error.exit_code not in {Exit.REFUSED, Exit.USAGE} or not left:
                raise
            click.echo(error.text, err=True)
        else:
            return
