# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of the tables, as values of the domain and back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.health import Health, Trace
from smsotpd.core.moment import Moment
from smsotpd.core.recipient import Recipient
from smsotpd.core.remembered import RememberedHost
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import BreakGlass, Invitation
from smsotpd.core.throttle import Cooldown, Counter, CounterKey, Failures

Row = tuple[Any, ...]


def enrolments_of(rows: Iterable[Row]) -> Sequence[Enrolment]:
    """Gather rows of (user, pin_hash, disabled, enrolled_at, channel, address), ordered by user."""
    return [
        Enrolment(
            user,
            tuple(Recipient(row[4], row[5]) for row in group if row[4] is not None),
            pin_hash,
            disabled=bool(disabled),
            enrolled_at=enrolled_at,
        )
        for (user, pin_hash, disabled, enrolled_at), group in groupby(rows, itemgetter(0, 1, 2, 3))
    ]


def gateways_of(rows: Iterable[Row]) -> Sequence[GatewayDefinition]:
    """Gather rows of (gateway, type_id, enabled, name, value, secret), ordered by gateway."""
    gateways = []
    for (name, type_id, enabled), group in groupby(rows, itemgetter(0, 1, 2)):
        settings = [row[3:] for row in group if row[3] is not None]
        gateways.append(
            GatewayDefinition(
                name,
                type_id,
                {key: value for key, value, secret in settings if not secret},
                {key: Secret(value) for key, value, secret in settings if secret},
                enabled=bool(enabled),
            )
        )
    return gateways


def settings_rows(gateway: GatewayDefinition) -> Sequence[Row]:
    """Return (gateway, position, name, value, secret) for each setting and each secret."""
    plain = [(name, value, 0) for name, value in gateway.settings.items()]
    secret = [(name, value.reveal(), 1) for name, value in gateway.secrets.items()]
    return [(gateway.name, position, *row) for position, row in enumerate(plain + secret)]


def challenge_of(row: Row) -> Challenge:
    """Read a row of `challenges` in the order of its columns."""
    user, service, rhost, salt, digest, wall, boot, boot_id, lifetime, *rest = row
    answers_left, sends, masked, digits, id_digest = rest
    return Challenge(
        key=ChallengeKey(user, service, rhost),
        salt=salt,
        digest=digest,
        issued=Moment(wall, boot, boot_id),
        lifetime=lifetime,
        answers_left=answers_left,
        sends=sends,
        masked=masked,
        digits=digits,
        id_digest=id_digest,
    )


def challenge_row(challenge: Challenge) -> Row:
    """Return the columns of `challenges` in their order."""
    return (
        *key_row(challenge.key),
        challenge.salt,
        challenge.digest,
        *moment_row(challenge.issued),
        challenge.lifetime,
        challenge.answers_left,
        challenge.sends,
        challenge.masked,
        challenge.digits,
        challenge.id_digest,
    )


def key_row(key: ChallengeKey) -> Row:
    """Return the columns that name a challenge."""
    return (key.user, key.service, key.rhost)


def authenticator_of(row: Row) -> Authenticator:
    """Read a row of `authenticators` in the order of its columns."""
    return Authenticator(*row)


def authenticator_row(authenticator: Authenticator) -> Row:
    """Return the columns of `authenticators` in their order."""
    return (
        authenticator.user,
        authenticator.salt,
        authenticator.digits,
        authenticator.newest_step,
        authenticator.drift,
        authenticator.added_at,
    )


def break_glass_of(row: Row) -> BreakGlass:
    """Read a row of `break_glass_codes` in the order of its columns."""
    user, encoded, reason, by_uid, wall, boot, boot_id, lifetime = row
    return BreakGlass(user, encoded, reason, by_uid, Moment(wall, boot, boot_id), lifetime)


def break_glass_row(code: BreakGlass) -> Row:
    """Return the columns of `break_glass_codes` in their order."""
    return (
        code.user,
        code.encoded,
        code.reason,
        code.by_uid,
        *moment_row(code.made),
        code.lifetime,
    )


def invitation_of(row: Row) -> Invitation:
    """Read a row of `invitations` in the order of its columns."""
    user, encoded, by_uid, wall, boot, boot_id, lifetime = row
    return Invitation(user, encoded, by_uid, Moment(wall, boot, boot_id), lifetime)


def invitation_row(invitation: Invitation) -> Row:
    """Return the columns of `invitations` in their order."""
    return (
        invitation.user,
        invitation.encoded,
        invitation.by_uid,
        *moment_row(invitation.made),
        invitation.lifetime,
    )


def failures_of(row: Row) -> Failures:
    """Read the columns of `failures` after the user."""
    towards_lock, in_all, disabled, next_slot, *moments, of_codes = row
    return Failures(
        towards_lock=towards_lock,
        in_all=in_all,
        last=_moment_of(moments[:3]),
        locked=_moment_of(moments[3:]),
        disabled=bool(disabled),
        next_slot=next_slot,
        of_codes=of_codes,
    )


def failures_row(failures: Failures) -> Row:
    """Return the columns of `failures` after the user, in their order."""
    return (
        failures.towards_lock,
        failures.in_all,
        failures.disabled,
        failures.next_slot,
        *moment_row(failures.last),
        *moment_row(failures.locked),
        failures.of_codes,
    )


def cooldown_of(row: Row) -> Cooldown:
    """Read the columns of `cooldowns` after the user."""
    return Cooldown(Moment(*row[1:]), row[0])


def counter_of(row: Row) -> Counter:
    """Read the columns of `counters` after the key."""
    count, window, *since = row
    return Counter(Moment(*since), count, window)


def counter_row(key: CounterKey, counter: Counter) -> Row:
    """Return the columns of `counters` in their order."""
    return (
        key.kind,
        key.scope,
        key.subject,
        counter.count,
        counter.window,
        *moment_row(counter.since),
    )


def remembered_of(row: Row) -> RememberedHost:
    """Read a row of `remembered_hosts` in the order of its columns."""
    user, service, address, *since, seconds = row
    return RememberedHost(user, service, address, Moment(*since), seconds)


def remembered_row(host: RememberedHost) -> Row:
    """Return the columns of `remembered_hosts` in their order."""
    return (host.user, host.service, host.address, *moment_row(host.since), host.seconds)


def healths_of(found: Iterable[Row]) -> Mapping[str, Health]:
    """Read all rows of `gateway_health`."""
    return {
        name: Health(
            failures,
            _moment_of(opened),
            wait,
            tuple(Trace(*trace) for trace in json.loads(recent)),
        )
        for name, failures, wait, *opened, recent in found
    }


def health_row(health: Health) -> Row:
    """Return the columns of `gateway_health` after the name."""
    recent = [(trace.at, trace.word, trace.latency) for trace in health.recent]
    return (health.failures, health.wait, *moment_row(health.opened), json.dumps(recent))


def moment_row(moment: Moment | None) -> Row:
    """Return the three columns of a moment."""
    if moment is None:
        return (None, None, None)
    return (moment.wall, moment.boot, moment.boot_id)


def _moment_of(columns: Sequence[Any]) -> Moment | None:
    wall, boot, boot_id = columns
    return None if boot_id is None else Moment(wall, boot, boot_id)
