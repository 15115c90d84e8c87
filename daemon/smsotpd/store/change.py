# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One atomic change of the database: the statements behind `core.ports.StoreChange`."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import BadArgumentError, UnavailableError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.health import Health
from smsotpd.core.moment import Moment
from smsotpd.core.remembered import RememberedHost
from smsotpd.core.spare_code import BreakGlass
from smsotpd.core.throttle import NO_FAILURES, Cooldown, Counter, CounterKey, Failures
from smsotpd.store import pruning, rows
from smsotpd.store.faults import unavailable
from smsotpd.store.rows import Row

_Value = TypeVar("_Value")


class SqliteChange:
    """One open transaction of the database; unusable once it is over or a statement has failed."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._over = False
        self._failed = False

    def commit(self) -> None:
        """Put the change on disk.

        Raises:
            UnavailableError: it could not be written, or a statement had failed before.
        """
        self._write("COMMIT")

    def end(self) -> None:
        """Take back what was not committed, and let nothing more happen under this name."""
        self._over = True
        # SQLite takes back by itself what it could not write (sqlite.org/lang_transaction.html). If
        # it cannot even do that, the next change is refused; the error that led here says more.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def enrolment(self, user: str) -> Enrolment | None:
        """Return a user's enrolment."""
        found = rows.enrolments_of(
            self._read(
                """
                SELECT e.user, pin_hash, disabled, enrolled_at, channel, address
                FROM enrolments AS e LEFT JOIN recipients AS r ON r.user = e.user
                WHERE e.user = ? ORDER BY position
                """,
                (user,),
            )
        )
        return found[0] if found else None

    def enrolments(self) -> Sequence[Enrolment]:
        """Return all enrolments, ordered by user."""
        return rows.enrolments_of(
            self._read(
                """
                SELECT e.user, pin_hash, disabled, enrolled_at, channel, address
                FROM enrolments AS e LEFT JOIN recipients AS r ON r.user = e.user
                ORDER BY e.user, position
                """
            )
        )

    def put_enrolment(self, enrolment: Enrolment) -> None:
        """Add or replace a user's enrolment with all its recipients."""
        user = enrolment.user
        self._write("DELETE FROM enrolments WHERE user = ?", (user,))
        self._write(
            "INSERT INTO enrolments VALUES (?, ?, ?, ?)",
            (user, enrolment.pin_hash, enrolment.disabled, enrolment.enrolled_at),
        )
        self._write_all(
            "INSERT INTO recipients VALUES (?, ?, ?, ?)",
            [
                (user, position, recipient.channel, recipient.address)
                for position, recipient in enumerate(enrolment.recipients)
            ],
        )

    def drop_enrolment(self, user: str) -> None:
        """Remove a user's enrolment and whatever else is stored under that name."""
        self._write("DELETE FROM enrolments WHERE user = ?", (user,))
        self.drop_challenges_of(user)
        self.drop_authenticator(user)
        self.put_recovery_codes(user, {})
        self.drop_break_glass(user)
        self.drop_remembered_of(user)
        self.put_failures(user, NO_FAILURES)
        self.put_cooldown(user, None)

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

    def challenge(self, key: ChallengeKey) -> Challenge | None:
        """Return the challenge of (user, service, rhost), live or not."""
        return self._read_one(
            "SELECT * FROM challenges WHERE user = ? AND service = ? AND rhost = ?",
            rows.key_row(key),
            rows.challenge_of,
        )

    def challenge_by_id(self, id_digest: bytes) -> Challenge | None:
        """Return the challenge whose transaction id has this digest."""
        return self._read_one(
            "SELECT * FROM challenges WHERE id_digest = ?", (id_digest,), rows.challenge_of
        )

    def put_challenge(self, challenge: Challenge) -> None:
        """Add a challenge, or replace the one with the same key."""
        self._write(
            "REPLACE INTO challenges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows.challenge_row(challenge),
        )

    def drop_challenge(self, key: ChallengeKey) -> None:
        """Remove a challenge, if there is one."""
        self._write(
            "DELETE FROM challenges WHERE user = ? AND service = ? AND rhost = ?",
            rows.key_row(key),
        )

    def drop_challenges_of(self, user: str) -> None:
        """Remove all challenges of a user."""
        self._write("DELETE FROM challenges WHERE user = ?", (user,))

    def failures(self, user: str) -> Failures:
        """Return a user name's failures; all zero for a name never seen."""
        found = self._read_one(
            """
            SELECT towards_lock, in_all, disabled, next_slot, last_wall, last_boot, last_boot_id,
                   locked_wall, locked_boot, locked_boot_id
            FROM failures WHERE user = ?
            """,
            (user,),
            rows.failures_of,
        )
        return found or NO_FAILURES

    def all_failures(self) -> Mapping[str, Failures]:
        """Return the failures of every name that has some."""
        found = self._read("SELECT * FROM failures")
        return {user: rows.failures_of(tuple(rest)) for user, *rest in found}

    def put_failures(self, user: str, failures: Failures) -> None:
        """Store a user name's failures; the cleared ones take no place."""
        if failures == NO_FAILURES:
            self._write("DELETE FROM failures WHERE user = ?", (user,))
        else:
            self._write(
                "REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (user, *rows.failures_row(failures)),
            )

    def cooldown(self, user: str) -> Cooldown | None:
        """Return when and how often codes were sent to a user of late."""
        return self._read_one(
            "SELECT sends, last_wall, last_boot, last_boot_id FROM cooldowns WHERE user = ?",
            (user,),
            rows.cooldown_of,
        )

    def put_cooldown(self, user: str, cooldown: Cooldown | None) -> None:
        """Store or forget a user's cool-down."""
        if cooldown is None:
            self._write("DELETE FROM cooldowns WHERE user = ?", (user,))
        else:
            self._write(
                "REPLACE INTO cooldowns VALUES (?, ?, ?, ?, ?)",
                (user, cooldown.sends, *rows.moment_row(cooldown.last)),
            )

    def counter(self, key: CounterKey) -> Counter | None:
        """Return a counter."""
        return self._read_one(
            """
            SELECT count, window_seconds, since_wall, since_boot, since_boot_id
            FROM counters WHERE kind = ? AND scope = ? AND subject = ?
            """,
            (key.kind, key.scope, key.subject),
            rows.counter_of,
        )

    def put_counter(self, key: CounterKey, counter: Counter) -> None:
        """Store a counter."""
        self._write(
            "REPLACE INTO counters VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows.counter_row(key, counter)
        )

    def remembered(self, user: str, service: str, address: str) -> RememberedHost | None:
        """Return a remembered host, over or not."""
        return self._read_one(
            "SELECT * FROM remembered_hosts WHERE user = ? AND service = ? AND address = ?",
            (user, service, address),
            rows.remembered_of,
        )

    def remembered_of(self, user: str) -> Sequence[RememberedHost]:
        """Return all remembered hosts of a user, over or not, ordered by service and address."""
        sql = "SELECT * FROM remembered_hosts WHERE user = ? ORDER BY service, address"
        return [rows.remembered_of(row) for row in self._read(sql, (user,))]

    def put_remembered(self, host: RememberedHost) -> None:
        """Remember a host, or remember it anew."""
        self._write(
            "REPLACE INTO remembered_hosts VALUES (?, ?, ?, ?, ?, ?, ?)", rows.remembered_row(host)
        )

    def drop_remembered_of(self, user: str) -> None:
        """Forget all remembered hosts of a user."""
        self._write("DELETE FROM remembered_hosts WHERE user = ?", (user,))

    def gateways(self) -> Sequence[GatewayDefinition]:
        """Return the stored gateways, ordered by name, secrets included."""
        return rows.gateways_of(
            self._read(
                """
                SELECT g.name, type_id, enabled, s.name, value, secret
                FROM gateways AS g LEFT JOIN gateway_settings AS s ON s.gateway = g.name
                ORDER BY g.name, position
                """
            )
        )

    def put_gateway(self, gateway: GatewayDefinition) -> None:
        """Add or replace a gateway with all its settings and secrets."""
        self.drop_gateway(gateway.name)
        self._write(
            "INSERT INTO gateways VALUES (?, ?, ?)",
            (gateway.name, gateway.type_id, gateway.enabled),
        )
        self._write_all(
            "INSERT INTO gateway_settings VALUES (?, ?, ?, ?, ?)", rows.settings_rows(gateway)
        )

    def drop_gateway(self, name: str) -> None:
        """Remove a gateway, if there is one."""
        self._write("DELETE FROM gateways WHERE name = ?", (name,))

    def healths(self) -> Mapping[str, Health]:
        """Return what each gateway did of late, by name."""
        return rows.healths_of(
            self._read(
                """
                SELECT name, failures, wait, opened_wall, opened_boot, opened_boot_id, recent
                FROM gateway_health
                """
            )
        )

    def put_health(self, name: str, health: Health | None) -> None:
        """Store or forget what a gateway did of late."""
        if health is None:
            self._write("DELETE FROM gateway_health WHERE name = ?", (name,))
        else:
            self._write(
                "REPLACE INTO gateway_health VALUES (?, ?, ?, ?, ?, ?, ?)",
                (name, *rows.health_row(health)),
            )

    def prune(self, now: Moment) -> None:
        """Remove what is over."""
        for statement in pruning.STATEMENTS:
            self._write(statement, pruning.parameters(now))

    def _read(self, sql: str, values: Row = ()) -> list[Row]:
        with self._statement() as connection:
            return connection.execute(sql, values).fetchall()

    def _read_one(self, sql: str, values: Row, read: Callable[[Row], _Value]) -> _Value | None:
        found = self._read(sql, values)
        return read(found[0]) if found else None

    def _write(self, sql: str, values: Row | Mapping[str, float | str] = ()) -> None:
        with self._statement() as connection:
            connection.execute(sql, values)

    def _write_all(self, sql: str, values: Iterable[Row]) -> None:
        with self._statement() as connection:
            connection.executemany(sql, values)

    @contextmanager
    def _statement(self) -> Iterator[sqlite3.Connection]:
        if self._over:
            raise RuntimeError("this change of the store is over")
        # After a failed statement SQLite may have ended the transaction: the next one would then
        # be stored alone. So a caller that swallowed the error gets it again, at the commit too.
        if self._failed:
            raise UnavailableError(f"{self._path}: an earlier step of this change has failed")
        try:
            yield self._connection
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
            self._failed = True
            raise
        except sqlite3.Error as error:
            self._failed = True
            # The cause is left out: Python quotes a stored text that it cannot decode.
            raise unavailable(self._path, error) from None
        except UnicodeEncodeError:
            self._failed = True
            # The cause is left out: it carries the whole text, which may be a secret.
            raise BadArgumentError("text", "is not Unicode") from None
