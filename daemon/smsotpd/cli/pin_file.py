# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""First PINs that were made up here, in a file for whoever hands them out."""

import csv
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.pin import check_pin
from smsotpd.core.secret import Secret

# Nothing that looks like something else on paper.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH: Final = 8


def new_pin(user: str) -> Secret:
    """Return a PIN of 39 bits that nobody would try first."""
    while True:
        pin = Secret("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))
        try:
            return check_pin(pin, user)
        except BadArgumentError:
            continue


class PinFile:
    """A new file that only its owner may read: `user` and `pin` as CSV.

    A PIN stands there before it counts, so that none is lost if we are killed; those that are known
    not to count are taken out in the end.
    """

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            CliError: it is there already, or cannot be made.
        """
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            raise CliError(
                f"{path} is there already, and may hold PINs that somebody needs",
                remedy="name another file",
                exit_code=Exit.EXISTS,
            ) from None
        except OSError as error:
            raise WrongInputError(f"{path}: {error.strerror}") from None
        os.fchmod(descriptor, 0o600)
        self._path = path
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(("user", "pin"))
        self._counted: dict[str, Secret] = {}
        self._unknown: dict[str, Secret] = {}

    def note(self, pins: Mapping[str, Secret]) -> None:
        """Put PINs on disk that are about to count; from now on they may."""
        self._unknown = dict(pins)
        self._writer.writerows((user, pin.reveal()) for user, pin in pins.items())
        self._file.flush()
        os.fsync(self._file.fileno())

    def count(self, pins: Mapping[str, Secret]) -> None:
        """Remember which of them do; the others do not."""
        self._counted |= pins
        self._unknown = {}

    def finish(self) -> int:
        """Leave only the PINs that count, or may; return how many, and without any, no file."""
        left = self._counted | self._unknown
        if not left:
            self._file.close()
            self._path.unlink()
            return 0
        self._file.seek(0)
        self._file.truncate()
        self._writer.writerow(("user", "pin"))
        self.note(left)
        self._file.close()
        return len(left)
