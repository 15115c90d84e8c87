# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Files that nobody but the daemon's user may touch.

What is found in a bad state is refused, not mended: whoever could write a file has perhaps done so.
"""

import os
import shlex
import stat
from pathlib import Path

from smsotpd.core.errors import ConfigurationError

_PRIVATE_DIRECTORY = 0o700
_PRIVATE_FILE = 0o600
_ANYBODY_ELSE = 0o077


def prepare_private_directory(directory: Path) -> None:
    """Create the directory with mode 0700, or check the one that is there.

    Raises:
        ConfigurationError: it cannot be made, is a symbolic link or no directory, belongs to
            somebody else or is open to others; the text names the command that mends it.
    """
    try:
        directory.mkdir(mode=_PRIVATE_DIRECTORY)
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigurationError(str(directory), f"cannot be made: {error.strerror}") from error
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise ConfigurationError(str(directory), "is not a directory itself (a symbolic link?)")
    _check_owner_and_mode(directory, status, _PRIVATE_DIRECTORY)


def check_private_file(path: Path) -> bool:
    """Check a file if it is there, and tell whether it is.

    Raises:
        ConfigurationError: it is a link or no regular file, belongs to somebody else or is open
            to others; the text names the command that mends it.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be examined: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(str(path), "is not a regular file (a symbolic link?); remove it")
    if status.st_nlink > 1:
        raise ConfigurationError(
            str(path), "has a second name (a hard link); find and remove that one"
        )
    _check_owner_and_mode(path, status, _PRIVATE_FILE)
    return True


def _check_owner_and_mode(path: Path, status: os.stat_result, mode: int) -> None:
    us = os.geteuid()
    quoted = shlex.quote(str(path))
    if status.st_uid != us:
        raise ConfigurationError(
            str(path), f"belongs to uid {status.st_uid}, not to uid {us}; run: chown {us} {quoted}"
        )
    if status.st_mode & _ANYBODY_ELSE:
        raise ConfigurationError(str(path), f"is open to others; run: chmod {mode:04o} {quoted}")


def create_private_file(path: Path, content: bytes = b"") -> None:
    """Create a file with mode 0600 that outlives a crash from the moment this returns.

    Raises:
        FileExistsError: there is one already, or a link of that name.
        OSError: it cannot be written.
    """
    # O_EXCL follows no symbolic link and never opens what somebody else put there.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, _PRIVATE_FILE), "wb") as file:
        os.fchmod(file.fileno(), _PRIVATE_FILE)  # whatever the umask took away
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Put on disk which names the directory holds."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
