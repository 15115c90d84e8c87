# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the domain asks of the world; each adapter implements one of these."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import Event
from smsotpd.core.gateway import GatewayDefinition, GatewayType
from smsotpd.core.health import Health
from smsotpd.core.message import Message
from smsotpd.core.moment import Moment
from smsotpd.core.outcome import Outcome
from smsotpd.core.pairing_step import PairingSteps
from smsotpd.core.remembered import RememberedHost
from smsotpd.core.report import Report
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import BreakGlass, Invitation
from smsotpd.core.throttle import Cooldown, Counter, CounterKey, Failures


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> Moment:
        """Return the present by both clocks."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without holding up any other login."""
        ...


class StoreChange(Protocol):
    """One atomic change of the store: what it reads stays true until it is over."""

    def enrolment(self, user: str) -> Enrolment | None:
        """Return a user's enrolment."""
        ...

    def enrolments(self) -> Sequence[Enrolment]:
        """Return all enrolments, ordered by user."""
        ...

    def put_enrolment(self, enrolment: Enrolment) -> None:
        """Add or replace a user's enrolment with all its recipients."""
        ...

    def drop_enrolment(self, user: str) -> None:
        """Remove a user's enrolment and whatever else is stored under that name."""
        ...

    def authenticator(self, user: str) -> Authenticator | None:
        """Return a user's authenticator app."""
        ...

    def put_authenticator(self, authenticator: Authenticator) -> None:
        """Add or replace a user's authenticator app."""
        ...

    def drop_authenticator(self, user: str) -> None:
        """Remove a user's authenticator app, if there is one."""
        ...

    def recovery_codes(self, user: str) -> Mapping[str, str]:
        """Return the hashes of a user's unused recovery codes, by letter."""
        ...

    def put_recovery_codes(self, user: str, hashes: Mapping[str, str]) -> None:
        """Replace all recovery codes of a user."""
        ...

    def drop_recovery_code(self, user: str, letter: str) -> None:
        """Remove one recovery code, if it is there."""
        ...

    def users_with_authenticator(self) -> frozenset[str]:
        """Return all users who have an authenticator app."""
        ...

    def recovery_codes_left(self) -> Mapping[str, int]:
        """Return how many recovery codes each user has who has any."""
        ...

    def break_glass(self, user: str) -> BreakGlass | None:
        """Return the break-glass code that is out for a user, over or not."""
        ...

    def break_glasses(self) -> Sequence[BreakGlass]:
        """Return all break-glass codes that are out, ordered by user."""
        ...

    def put_break_glass(self, code: BreakGlass) -> None:
        """Add or replace the break-glass code of a user."""
        ...

    def drop_break_glass(self, user: str) -> None:
        """Remove the break-glass code of a user, if there is one."""
        ...

    def invitation(self, user: str) -> Invitation | None:
        """Return the invitation that is out for a user name, over or not."""
        ...

    def invitations(self) -> Sequence[Invitation]:
        """Return all invitations that are out, ordered by user."""
        ...

    def put_invitation(self, invitation: Invitation) -> None:
        """Add or replace the invitation of a user name."""
        ...

    def drop_invitation(self, user: str) -> None:
        """Remove the invitation of a user name, if there is one."""
        ...

    def challenge(self, key: ChallengeKey) -> Challenge | None:
        """Return the challenge of (user, service, rhost), live or not."""
        ...

    def challenge_by_id(self, id_digest: bytes) -> Challenge | None:
        """Return the challenge whose transaction id has this digest."""
        ...

    def put_challenge(self, challenge: Challenge) -> None:
        """Add a challenge, or replace the one with the same key."""
        ...

    def drop_challenge(self, key: ChallengeKey) -> None:
        """Remove a challenge, if there is one."""
        ...

    def drop_challenges_of(self, user: str) -> None:
        """Remove all challenges of a user."""
        ...

    def failures(self, user: str) -> Failures:
        """Return a user name's failures; all zero for a name never seen."""
        ...

    def all_failures(self) -> Mapping[str, Failures]:
        """Return the failures of every name that has some."""
        ...

    def put_failures(self, user: str, failures: Failures) -> None:
        """Store a user name's failures; the cleared ones take no place."""
        ...

    def cooldown(self, user: str) -> Cooldown | None:
        """Return when and how often codes were sent to a user of late."""
        ...

    def put_cooldown(self, user: str, cooldown: Cooldown | None) -> None:
        """Store or forget a user's cool-down."""
        ...

    def counter(self, key: CounterKey) -> Counter | None:
        """Return a counter."""
        ...

    def counters(self, kind: str, scope: str) -> Mapping[str, Counter]:
        """Return all counters of a kind and a scope by subject, over or not."""
        ...

    def put_counter(self, key: CounterKey, counter: Counter) -> None:
        """Store a counter."""
        ...

    def remembered(self, user: str, service: str, address: str) -> RememberedHost | None:
        """Return a remembered host, over or not."""
        ...

    def remembered_of(self, user: str) -> Sequence[RememberedHost]:
        """Return all remembered hosts of a user, over or not, ordered by service and address."""
        ...

    def put_remembered(self, host: RememberedHost) -> None:
        """Remember a host, or remember it anew."""
        ...

    def drop_remembered_of(self, user: str) -> None:
        """Forget all remembered hosts of a user."""
        ...

    def gateways(self) -> Sequence[GatewayDefinition]:
        """Return the stored gateways, ordered by name, secrets included."""
        ...

    def put_gateway(self, gateway: GatewayDefinition) -> None:
        """Add or replace a gateway with all its settings and secrets."""
        ...

    def drop_gateway(self, name: str) -> None:
        """Remove a gateway, if there is one."""
        ...

    def healths(self) -> Mapping[str, Health]:
        """Return what each gateway did of late, by name."""
        ...

    def put_health(self, name: str, health: Health | None) -> None:
        """Store or forget what a gateway did of late."""
        ...


