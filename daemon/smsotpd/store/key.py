# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The key under which PINs, codes, transaction ids and counted numbers are digested.

It lies beside the database, not in it, so that a copy of the database alone can be searched for
none of them. PINs last as long as the key: losing it must be noticed, not mended by a new one.
"""

import fcntl
import hmac
import os
import secrets
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from smsotpd.core.errors import ConfigurationError, UnavailableError
from smsotpd.store.files import (
    check_private_file,
    create_private_file,
    prepare_private_directory,
)
from smsotpd.store.sqlite import DATABASE_NAME

KEY_NAME: Final = "digest.key"

# RFC 2104, 3: not below the output of the hash function, 32 bytes for SHA-256.
KEY_BYTES: Final = 32
_MOST_BYTES = 4096


def load_or_create_key(state_directory: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the key: the systemd credential `digest.key` if there is one, else the stored one.

    The stored one is made at random where there is neither a key nor a database yet.

    Raises:
        ConfigurationError: the key may have been read or written by somebody else, is too short,
            is missing beside a database, or differs from a stored one.
        UnavailableError: it cannot be written.
    """
    prepare_private_directory(state_directory)
    path = state_directory / KEY_NAME
    stored = check_private_file(path)
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if credentials:
        credential = Path(credentials) / KEY_NAME
        if credential.exists():
            key = _read(credential, owners={0, os.geteuid()}, closed_to=stat.S_IRWXO)
            if stored and not hmac.compare_digest(key, _read_stored(path)):
                raise ConfigurationError(
                    str(path),
                    f"differs from {credential}; the PINs hold under one of the two: make that one "
                    f"the credential, then remove {shlex.quote(str(path))}",
                )
            return key
    if not stored:
        database = state_directory / DATABASE_NAME
        if check_private_file(database) and database.stat().st_size > 0:
            raise ConfigurationError(
                str(path),
                f"is missing, and the PINs in {database} are worth nothing without it; put it back "
                "from a backup (or, to begin anew, move the database away too)",
            )
        try:
            _create(path)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be made: {error.strerror}") from error
    return _read_stored(path)


def _read_stored(path: Path) -> bytes:
    return _read(path, owners={os.geteuid()}, closed_to=stat.S_IRWXG | stat.S_IRWXO)


def _create(path: Path) -> None:
    # Written under another name and then renamed: the key is there whole or not at all. The lock
    # makes the second of two daemons that start at once take the first one's.
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        if path.exists():
            return
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)  # of a start that was cut short
        create_private_file(fresh, secrets.token_bytes(KEY_BYTES))
        fresh.rename(path)
        os.fsync(directory)
    finally:
        os.close(directory)


def _read(path: Path, *, owners: set[int], closed_to: int) -> bytes:
    # Of a credential the group bits are no sign: where systemd grants access by an ACL, they show
    # its mask (acl(5)). Its owner may be root.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read: {error.strerror} (a symbolic link is not followed)"
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError(str(path), "is not a regular file")
        if status.st_uid not in owners:
            raise ConfigurationError(
                str(path), f"belongs to uid {status.st_uid}, who may know the key; remove it"
            )
        if stat.S_IMODE(status.st_mode) & closed_to:
            raise ConfigurationError(
                str(path),
                "is open to others, who may know the key; run: "
                f"chmod 0600 {shlex.quote(str(path))}, or remove it",
            )
        key = file.read(_MOST_BYTES + 1)
    if not KEY_BYTES <= len(key) <= _MOST_BYTES:
        raise ConfigurationError(
            str(path), f"must hold {KEY_BYTES} to {_MOST_BYTES} random bytes; remove or replace it"
        )
    return key
