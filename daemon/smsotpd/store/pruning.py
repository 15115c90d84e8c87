# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is over, as statements over whole tables.

The conditions are those of `core.moment`, in the same arithmetic: `may_have_passed` for challenges
and remembered hosts, `has_passed` for everything that must not end too soon.
"""

from collections.abc import Mapping
from typing import Final

from smsotpd.core.moment import Moment
from smsotpd.core.throttle import QUIET_SECONDS

STATEMENTS: Final = (
    """
    DELETE FROM challenges
    WHERE issued_boot_id <> :boot_id
       OR :boot - issued_boot >= lifetime
       OR :wall - issued_wall >= lifetime
    """,
    """
    DELETE FROM remembered_hosts
    WHERE since_boot_id <> :boot_id
       OR :boot - since_boot >= seconds
       OR :wall - since_wall >= seconds
    """,
    # The middle condition is there for the index; the last decides. One second between the two
    # is more than rounding can make of it.
    """
    DELETE FROM counters
    WHERE since_boot_id = :boot_id
      AND since_boot + window_seconds <= :boot + 1.0
      AND :boot - since_boot >= window_seconds
    """,
    # Two statements, since an index serves neither "unequal" nor this pair joined by OR.
    """
    DELETE FROM counters
    WHERE since_boot_id < :boot_id AND :wall - since_wall >= window_seconds
    """,
    """
    DELETE FROM counters
    WHERE since_boot_id > :boot_id AND :wall - since_wall >= window_seconds
    """,
    """
    DELETE FROM cooldowns
    WHERE iif(last_boot_id = :boot_id, :boot - last_boot, :wall - last_wall) >= :remembered
    """,
    """
    DELETE FROM failures
    WHERE (last_boot_id IS NULL
           OR iif(last_boot_id = :boot_id, :boot - last_boot, :wall - last_wall) >= :remembered)
      AND (locked_boot_id IS NULL
           OR iif(locked_boot_id = :boot_id, :boot - locked_boot, :wall - locked_wall)
              >= :remembered)
      AND NOT EXISTS (SELECT 1 FROM enrolments WHERE enrolments.user = failures.user)
    """,
)


def parameters(now: Moment) -> Mapping[str, float | str]:
    """Return what the statements' placeholders stand for."""
    return {
        "wall": now.wall,
        "boot": now.boot,
        "boot_id": now.boot_id,
        "remembered": QUIET_SECONDS,
    }
