# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Log in through a PAM service in a process of its own, and tell what happens there."""

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import ENVIRONMENT
from smsotpd.core.secret import Secret

_PROGRAM = Path(__file__).with_name("pam_client.py")
# The terminal waits for the daemon at most 100 s at a time.
LONGEST_SILENCE_SECONDS = 150.0
_ENDING_SECONDS = 5.0

# The results of security/_pam_types.h, from 0.
_RESULTS = (
    "PAM_SUCCESS", "PAM_OPEN_ERR", "PAM_SYMBOL_ERR", "PAM_SERVICE_ERR", "PAM_SYSTEM_ERR",
    "PAM_BUF_ERR", "PAM_PERM_DENIED", "PAM_AUTH_ERR", "PAM_CRED_INSUFFICIENT",
    "PAM_AUTHINFO_UNAVAIL", "PAM_USER_UNKNOWN", "PAM_MAXTRIES", "PAM_NEW_AUTHTOK_REQD",
    "PAM_ACCT_EXPIRED", "PAM_SESSION_ERR", "PAM_CRED_UNAVAIL", "PAM_CRED_EXPIRED", "PAM_CRED_ERR",
    "PAM_NO_MODULE_DATA", "PAM_CONV_ERR", "PAM_AUTHTOK_ERR", "PAM_AUTHTOK_RECOVERY_ERR",
    "PAM_AUTHTOK_LOCK_BUSY", "PAM_AUTHTOK_DISABLE_AGING", "PAM_TRY_AGAIN", "PAM_IGNORE",
    "PAM_ABORT", "PAM_AUTHTOK_EXPIRED", "PAM_MODULE_UNKNOWN", "PAM_BAD_ITEM", "PAM_CONV_AGAIN",
    "PAM_INCOMPLETE",
)  # fmt: skip

_STAGES = {"start": "start", "authenticate": "authentication", "acct_mgmt": "account"}


@dataclass(frozen=True, slots=True)
class Said:
    """What PAM showed or asked.

    Attributes:
        style: hidden, visible, info or error.
        milliseconds: that it took since the last answer.
    """

    style: str
    text: str
    milliseconds: float

    @property
    def is_question(self) -> bool:
        """Tell whether an answer is awaited."""
        return self.style in {"hidden", "visible"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stage ended.

    Attributes:
        stage: start, authentication or account.
        outcome: the name of the PAM return code.
        milliseconds: that it took since the last answer.
    """

    stage: str
    outcome: str
    milliseconds: float


def log_in(
    service: str,
    user: str,
    *,
    rhost: str,
    directory: Path | None,
    answer: Callable[[Said], Secret | None],
) -> Iterator[Said | Ended]:
    """Log in once, and yield what happens as it does.

    Args:
        rhost: where from; empty for a local login.
        directory: of the service files; None for the system's own.
        answer: asked after each question was yielded; None for nobody there to answer.

    Raises:
        CliError: the stack crashed or blocked the process, or it cannot be started.
    """
    if importlib.util.find_spec("pamela") is None:
        raise RefusalError(
            "no login can be tried without pamela", remedy="apt-get install python3-pamela"
        )
    events, said = os.pipe()
    answers, to_answer = os.pipe()
    options = [f"--said={said}", f"--answers={answers}"]
    if rhost:
        options.append(f"--rhost={rhost}")
    if directory:
        options.append(f"--directory={directory}")
    try:
        # A group of its own: Ctrl-C is for us, who then tell it that nobody answers.
        process = subprocess.Popen(  # noqa: S603  # our own script; the service name was checked
            [sys.executable, "-I", str(_PROGRAM), *options, "--", service, user],
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(said, answers),
            start_new_session=True,
        )
    finally:
        os.close(said)
        os.close(answers)
    with os.fdopen(to_answer, "wb", buffering=0) as answering, os.fdopen(events, "rb") as reading:
        try:
            for line in _lines(reading.fileno()):
                event = _parsed(line)
                yield event
                if isinstance(event, Said) and event.is_question:
                    given = answer(event)
                    if given is None:
                        answering.close()
                    else:
                        with suppress(BrokenPipeError):
                            answering.write(given.reveal().encode() + b"\n")
            _require_orderly_end(service, process)
        finally:
            process.kill()
            process.wait()


def _lines(descriptor: int) -> Iterator[bytes]:
    """Yield whole lines until the other end is closed.

    Raises:
        CliError: none came for too long.
    """
    held = b""
    deadline = time.monotonic() + LONGEST_SILENCE_SECONDS
    while True:
        left = max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([descriptor], [], [], left)
        if not ready:
            raise CliError(
                f"the stack did nothing for {LONGEST_SILENCE_SECONDS:.0f} s",
                remedy="see: journalctl -b",
                exit_code=Exit.UNAVAILABLE,
            )
        part = os.read(descriptor, 65536)
        if not part:
            return
        *lines, held = (held + part).split(b"\n")
        yield from lines
        # Whoever took a line may have waited for a person.
        deadline = time.monotonic() + LONGEST_SILENCE_SECONDS


def _parsed(line: bytes) -> Said | Ended:
    fact = json.loads(line)
    milliseconds = float(fact["ms"])
    if "style" in fact:
        return Said(str(fact["style"]), str(fact["text"]), milliseconds)
    number = int(fact["result"])
    known = 0 <= number < len(_RESULTS)
    outcome = _RESULTS[number] if known else f"return code {number}"
    return Ended(_STAGES[fact["stage"]], outcome, milliseconds)


def _require_orderly_end(service: str, process: subprocess.Popen[bytes]) -> None:
    try:
        code = process.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        raise CliError(
            f"the stack of {service} does not let its process end",
            remedy="a module left a thread behind; see: smsotpctl service list " + service,
            exit_code=Exit.UNAVAILABLE,
        ) from None
    if code < 0:
        raise CliError(
            f"the stack of {service} crashed the process that used it ({_signal_name(-code)})",
            remedy="it would crash the program as well; see: journalctl -b, "
            f"smsotpctl service list {service}",
            exit_code=Exit.UNAVAILABLE,
        )
    if code:
        raise CliError(f"the login ended with status {code} and no outcome")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
