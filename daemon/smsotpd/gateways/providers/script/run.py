# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One run of a program: number as its argument, text on its input, exit status as its answer."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec.failure_table import FailureTable

# Nothing of ours: no credentials directory, notification socket or locale.
_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
# sysexits.h names 64 to 78; 79 to 81 are ours, for what it has no number for.
STATUSES: Final = FailureTable(
    "exit status {}",
    {
        "1": ErrorClass.REJECTED,
        "64": ErrorClass.REJECTED,  # EX_USAGE
        "65": ErrorClass.CONTENT,  # EX_DATAERR
        "66": ErrorClass.REJECTED,  # EX_NOINPUT
        "67": ErrorClass.RECIPIENT,  # EX_NOUSER
        "68": ErrorClass.TEMPORARY,  # EX_NOHOST
        "69": ErrorClass.TEMPORARY,  # EX_UNAVAILABLE
        "70": ErrorClass.REJECTED,  # EX_SOFTWARE
        "71": ErrorClass.TEMPORARY,  # EX_OSERR
        "72": ErrorClass.REJECTED,  # EX_OSFILE
        "73": ErrorClass.REJECTED,  # EX_CANTCREAT
        "74": ErrorClass.TEMPORARY,  # EX_IOERR
        "75": ErrorClass.TEMPORARY,  # EX_TEMPFAIL
        "77": ErrorClass.AUTH,  # EX_NOPERM
        "78": ErrorClass.REJECTED,  # EX_CONFIG
        "79": ErrorClass.CREDIT,
        "80": ErrorClass.RATE,
        "81": ErrorClass.SENDER,
    },
)
PROTOCOL: Final = "76"  # EX_PROTOCOL: the other side said what nobody understands


def run(program: Path, number: str, text: str, seconds: float) -> Outcome:
    """Run a program to its end, or kill it and what it started when the time is over."""
    try:
        process = subprocess.Popen(  # noqa: S603  # a checked path, no shell
            [program, number],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
        )
    except OSError as error:
        why = os.strerror(error.errno or 0)
        return Rejected(ErrorClass.REJECTED, f"the program cannot be run: {why}")
    with process:
        try:
            process.communicate(text.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its own session, hence its own group
            return Unknown("the program did not end in time and was killed")
    return _outcome(process.returncode)


def _outcome(status: int) -> Outcome:
    if status == 0:
        return Accepted()
    if status < 0:
        return Unknown(f"the program was ended by signal {-status}")
    if str(status) == PROTOCOL:
        return Unknown(f"the program does not know what became of the message ({PROTOCOL})")
    return STATUSES.outcome(str(status))
