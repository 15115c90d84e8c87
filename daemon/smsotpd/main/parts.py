# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""All parts of the daemon, put together."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from smsotpd import VERSION
from smsotpd.config.settings import Configuration, read_configuration
from smsotpd.core.address_proof import AddressProofs
from smsotpd.core.admission import Admission
from smsotpd.core.authenticators import Authenticators
from smsotpd.core.break_glass import BreakGlasses
from smsotpd.core.catalogues import Catalogues
from smsotpd.core.code_proving import CodeProofs
from smsotpd.core.code_stage import CodeStage
from smsotpd.core.courier import Courier
from smsotpd.core.dialogue import Dialogue
from smsotpd.core.errors import SmsOtpError, UnavailableError, sentences
from smsotpd.core.events import ConfigurationLoaded, ConfigurationRefused, StoreFailed
from smsotpd.core.first_login import FirstLogin
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.gateways import Gateways
from smsotpd.core.guessing import Guesses
from smsotpd.core.health_book import HealthBook
from smsotpd.core.importing import Imports
from smsotpd.core.invitations import Invitations
from smsotpd.core.logins import Logins
from smsotpd.core.notifier import Notifications, Notifier
from smsotpd.core.overview import Configured, Overview, Overviews
from smsotpd.core.own_authenticator import OwnAuthenticator
from smsotpd.core.pairing import Pairings
from smsotpd.core.pin_change import PinChange
from smsotpd.core.policy import Settings
from smsotpd.core.ports import GatewayCatalogue, Journal
from smsotpd.core.proving import Proofs
from smsotpd.core.recovery import RecoveryCodes
from smsotpd.core.report import Condition
from smsotpd.core.self_service import SelfService
from smsotpd.core.sending import Codes
from smsotpd.core.tally import Tally
from smsotpd.core.users import Users
from smsotpd.dbus.admin import (
    gateway_methods,
    pairing_methods,
    user_methods,
)
from smsotpd.dbus.authentication import authentication_methods
from smsotpd.dbus.importing import import_method
from smsotpd.dbus.invitations import invitation_methods
from smsotpd.dbus.method import Method
from smsotpd.dbus.more_ways import way_methods
from smsotpd.dbus.policy import policy_methods
from smsotpd.dbus.self_service import self_methods
from smsotpd.dbus.status import status_method
from smsotpd.gateways.catalogue import Catalogue, with_mail_servers, with_third_parties
from smsotpd.gateways.sender import GatewaySender
from smsotpd.kernel.accounts import NssAccounts
from smsotpd.kernel.authenticator import PyotpAppCodes
from smsotpd.kernel.clock import KernelClock
from smsotpd.kernel.randomness import KernelCodeSource
from smsotpd.modem.call_for_help import RecoveryFiles
from smsotpd.modem.catalogue import ModemCatalogue
from smsotpd.modem.pin_marks import PinMarkFile
from smsotpd.modemmanager.catalogue import ManagedCatalogue
from smsotpd.modemmanager.marks import MarkFile
from smsotpd.pinhash.argon2 import Argon2PinHasher, Cost
from smsotpd.store.key import load_or_create_key
from smsotpd.store.sqlite import SqliteStore, open_store
from smsotpd.words.catalogues import MessageCatalogues

_DAY = 86_400.0
_SECONDS_TO_NEXT_TRY = 3600.0


