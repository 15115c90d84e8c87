# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A copy of an open database in a file of its own."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from smsotpd.store.files import create_private_file, sync_directory


def write_copy(connection: sqlite3.Connection, copy: Path) -> None:
    """Copy the open database to a private file of that name, on disk when this returns.

    Raises:
        sqlite3.Error: the database cannot be read, or the copy not written.
        OSError: the copy cannot be made.
    """
    copy.unlink(missing_ok=True)
    create_private_file(copy)
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    sync_directory(copy.parent)
