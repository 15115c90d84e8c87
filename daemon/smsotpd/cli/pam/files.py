# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read and replace files in /etc/pam.d without ever leaving half of one."""

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smsotpd.cli.errors import CliError, RefusalError, WrongInputError
from smsotpd.cli.exit import Exit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_MAX_BYTES = 256 * 1024
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def check_service_name(service: str) -> str:
    """Return the name if it can be that of a file in /etc/pam.d.

    Raises:
        WrongInputError: it cannot.
    """
    if not _NAME.fullmatch(service):
        raise WrongInputError(
            "a service is named like its file in /etc/pam.d: 1-64 of A-Z, a-z, 0-9 and . _ -"
        )
    return service


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """A service file as it was read.

    Attributes:
        text: its bytes as UTF-8 with `surrogateescape`, so that any byte survives.
        status: of the file, to notice a change by somebody else.
    """

    path: Path
    text: str
    status: os.stat_result


@dataclass(frozen=True, slots=True)
class PamDirectory:
    """The directory with the service files, and where their backups go."""

    path: Path
    backups: Path

    def names(self) -> list[str]:
        """Return the names of all service files, sorted."""
        if not self.path.is_dir():
            return []
        return sorted(
            entry.name
            for entry in self.path.iterdir()
            if _NAME.fullmatch(entry.name) and entry.is_file()
        )

    def read(self, service: str) -> ServiceFile:
        """Read a service file.

        Raises:
            CliError: there is none, or it is no plain file.
        """
        path = self.path / check_service_name(service)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise CliError(f"{path} does not exist", exit_code=Exit.NOT_FOUND) from None
        except OSError as error:
            if path.is_symlink():
                raise RefusalError(
                    f"{path} is a symbolic link to {path.readlink()}",
                    remedy="name the service that the link points to",
                ) from None
            raise CliError(f"{path}: {error.strerror}") from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise RefusalError(f"{path} is not a plain file")
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise RefusalError(f"{path} is larger than {_MAX_BYTES // 1024} KiB")
        return ServiceFile(path, content.decode("utf-8", "surrogateescape"), status)

    def read_text(self, name: str) -> str:
        """Read the text of an included file."""
        return self.read(name).text

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep another `smsotpctl` from changing files at the same time."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def back_up(self, file: ServiceFile) -> Path:
        """Copy a service file into the backups, with its owner and mode; return where it is."""
        self.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        path = self.backups / f"{file.path.name}.{moment}"
        _write(path, file)
        return path

    def replace(self, file: ServiceFile, text: str) -> None:
        """Replace a service file by a new text, wholly or not at all.

        Owner, mode and extended attributes stay.

        Raises:
            RefusalError: the file is not root's alone, or somebody changed it meanwhile.
        """
        if file.status.st_uid != os.geteuid() or file.status.st_mode & _WRITABLE_BY_OTHERS:
            raise RefusalError(
                f"{file.path} can be written by others than root",
                remedy=f"chown root:root {file.path}; chmod 644 {file.path}",
            )
        temporary = file.path.with_name(f".{file.path.name}.smsotp-{os.getpid()}")
        try:
            _write(temporary, ServiceFile(file.path, text, file.status))
            _require_unchanged(file)
            temporary.replace(file.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(file.path.parent)


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Replace a file, wholly or not at all."""
    temporary = path.with_name(f".{path.name}.smsotp-{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make a rename in the directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_unchanged(file: ServiceFile) -> None:
    now, then = os.lstat(file.path), file.status
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (then.st_ino, then.st_size, then.st_mtime_ns):
        raise RefusalError(f"{file.path} was changed meanwhile", remedy="try again")


def _write(path: Path, like: ServiceFile) -> None:
    """Write a new file with the text, owner, mode and extended attributes of another."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        descriptor = file.fileno()
        file.write(like.text.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fchown(descriptor, like.status.st_uid, like.status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(like.status.st_mode))
        # Some file systems have no extended attributes; then there are none to keep.
        with suppress(OSError):
            for name in os.listxattr(like.path):
                os.setxattr(descriptor, name, os.getxattr(like.path, name))
        os.fsync(descriptor)
