# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl service test`: log in through a service and see what its users see."""

import os

import click

from smsotpd.cli.client import MOST_SECRET_BYTES
from smsotpd.cli.descriptor import Descriptor
from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import print_json, printable
from smsotpd.cli.pam import change
from smsotpd.cli.pam.files import check_service_name
from smsotpd.cli.pam.known import KNOWN
from smsotpd.cli.pam.login import Ended, Said, log_in
from smsotpd.cli.pam.terminal import terminals_in
from smsotpd.cli.tool import Tool, json_option, pass_tool
from smsotpd.core.secret import Secret

# The failures of the machinery: the daemon, or what the stack names, is not there.
_NO_VERDICT = frozenset(
    {"PAM_AUTHINFO_UNAVAIL", "PAM_CRED_UNAVAIL", "PAM_OPEN_ERR", "PAM_SYMBOL_ERR",
     "PAM_MODULE_UNKNOWN", "PAM_SYSTEM_ERR", "PAM_ABORT"}
)  # fmt: skip


class Answers:
    """Answers from a descriptor, a line for each question; read when it is asked, not before.

    A code is sent only after the PIN was given: whoever writes the answers may need the first
    question's answer to know the second's.
    """

    def __init__(self, descriptor: int) -> None:
        """Take the descriptor; nothing is read yet."""
        self._descriptor = descriptor
        self.are_used_up = False

    def __call__(self, _question: Said) -> Secret | None:
        """Read one line; None at the end.

        Raises:
            WrongInputError: it cannot be read, is too long, or no UTF-8.
        """
        line = b""
        try:
            # A byte at a time: what follows the line is for the next question.
            while (part := self._byte()) not in {b"", b"\n"}:
                line += part
                if len(line) > MOST_SECRET_BYTES:
                    raise WrongInputError("an answer is too long")
        except OSError as error:
            raise WrongInputError(f"descriptor {self._descriptor}: {error.strerror}") from None
        if not line and not part:
            self.are_used_up = True
            return None
        if b"\0" in line:
            # PAM would take what stands before it for the whole.
            raise WrongInputError("an answer is no text: it has a zero byte")
        try:
            return Secret(line.removesuffix(b"\r").decode())
        except UnicodeDecodeError:
            raise WrongInputError("an answer is no UTF-8 text") from None

    def _byte(self) -> bytes:
        if self._descriptor == 0:
            return click.get_binary_stream("stdin").read(1)
        return os.read(self._descriptor, 1)


@click.command("test")
@click.argument("name", metavar="SERVICE")
@click.argument("user", metavar="USER")
@click.option("--rhost", default="", metavar="ADDRESS", help="As if the login came from there.")
@click.option("--answers-stdin", is_flag=True, help="Read the answers from standard input.")
@click.option(
    "--answers-fd",
    type=Descriptor(),
    help="Read the answers from a file descriptor, one a line.",
)
@json_option
@pass_tool
def try_service(
    tool: Tool, name: str, user: str, rhost: str, answers_stdin: bool, answers_fd: int | None
) -> None:
    """Log in through a service, and show each prompt, the outcome, and how long each took.

    It is a real login up to the account's rules: a code is sent, and failures count. Nobody is let
    in anywhere by it.
    """
    tool.require_root()
    check_service_name(name)
    if answers_stdin and answers_fd is not None:
        raise WrongInputError("give --answers-stdin or --answers-fd, not both")
    descriptor = 0 if answers_stdin else answers_fd
    if descriptor is None:
        tool.require_answers("--answers-stdin")
    directory = change.pam_directory(tool.host)
    terminals = terminals_in(_text(tool, name))
    if not terminals and not tool.as_json:
        click.echo(f"Note: {name} itself does not ask for the code", err=True)
    answers = None if descriptor is None else Answers(descriptor)
    said: list[Said] = []
    ended: list[Ended] = []
    for event in log_in(
        name,
        user,
        rhost=rhost,
        directory=None if tool.host.places.is_the_system else directory.path,
        answer=answers or _ask,
    ):
        match event:
            case Said():
                said.append(event)
                if descriptor is not None or not event.is_question:
                    tool.say(_line(event.milliseconds, event.text))
            case Ended():
                ended.append(event)
                tool.say(_line(event.milliseconds, f"{event.stage}: {event.outcome}"))
    last = ended[-1] if ended else Ended("start", "PAM_ABORT", 0.0)
    granted = last.outcome == "PAM_SUCCESS"
    total = sum(each.milliseconds for each in said) + sum(each.milliseconds for each in ended)
    if tool.as_json:
        print_json(
            {
                "service": name,
                "user": user,
                "terminal": " and ".join(terminals),
                "granted": granted,
                "outcome": last.outcome,
                "ms": round(total, 1),
                "prompts": [
                    {"style": each.style, "text": each.text, "ms": each.milliseconds}
                    for each in said
                ],
                "stages": [
                    {"stage": each.stage, "outcome": each.outcome, "ms": each.milliseconds}
                    for each in ended
                ],
            }
        )
    else:
        verdict = "would be let in" if granted else "would not be let in"
        tool.say(_line(total, f"{user} {verdict} by {name}"))
    if answers and answers.are_used_up:
        raise CliError(
            f"{name} asked more than there were answers, so it was told that nobody is there",
            remedy="give one line for each question; no line to see the first question alone",
        )
    _hand_back(name, last)


def _text(tool: Tool, name: str) -> str:
    """Return the text of the service file, wherever libpam finds it.

    Raises:
        CliError: there is none; libpam would take that of “other”.
    """
    directory = change.pam_directory(tool.host)
    try:
        return directory.read_text(name)
    except CliError as error:
        vendor = tool.host.places.vendor_pam / name
        if error.exit_code is not Exit.NOT_FOUND or not vendor.is_file():
            raise
        return vendor.read_text(errors="replace")


def _ask(question: Said) -> Secret | None:
    """Ask a person, as the program would."""
    answer = click.prompt(
        _line(question.milliseconds, question.text),
        prompt_suffix="",
        hide_input=question.style == "hidden",
        default="",
        show_default=False,
        err=True,
    )
    return Secret(str(answer))


def _line(milliseconds: float, text: str) -> str:
    return f"{milliseconds:8.1f} ms  {printable(text)}"


def _hand_back(name: str, last: Ended) -> None:
    """End with the exit code that the outcome means.

    Raises:
        CliError: nobody would be let in.
    """
    if last.outcome == "PAM_SUCCESS":
        return
    if last.outcome in _NO_VERDICT:
        raise CliError(
            f"{name} could not judge the login: {last.outcome}",
            remedy="see: smsotpctl status, journalctl -b -g pam_smsotp",
            exit_code=Exit.UNAVAILABLE,
        )
    two_attempts = name in KNOWN and KNOWN[name].one_field
    raise CliError(
        f"{name} denied the login: {last.outcome}",
        remedy="if that was the PIN alone: once more, with PIN and code in one answer"
        if two_attempts
        else "see: smsotpctl history",
    )
