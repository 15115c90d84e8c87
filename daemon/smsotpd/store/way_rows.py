# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The statements about ways in other than codes that are sent, and about invitations."""

from collections.abc import Mapping, Sequence

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.spare_code import BreakGlass, Invitation
from smsotpd.store import rows
from smsotpd.store.statements import Statements


class WayStatements(Statements):
    """Read and write authenticators, spare codes and invitations."""

    def authenticator(self, user: str) -> Authenticator | None:
        """Return a user's authenticator app."""
        return self._read_one(
            "SELECT * FROM authenticators WHERE user = ?", (user,), rows.authenticator_of
        )

    def put_authenticator(self, authenticator: Authenticator) -> None:
        """Add or replace a user's authenticator app."""
        self._write(
            "REPLACE INTO authenticators VALUES (?, ?, ?, ?, ?, ?)",
            rows.authenticator_row(authenticator),
        )

    def drop_authenticator(self, user: str) -> None:
        """Remove a user's authenticator app, if there is one."""
        self._write("DELETE FROM authenticators WHERE user = ?", (user,))

    def recovery_codes(self, user: str) -> Mapping[str, str]:
        """Return the hashes of a user's unused recovery codes, by letter."""
        found = self._read(
            "SELECT letter, hash FROM recovery_codes WHERE user = ? ORDER BY letter", (user,)
        )
        return dict(found)

    def put_recovery_codes(self, user: str, hashes: Mapping[str, str]) -> None:
        """Replace all recovery codes of a user."""
        self._write("DELETE FROM recovery_codes WHERE user = ?", (user,))
        self._write_all(
            "INSERT INTO recovery_codes VALUES (?, ?, ?)",
            [(user, letter, encoded) for letter, encoded in hashes.items()],
        )

    def drop_recovery_code(self, user: str, letter: str) -> None:
        """Remove one recovery code, if it is there."""
        self._write("DELETE FROM recovery_codes WHERE user = ? AND letter = ?", (user, letter))

    def users_with_authenticator(self) -> frozenset[str]:
        """Return all users who have an authenticator app."""
        return frozenset(user for (user,) in self._read("SELECT user FROM authenticators"))

    def recovery_codes_left(self) -> Mapping[str, int]:
        """Return how many recovery codes each user has who has any."""
        return dict(self._read("SELECT user, count(*) FROM recovery_codes GROUP BY user"))

    def break_glass(self, user: str) -> BreakGlass | None:
        """Return the break-glass code that is out for a user, over or not."""
        return self._read_one(
            "SELECT * FROM break_glass_codes WHERE user = ?", (user,), rows.break_glass_of
        )

    def break_glasses(self) -> Sequence[BreakGlass]:
        """Return all break-glass codes that are out, ordered by user."""
        found = self._read("SELECT * FROM break_glass_codes ORDER BY user")
        return [rows.break_glass_of(row) for row in found]

    def put_break_glass(self, code: BreakGlass) -> None:
        """Add or replace the break-glass code of a user."""
        self._write(
            "REPLACE INTO break_glass_codes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows.break_glass_row(code),
        )

    def drop_break_glass(self, user: str) -> None:
        """Remove the break-glass code of a user, if there is one."""
        self._write("DELETE FROM break_glass_codes WHERE user = ?", (user,))

    def invitation(self, user: str) -> Invitation | None:
        """Return the invitation that is out for a user name, over or not."""
        return self._read_one(
            "SELECT * FROM invitations WHERE user = ?", (user,), rows.invitation_of
        )

    def invitations(self) -> Sequence[Invitation]:
        """Return all invitations that are out, ordered by user."""
        found = self._read("SELECT * FROM invitations ORDER BY user")
        return [rows.invitation_of(row) for row in found]

    def put_invitation(self, invitation: Invitation) -> None:
        """Add or replace the invitation of a user name."""
        self._write(
            "REPLACE INTO invitations VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows.invitation_row(invitation),
        )

    def drop_invitation(self, user: str) -> None:
        """Remove the invitation of a user name, if there is one."""
        self._write("DELETE FROM invitations WHERE user = ?", (user,))
