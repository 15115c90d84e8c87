# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The way back to an older smsotpd, as docs/upgrading.md has it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smsotpd.core.errors import UnavailableError
from smsotpd.store.backup import backup_path, restore
from smsotpd.store.schema import MIGRATIONS, migrate
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.contract.store.values import ANNA, CHALLENGE, SSH

LATER = "CREATE TABLE added (word TEXT NOT NULL) STRICT;"


def test_the_copy_of_the_upgrade_is_put_back_and_no_code_that_was_out(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store.change() as change:
        change.put_enrolment(ANNA)
        change.put_challenge(CHALLENGE)
    database = tmp_path / DATABASE_NAME
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        migrate(connection, database, (*MIGRATIONS, LATER))
    with pytest.raises(UnavailableError, match="written by a newer smsotpd"), open_store(tmp_path):
        pass

    copy = database.with_name(f"{DATABASE_NAME}.bak-v{len(MIGRATIONS)}")
    copy.rename(backup_path(database))
    restore(database)

    with open_store(tmp_path) as store, store.change() as change:
        assert change.enrolment(ANNA.user) == ANNA
        assert change.challenge(SSH) is None
