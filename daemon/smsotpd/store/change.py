# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One atomic change of the database: the statements behind `core.ports.StoreChange`."""

from collections.abc import Mapping, Sequence

from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.health import Health
from smsotpd.core.moment import Moment
from smsotpd.core.remembered import RememberedHost
from smsotpd.core.throttle import NO_FAILURES, Cooldown, Counter, CounterKey, Failures
from smsotpd.store import pruning, rows
from smsotpd.store.way_rows import WayStatements


class SqliteChange(WayStatements):
    """One open transaction of the database; unusable once it is over or a statement has failed."""

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
        self.drop_invitation(user)
        self.drop_remembered_of(user)
        self.put_failures(user, NO_FAILURES)
        self.put_cooldown(user, None)

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
                   locked_wall, locked_boot, locked_boot_id, of_codes
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
                "REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

    def counters(self, kind: str, scope: str) -> Mapping[str, Counter]:
        """Return all counters of a kind and a scope by subject, over or not."""
        found = self._read(
            """
            SELECT subject, count, window_seconds, since_wall, since_boot, since_boot_id
            FROM counters WHERE kind = ? AND scope = ?
            """,
            (kind, scope),
        )
        return {str(subject): rows.counter_of(tuple(rest)) for subject, *rest in found}

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
