# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which program may be run: one in one directory that nobody but root can have put there."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = 0
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_FOR_OTHERS_TO_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_EXECUTABLE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class UnsafeProgramError(Exception):
    """The program is not there or not root's alone; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one directory.

    Attributes:
        top: from here down to the program, everything must be the owner's alone.
        owner: the user that is trusted.
    """

    directory: Path
    top: Path = Path("/")
    owner: int = _ROOT

    def find(self, name: str) -> Path:
        """Return the path of a program.

        Nothing in it can be changed between this check and the use by anybody but its owner.

        Raises:
            UnsafeProgramError: there is none of that name, or somebody else could have written it.
        """
        if not is_name(name):
            raise UnsafeProgramError("must be the name of a file: letters, digits, _ . - only")
        path = self.directory / name
        for part in (*self._way(), path):
            self._check(part, is_program=part == path)
        return path

    def _way(self) -> list[Path]:
        parents = [self.directory, *self.directory.parents]
        return [part for part in reversed(parents) if part.is_relative_to(self.top)]

    def _check(self, path: Path, *, is_program: bool) -> None:
        try:
            status = path.lstat()
        except OSError as error:
            raise UnsafeProgramError(f"cannot be used: {path}: {error.strerror}") from error
        kind = stat.S_ISREG if is_program else stat.S_ISDIR
        if not kind(status.st_mode):
            what = "plain file" if is_program else "directory"
            raise UnsafeProgramError(f"cannot be used: {path} is no {what} (nor may it be a link)")
        if status.st_uid != self.owner:
            raise UnsafeProgramError(f"cannot be used: {path} does not belong to root")
        if status.st_mode & _FOR_OTHERS_TO_WRITE:
            raise UnsafeProgramError(f"cannot be used: others may write {path}; run chmod go-w")
        if is_program and not (status.st_mode & _EXECUTABLE and os.access(path, os.X_OK)):
            raise UnsafeProgramError(f"cannot be used: the daemon may not execute {path}")


def is_name(text: str) -> bool:
    """Tell whether a text is the name of a file: no path, hidden file or option."""
    return _NAME.fullmatch(text) is not None