class Parts:
    """The daemon's use cases over its adapters, and the configuration in force."""

    def __init__(
        self,
        directory: Path,
        configuration: Configuration,
        store: SqliteStore,
        hasher: Argon2PinHasher,
        source: KernelCodeSource,
        key: bytes,
        journal: Journal,
        clock: KernelClock,
        modems: tuple[GatewayCatalogue, ...],
        languages: MessageCatalogues,
    ) -> None:
        self._directory = directory
        self._configuration = configuration
        self.news = asyncio.Event()
        tally = Tally(journal, self._is_known_service)
        notifier = Notifier(tally, self._settings, self.news.set)
        journal = self.journal = notifier
        self._store = store
        self._backup_at = 0.0
        self._gateways_known, complaints = with_third_parties()
        self._complaints = (*complaints, *languages.complaints)
        self._modems = modems
        self._gateway_types = self._new_catalogue()
        self.clock = clock
        settings = self._settings
        self.health = HealthBook(store, self.clock, journal)
        self.gateways = Gateways(
            store,
            self.clock,
            self._catalogue,
            journal,
            settings,
            self._gateways_in_files,
            self.health,
            languages,
        )
        accounts = NssAccounts()
        # Places of their own: other users' calls must not take those of root's logins.
        self._callers_accounts = NssAccounts()
        courier = Courier(clock, self.gateways, accounts, self.health, journal, settings)
        self.pairings = Pairings(
            self.gateways, clock, source, lambda: self._configuration.settings.send_deadline
        )
        self.notifications = Notifications(
            notifier, store, clock, courier, _local_time, settings, languages
        )
        guesses = Guesses(key, journal)
        proofs = Proofs(store, self.clock, hasher, guesses, settings)
        app_codes = PyotpAppCodes()
        code_proofs = CodeProofs(
            store, self.clock, hasher, guesses, app_codes.code, journal, key, settings
        )
        codes = Codes(store, self.clock, source, courier, journal, key, settings)
        code_stage = CodeStage(store, self.clock, code_proofs, codes, journal)
        self.admission = Admission(store, clock, accounts, _local_day, settings)
        addresses = AddressProofs(store, clock, source, courier, guesses, codes, key, settings)
        first_login = FirstLogin(store, clock, hasher, addresses, journal)
        dialogue = Dialogue(
            store, clock, proofs, code_proofs, code_stage, self.admission, first_login, journal
        )
        pin_change = PinChange(store, hasher, proofs, journal)
        self.logins = Logins(
            store,
            self.clock,
            source,
            journal,
            key,
            settings,
            code_proofs,
            dialogue,
            pin_change,
            self.admission,
            first_login,
            languages,
        )
        self.users = Users(
            store,
            self.clock,
            hasher,
            source,
            courier,
            journal,
            key,
            settings,
            notifier.tell,
            languages,
        )
        self.authenticators = Authenticators(
            store, self.clock, source, app_codes, journal, key, settings, notifier.tell
        )
        self.recovery = RecoveryCodes(store, hasher, source, journal, notifier.tell)
        own_authenticator = OwnAuthenticator(store, self.authenticators, journal)
        self.self_service = SelfService(
            store,
            clock,
            source,
            hasher,
            proofs,
            code_stage,
            addresses,
            self.recovery,
            own_authenticator,
            journal,
            notifier.tell,
            _local_day,
            settings,
            languages,
        )
        self.invitations = Invitations(store, self.clock, hasher, source, journal)
        self.break_glasses = BreakGlasses(store, self.clock, hasher, source, journal, notifier.tell)
        self.imports = Imports(store, self.clock, hasher, journal, settings, notifier.tell)
        self._configured = self._taken()
        self._overviews = Overviews(
            VERSION, store, self.clock, self.gateways, self.health, tally, settings
        )

    def methods(self) -> tuple[Method, ...]:
        """Return everything that is offered on the bus."""
        return (
            *authentication_methods(self.logins, self._callers_accounts),
            status_method(self.overview),
            *gateway_methods(self.gateways),
            *pairing_methods(self.pairings),
            import_method(self.imports),
            *user_methods(self.users),
            *policy_methods(self.admission, self.users),
            *self_methods(self.self_service, self.users, self._callers_accounts),
            *invitation_methods(self.invitations),
            *way_methods(self.authenticators, self.recovery, self.break_glasses),
        )

    def overview(self) -> Overview:
        """Return how the daemon is, for `smsotpctl status`."""
        return self._overviews.look(self._configured, len(self.logins))

    def start(self) -> None:
        """Make the senders; a gateway that is wrong is journalled and carries nothing."""
        complaints = (*self._complaints, *self.gateways.refresh())
        for complaint in complaints:
            self.journal.record(ConfigurationRefused(complaint))
        self.journal.record(ConfigurationLoaded(self._configuration.files))
        self._configured = self._taken("; ".join(complaints))

    def reload(self) -> None:
        """Read the configuration anew; one that is wrong changes nothing.

        What PINs cost to hash is taken at the next start only.
        """
        try:
            self._configuration = read_configuration(self._directory)
        except SmsOtpError as error:
            complaints = sentences(error)
            for complaint in complaints:
                self.journal.record(ConfigurationRefused(complaint))
            self._configured = self._taken("; ".join(complaints))
            return
        self._gateway_types = self._new_catalogue()
        self.start()

    def owner_left(self, owner: str) -> None:
        """End what a connection that is gone had begun."""
        self.logins.owner_left(owner)
        self.pairings.owner_left(owner)
        self.self_service.owner_left(owner)

    def expire(self) -> None:
        """End the logins and changes that nobody answers any more."""
        self.logins.expire()
        self.self_service.expire()

    async def inspect(self) -> None:
        """Ask every enabled gateway's provider how account and connection are, one by one.

        Messengers log out by themselves; better that the journal says so than a login.
        """
        for sender in self.gateways.senders():
            report = await sender.inspect(self._configuration.settings.send_deadline)
            if report.condition is not Condition.UNKNOWN:
                self.health.note_report(sender.name, report)

    def prune(self) -> None:
        """Forget what is over; a store that cannot be written now is pruned another time."""
        try:
            self._store.prune(self.clock.now())
            self.break_glasses.expire()
            self.invitations.expire()
        except UnavailableError as error:
            self.journal.record(StoreFailed(str(error)))

    def _taken(self, complaint: str = "") -> Configured:
        return Configured(self._configuration.files, self.clock.now().wall, complaint)

    def _is_known_service(self, service: str) -> bool:
        return service in self._configuration.settings.services

    def back_up(self) -> None:
        """Copy the store once a day; a copy that fails is tried again after an hour."""
        now = time.monotonic()
        if now < self._backup_at or self._store.seconds_since_backup(self.clock.now()) < _DAY:
            return
        self._backup_at = now + _SECONDS_TO_NEXT_TRY
        try:
            self._store.back_up()
        except UnavailableError as error:
            self.journal.record(StoreFailed(str(error)))

    def _settings(self) -> Settings:
        return self._configuration.settings

    def _catalogue(self) -> GatewayCatalogue:
        return self._gateway_types

    def _new_catalogue(self) -> GatewayCatalogue:
        allow_outbox = self._configuration.settings.allow_outbox
        known = with_mail_servers(self._gateways_known, self._configuration.mail_servers)
        providers = Catalogue(GatewaySender, allow_outbox=allow_outbox, gateways=known)
        # A modem stays open over a reload that does not change its gateway.
        return Catalogues(providers, *self._modems)

    def _gateways_in_files(self) -> Sequence[GatewayDefinition]:
        return self._configuration.gateways