class Store(Protocol):
    """What must outlive a crash."""

    def change(self) -> AbstractContextManager[StoreChange]:
        """Open one atomic change: on leaving it is on disk, on an exception it never was.

        Raises:
            UnavailableError: the store cannot be read or written; nothing was changed.
        """
        ...

    def prune(self, now: Moment) -> None:
        """Remove what is over: challenges, remembered hosts, finished windows, old failures."""
        ...


class PinHasher(Protocol):
    """Slow, salted hashing of PINs, bounded in memory and number at once."""

    async def hash(self, pin: Secret) -> str:
        """Return the encoded hash of a new PIN.

        Raises:
            BusyError: too many are waiting.
        """
        ...

    async def verify(self, encoded: str | None, pin: Secret) -> bool:
        """Compare a PIN with a hash; with None do the same work and say no.

        Raises:
            BusyError: too many are waiting.
        """
        ...


class Pairing(Protocol):
    """One linking of an account to a gateway, in progress."""

    async def advance(self, answer: Secret, seconds: float) -> PairingSteps:
        """Go on with an answer until the next question, wait or end; never raises for a failure."""
        ...

    @property
    def report(self) -> Report | None:
        """Return how it ended; None if it has not."""
        ...

    @property
    def kept(self) -> Mapping[str, Secret]:
        """Return the settings that it found out."""
        ...

    def close(self) -> None:
        """Give it up, if it has not ended."""
        ...


class Sender(Protocol):
    """Anything that can carry a message: a gateway as configured."""

    @property
    def name(self) -> str:
        """Return the gateway's name."""
        ...

    @property
    def channel(self) -> str:
        """Return the kind of address it sends to."""
        ...

    async def send(self, message: Message, deadline: float) -> Outcome:
        """Hand a message over within `deadline` seconds; never raises for a provider's failure."""
        ...

    async def inspect(self, deadline: float) -> Report:
        """Ask the provider how account and connection are; never raises for its failure."""
        ...

    def pair(self) -> Pairing:
        """Begin to link an account.

        Raises:
            RefusedError: this type needs no pairing.
        """
        ...


class GatewayCatalogue(Protocol):
    """The gateway types there are."""

    def types(self) -> Sequence[GatewayType]:
        """Return all types, in the order to show them."""
        ...

    def type_id(self, name: str) -> str:
        """Return the id of the type that a name or alias stands for; an unknown name as it is."""
        ...

    def check(self, definition: GatewayDefinition) -> None:
        """Check settings and secrets as a whole.

        Raises:
            BadArgumentError: a setting is unknown, missing or malformed; names it.
            RefusedError: the type may not be used here (the outbox outside a demo).
        """
        ...

    def secret_names(self, definition: GatewayDefinition) -> frozenset[str]:
        """Return the names among the definition's settings that are secret."""
        ...

    def sender(self, definition: GatewayDefinition) -> Sender:
        """Return a sender for a definition that passed `check`."""
        ...


class Journal(Protocol):
    """Where events are recorded."""

    def record(self, event: Event) -> None:
        """Record one event; never raises."""
        ...


class CodeSource(Protocol):
    """Randomness for everything that must not be guessed."""

    def code(self, digits: int) -> str:
        """Return a fresh one-time code of that many digits."""
        ...

    def token(self, bits: int) -> str:
        """Return a fresh random name of at least that many bits, in a-z and 2-7."""
        ...


class AppCodes(Protocol):
    """What authenticator apps compute."""

    def code(self, seed: bytes, step: int, digits: int) -> str:
        """Return the code of a time step."""
        ...

    def text(self, seed: bytes) -> str:
        """Return a seed as it is typed into an app."""
        ...

    def uri(self, seed: bytes, user: str, host: str, digits: int) -> str:
        """Return the URI that an app reads from a QR code."""
        ...


class Senders(Protocol):
    """The gateways there are, and which of them are for a message."""

    def route(self, message: Message, groups: frozenset[str]) -> list[Sender]:
        """Return the enabled gateways for a message to a member of these groups, in order."""
        ...

    def senders(self) -> Sequence[Sender]:
        """Return all enabled gateways."""
        ...


class Accounts(Protocol):
    """The accounts of this machine, from whatever directory they come."""

    async def groups(self, user: str) -> frozenset[str] | None:
        """Return the names of the groups a user is in; None if nobody knows, or says in time."""
        ...

    async def name(self, uid: int) -> str | None:
        """Return the name of a uid's account, empty if it has none; None if nobody says in time."""
        ...
