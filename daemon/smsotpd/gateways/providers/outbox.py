# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Append messages to a file that only the daemon and root can read: for demos and first steps."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.gateways.spec import Direct, Gateway, Values

DEFAULT_PATH: Final = "/var/lib/smsotp/outbox"

_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
# A FIFO put there must not block us: O_NONBLOCK makes opening it fail.
_FLAGS: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)


class _UnsafeError(Exception):
    """The file or its directory is not the daemon's alone."""


def _deliver(values: Values, message: Message, _seconds: float) -> Outcome:
    line = json.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "channel": message.recipient.channel,
            "recipient": message.recipient.address,
            "text": message.text,
        }
    )
    try:
        _append(PurePosixPath(values.text("PATH")), f"{line}\n".encode("ascii"))
    except _UnsafeError as error:
        return Rejected(ErrorClass.REJECTED, str(error))
    except OSError as error:
        return Deferred(
            ErrorClass.TEMPORARY, f"the outbox cannot be written: {os.strerror(error.errno or 0)}"
        )
    return Accepted()


def _append(path: PurePosixPath, line: bytes) -> None:
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(directory)
        if status.st_uid not in {0, os.geteuid()} or status.st_mode & _WRITABLE_BY_OTHERS:
            raise _UnsafeError("the outbox's directory belongs to, or is writable by, others")
        file = os.open(path.name, _FLAGS, mode=0o600, dir_fd=directory)
    finally:
        os.close(directory)
    try:
        _check_file(os.fstat(file))
        _write_all(file, line)
        os.fsync(file)
    finally:
        os.close(file)


def _check_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise _UnsafeError("the outbox is no plain file of one name")
    if status.st_uid != os.geteuid() or status.st_mode & _FOR_OTHERS:
        raise _UnsafeError("the outbox belongs to, or is accessible to, others; it needs mode 0600")


def _write_all(file: int, line: bytes) -> None:
    while line:
        line = line[os.write(file, line) :]


def _check(values: Values) -> None:
    path = PurePosixPath(values.text("PATH"))
    if not path.is_absolute() or ".." in path.parts or not path.name:
        raise BadArgumentError("PATH", f"must be an absolute path of a file, as {DEFAULT_PATH}")


GATEWAY: Final = Gateway(
    id="outbox",
    title="A file on this host, for demos and first steps",
    link="",
    settings=(
        SettingDescription(
            "PATH",
            "File to append to",
            "Created with mode 0600; one JSON object a line, with time, recipient and text.",
            default=DEFAULT_PATH,
        ),
    ),
    transport=Direct(_deliver),
    check=_check,
    demonstration=True,
)
