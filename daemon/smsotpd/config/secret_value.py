# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A secret in a file: as text, or as the name of a credential that systemd hands to the daemon."""

import os
import stat
from pathlib import Path

from smsotpd.core.errors import ConfigurationError
from smsotpd.core.secret import Secret

_CREDENTIAL_NAME_SIGNS = frozenset("-_.")


def secret(value: object) -> Secret:
    """Take a text, or `{ credential = "NAME" }` (LoadCredential=).

    Raises:
        ValueError: what is wrong with it.
    """
    match value:
        case str():
            return Secret(value)
        case {"credential": str(name), **others} if not others:
            return _credential(name)
        case _:
            raise ValueError('must be a text, or { credential = "NAME" }')


def refuse_if_open_to_everybody(path: Path) -> None:
    """Refuse a file with secrets that others than its owner and group can read or write.

    Raises:
        ConfigurationError: it is such a file.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise ConfigurationError(
            str(path),
            f"may hold secrets, has mode {mode:04o}; run chown root:smsotp and chmod 0640 on it",
        )


def _credential(name: str) -> Secret:
    if not name or not all(char.isalnum() or char in _CREDENTIAL_NAME_SIGNS for char in name):
        raise ValueError("names a credential with signs other than - _ .")
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    path = Path(directory) / name
    try:
        if not directory or not path.is_file():
            raise ValueError(f"names the credential {name}, which systemd did not hand in")
        return Secret(path.read_text(encoding="utf-8").rstrip("\n"))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Not chained: that error holds the secret.
        raise ValueError(f"names the credential {name}, which is no UTF-8") from None
