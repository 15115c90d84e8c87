# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases of administration that concern gateways, and the route over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from smsotpd.core.channel import parse_recipient
from smsotpd.core.errors import ExistsError, NotFoundError, SmsOtpError
from smsotpd.core.events import GatewayChanged
from smsotpd.core.gateway import STORED, GatewayDefinition, GatewayType, parse_gateway_name
from smsotpd.core.health import Health
from smsotpd.core.health_book import HealthBook
from smsotpd.core.message import Message
from smsotpd.core.outcome import Outcome
from smsotpd.core.phrase import Languages, in_language, phrase
from smsotpd.core.policy import Settings
from smsotpd.core.ports import Clock, GatewayCatalogue, Journal, Pairing, Sender, Store
from smsotpd.core.report import Report
from smsotpd.core.route import choose
from smsotpd.core.secret import Secret
from smsotpd.core.text import fill

MASK = "••••••••"

TEST_TEXT = phrase("This is a test message from pam-smsotp on {host}. It holds no code.")
# A template that takes nothing but a code has to show something, too.
_NO_CODE = "000000"


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a test message; `latency` in seconds."""

    __test__ = False  # pytest would take the name for a test's

    outcome: Outcome
    latency: float


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """What a gateway did of late, and what its provider says of it now."""

    name: str
    health: Health
    is_open: bool
    report: Report


class Gateways:
    """Define gateways, from files or through the bus, and route messages over them."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        catalogue: Callable[[], GatewayCatalogue],
        journal: Journal,
        settings: Callable[[], Settings],
        from_files: Callable[[], Sequence[GatewayDefinition]],
        health: HealthBook,
        languages: Languages,
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._journal = journal
        self._settings = settings
        self._from_files = from_files
        self._health = health
        self._languages = languages
        self._senders: dict[str, Sender] = {}

    def refresh(self) -> list[str]:
        """Make the senders anew from what is defined now; return complaints, one per bad gateway.

        A gateway that does not pass its check carries nothing; the others are not affected.
        """
        catalogue, complaints = self._catalogue(), []
        senders = {}
        for definition in self.list():
            if not definition.enabled:
                continue
            try:
                catalogue.check(definition)
                senders[definition.name] = catalogue.sender(definition)
            except SmsOtpError as error:
                complaints.append(f"gateway {definition.name}: {error}")
        self._senders = senders
        named = {name for route in self._settings().all_routes() for name in route.gateways}
        known = {definition.name for definition in self.list()}
        complaints += [
            f"a route names the gateway {name}, which is not defined"
            for name in sorted(named - known)
        ]
        return complaints

    def route(self, message: Message, groups: frozenset[str]) -> list[Sender]:
        """Return the enabled gateways of the message's channel, in the order of its route."""
        channel, senders = message.recipient.channel, self._senders
        enabled = [name for name, sender in senders.items() if sender.channel == channel]
        names = choose(self._settings().all_routes(), message.recipient, groups, enabled)
        return [senders[name] for name in names]

    def senders(self) -> Sequence[Sender]:
        """Return all enabled gateways, by name."""
        return [self._senders[name] for name in sorted(self._senders)]

    def types(self) -> Sequence[GatewayType]:
        """Return the gateway types there are."""
        return self._catalogue().types()

    def list(self) -> list[GatewayDefinition]:
        """Return all gateways by name; one in a file hides a stored one of the same name."""
        with self._store.change() as change:
            found = {definition.name: definition for definition in change.gateways()}
        found |= {definition.name: definition for definition in self._from_files()}
        return [found[name] for name in sorted(found)]

    def show(self, name: str) -> tuple[GatewayDefinition, Mapping[str, str]]:
        """Return a gateway and its settings with every secret masked."""
        definition = self._find(name)
        hidden = self._catalogue().secret_names(definition) | definition.secrets.keys()
        shown = {key: MASK if key in hidden else text for key, text in definition.settings.items()}
        return definition, shown | dict.fromkeys(definition.secrets, MASK)

    def configure(
        self,
        name: str,
        type_id: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, Secret],
        by_uid: int,
        *,
        keep_secrets: bool,
    ) -> None:
        """Define or replace a gateway, wholly or not at all.

        Raises:
            BadArgumentError: name, type or a setting is wrong.
            ExistsError: a file defines a gateway of that name.
            RefusedError: the type may not be used here.
        """
        parse_gateway_name(name)
        self._refuse_if_from_file(name)
        with self._store.change() as change:
            present = next((old for old in change.gateways() if old.name == name), None)
            kept = present.secrets if present is not None and keep_secrets else {}
            enabled = present.enabled if present is not None else True
            definition = GatewayDefinition(
                name,
                self._catalogue().type_id(type_id),
                dict(settings),
                {**kept, **secrets},
                enabled,
                STORED,
            )
            self._catalogue().check(definition)
            change.put_gateway(self._separated(definition))
        self._changed(name, "configured" if present is None else "configured again", by_uid)

    def set_enabled(self, name: str, by_uid: int, *, enabled: bool) -> None:
        """Let a stored gateway carry messages, or not."""
        self._refuse_if_from_file(name)
        with self._store.change() as change:
            definition = _named(name, change.gateways())
            if enabled:
                self._catalogue().check(definition)
            change.put_gateway(replace(definition, enabled=enabled))
        self._changed(name, "enabled" if enabled else "disabled", by_uid)

    def remove(self, name: str, by_uid: int) -> None:
        """Forget a stored gateway and its secrets."""
        self._refuse_if_from_file(name)
        with self._store.change() as change:
            _named(name, change.gateways())
            change.drop_gateway(name)
        self._changed(name, "removed", by_uid)

    async def test(self, name: str, address: str, by_uid: int) -> TestResult:
        """Send one message without a code through one gateway, enabled or not."""
        sender = self._sender(name)
        recipient = parse_recipient(sender.channel, address)
        settings = self._settings()
        # Like a notice: nobody knows who will read it.
        catalogue = self._languages.catalogue(settings.default_policy.language)
        text = fill(in_language(catalogue, TEST_TEXT), {"host": settings.host})
        message = Message(recipient, text, code=_NO_CODE)
        begun = self._clock.now().boot
        outcome = await sender.send(message, settings.send_deadline)
        word = type(outcome).__name__.lower()
        self._journal.record(GatewayChanged(name, f"tested: {word}", by_uid))
        return TestResult(outcome, self._clock.now().boot - begun)

    async def status(self, name: str) -> GatewayStatus:
        """Return how a gateway is, enabled or not; its provider is asked."""
        sender = self._sender(name)
        report = await sender.inspect(self._settings().send_deadline)
        health = self._health
        if name in self._senders:
            health.note_report(name, report)
        return GatewayStatus(name, health.of(name), health.is_open(name), report)

    def pairing(self, name: str) -> Pairing:
        """Begin to link an account to a gateway, enabled or not.

        Raises:
            NotFoundError: no gateway has that name.
            RefusedError: its type needs no pairing.
        """
        return self._sender(name).pair()

    def keep(self, name: str, found: Mapping[str, Secret], by_uid: int) -> None:
        """Store settings that a pairing found out.

        Raises:
            ExistsError: a file defines the gateway; what was found has to be written there.
        """
        self._refuse_if_from_file(name)
        with self._store.change() as change:
            definition = _named(name, change.gateways())
            secrets = {key: text for key, text in definition.secrets.items() if key not in found}
            revealed = {key: text.reveal() for key, text in found.items()}
            settings = {**definition.settings, **revealed}
            definition = self._separated(replace(definition, settings=settings, secrets=secrets))
            self._catalogue().check(definition)
            change.put_gateway(definition)
        self._changed(name, "linked", by_uid)

    def _sender(self, name: str) -> Sender:
        """Return the sender of a gateway that is enabled, or would work if it were."""
        definition, catalogue = self._find(name), self._catalogue()
        catalogue.check(definition)
        return self._senders.get(name) or catalogue.sender(definition)

    def _separated(self, definition: GatewayDefinition) -> GatewayDefinition:
        """Return the definition with whatever the type calls secret among the secrets."""
        names = self._catalogue().secret_names(definition)
        plain = {key: text for key, text in definition.settings.items() if key not in names}
        moved = {key: Secret(text) for key, text in definition.settings.items() if key in names}
        return replace(definition, settings=plain, secrets={**definition.secrets, **moved})

    def _find(self, name: str) -> GatewayDefinition:
        return _named(name, self.list())

    def _refuse_if_from_file(self, name: str) -> None:
        for definition in self._from_files():
            if definition.name == name:
                raise ExistsError(
                    f"gateway {name} is defined in {definition.source}; edit that file"
                )

    def _changed(self, name: str, change: str, by_uid: int) -> None:
        self._health.forget(name)
        self.refresh()
        self._journal.record(GatewayChanged(name, change, by_uid))


def _named(name: str, definitions: Sequence[GatewayDefinition]) -> GatewayDefinition:
    for definition in definitions:
        if definition.name == name:
            return definition
    raise NotFoundError("no gateway of that name is defined")
