# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A lock file as UUCP had it, for programs that do not look at the lock on the port itself.

FHS 3.0, 5.9: `LCK..` and the device's name, with the process id in ten characters and a line end.
Everybody may write to the directory, so nothing in it is trusted: no link is followed, nothing is
opened that could make us wait, and only what names a process that is gone is taken away.
"""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smsotpd.modem.errors import LineError

DIRECTORY: Final = Path("/run/lock")

_CONTENT = re.compile(rb" {0,9}(\d{1,10})\n", re.ASCII)
_READABLE: Final = 0o644
_TRIES: Final = 2


class LockFile:
    """The lock file of one port, held from its making to `release`."""

    def __init__(self, port: str, directory: Path) -> None:
        """Make the file, in place of one whose process is gone.

        Args:
            port: the device's name without directory.

        Raises:
            LineError: another program has it, or it cannot be made.
        """
        self._path = directory / f"LCK..{port}"
        for _ in range(_TRIES):
            try:
                self._inode = _made(self._path)
            except FileExistsError:
                self._remove_stale()
            except OSError as error:
                raise LineError(
                    f"no lock file can be made in {directory} ({os.strerror(error.errno or 0)}): "
                    "see ReadWritePaths in modem.conf"
                ) from None
            else:
                return
        raise _taken(self._path)

    def release(self) -> None:
        """Remove the file, if it is still ours; never raises."""
        with contextlib.suppress(OSError):
            if _inode(self._path.lstat()) == self._inode:
                self._path.unlink()

    def _remove_stale(self) -> None:
        """Remove the file of a process that is gone.

        Raises:
            LineError: the process lives, or nobody knows, or the file is not ours to remove.
        """
        try:
            with _opened(self._path, os.O_RDONLY | os.O_NONBLOCK) as file:
                status = os.fstat(file)
                content = os.read(file, 64) if stat.S_ISREG(status.st_mode) else b""
        except FileNotFoundError:
            return
        except OSError:  # a link, or not ours to read
            raise _taken(self._path) from None
        found = _CONTENT.fullmatch(content)
        if not found or not _is_gone(int(found[1])):
            raise _taken(self._path)
        try:
            # Another program may have done the same, and hold the port by now.
            if _inode(self._path.lstat()) == _inode(status):
                self._path.unlink()
        except FileNotFoundError:
            return
        except OSError:
            raise LineError(
                f"the lock file {self._path} is left over from a program that has ended, and not "
                "ours to remove: remove it"
            ) from None


def _made(path: Path) -> tuple[int, int]:
    with _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
        os.fchmod(file, _READABLE)  # whatever the umask: others have to see whose it is
        os.write(file, b"%10d\n" % os.getpid())
        return _inode(os.fstat(file))


def _is_gone(process: int) -> bool:
    """Tell whether no such process is there; one that is not ours to signal is there."""
    if process < 1:
        return False
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno == errno.ESRCH
    except OverflowError:
        return False
    return False


def _inode(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _taken(path: Path) -> LineError:
    return LineError(f"another program uses the port: it has the lock file {path}")


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY, _READABLE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