def _local_time(seconds: float) -> tuple[str, str]:
    moment = datetime.fromtimestamp(seconds).astimezone()
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S %Z")


def _local_day(seconds: float) -> str:
    return _local_time(seconds)[0]


@contextmanager
def gather(
    directory: Path, state: Path, boot_id: str, journal: Journal, languages: MessageCatalogues
) -> Iterator[Parts]:
    """Open everything the daemon owns, and close it in the end.

    Raises:
        ConfigurationError: the configuration, or the state directory's ownership, is wrong.
        UnavailableError: the store cannot be opened.
    """
    configuration = read_configuration(directory)
    with ExitStack() as stack:
        key = load_or_create_key(state)
        store = stack.enter_context(open_store(state))
        source = KernelCodeSource()
        pin = configuration.pin_cost
        cost = Cost(pin.memory, pin.time, pin.lanes)
        hasher = Argon2PinHasher(key, source, cost, pin.threads)
        stack.callback(hasher.close)
        clock = KernelClock(boot_id)
        modems = (
            ModemCatalogue(PinMarkFile(state, key), RecoveryFiles(state).call),
            ManagedCatalogue(MarkFile(state)),
        )
        for each in modems:
            stack.callback(each.close)
        yield Parts(
            directory,
            configuration,
            store,
            hasher,
            source,
            key,
            journal,
            clock,
            modems,
            languages,
        )
