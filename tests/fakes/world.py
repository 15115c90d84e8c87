# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon's use cases put together as in `main.parts`, over fakes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Self

from smsotpd.core.address_proof import AddressProofs
from smsotpd.core.admission import Admission
from smsotpd.core.authenticator import STEP_SECONDS, Authenticator, seed_of
from smsotpd.core.authenticators import Authenticators
from smsotpd.core.break_glass import BreakGlasses
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.code_proving import CodeProofs
from smsotpd.core.code_stage import CodeStage
from smsotpd.core.courier import Courier
from smsotpd.core.dialogue import Dialogue
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.first_login import FirstLogin
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.gateways import Gateways
from smsotpd.core.guessing import Guesses
from smsotpd.core.health_book import HealthBook
from smsotpd.core.invitations import Invitations
from smsotpd.core.logins import Logins, MayActFor
from smsotpd.core.notifier import Notifications, Notifier
from smsotpd.core.own_authenticator import OwnAuthenticator
from smsotpd.core.pin_change import PinChange
from smsotpd.core.policy import Mode, Settings
from smsotpd.core.proving import Proofs
from smsotpd.core.recipient import parse_phone
from smsotpd.core.recovery import RecoveryCodes
from smsotpd.core.self_service import SelfService
from smsotpd.core.sending import Codes
from smsotpd.core.throttle import CounterKey, Failures
from smsotpd.core.transaction import ROOT, Context, Result, StepKind, Steps
from smsotpd.core.users import Users
from smsotpd.core.ways import ALL_KINDS, Ways, ways_of
from smsotpd.kernel.authenticator import PyotpAppCodes
from tests.fakes.accounts import FakeAccounts
from tests.fakes.clock import FakeClock
from tests.fakes.hasher import FakePinHasher
from tests.fakes.journal import RecordingJournal
from tests.fakes.languages import FakeLanguages
from tests.fakes.memory_store import MemoryStore
from tests.fakes.sender import FakeCatalogue, FakeSender, fake_gateway
from tests.fakes.source import CountingCodeSource

APP_CODES: Final = PyotpAppCodes()
KEY: Final = bytes(range(32))
USER: Final = "anna"
PIN: Final = "Rosenkohl7"
PHONE: Final = "+491701234589"
MASKED: Final = "+49 ••• ••89"
RHOST: Final = "192.0.2.7"
WRONG_CODE: Final = "not-it"
OWNER: Final = ":1.7"


class World:
    """One daemon, its state and what surrounds it; one gateway `first`, nobody enrolled.

    Attributes:
        settings: may be replaced at any time, as by a reload.
        in_files: gateways as defined by configuration files.
        more_secrets: what a test made that must not be seen; only the test knows them.
        today: as the clock on the wall says.
    """

    today = "2026-01-02"

    in_files: Sequence[GatewayDefinition] = ()

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.more_secrets: list[str] = []
        self.store = MemoryStore()
        self.source = CountingCodeSource()
        self.catalogue = FakeCatalogue(self.clock)
        self.journal = RecordingJournal()
        self.hasher = FakePinHasher()
        self.accounts = FakeAccounts()
        self.languages = FakeLanguages()
        self.settings = Settings(host="host.example.org")
        self.restart()
        self.add_gateway("first")

    def restart(self) -> None:
        """Start the daemon anew: what was in memory is gone, the store is not."""
        self._assemble()
        self.gateways.refresh()

    def _assemble(self) -> None:
        store, clock, settings = self.store, self.clock, self._settings
        self.woken = 0
        journal = self.notifier = Notifier(self.journal, settings, self._wake)
        self.health = HealthBook(store, clock, journal)
        self.gateways = Gateways(
            store,
            clock,
            lambda: self.catalogue,
            journal,
            settings,
            lambda: self.in_files,
            self.health,
            self.languages,
        )
        self.courier = Courier(clock, self.gateways, self.accounts, self.health, journal, settings)
        self.notifications = Notifications(
            journal,
            store,
            clock,
            self.courier,
            lambda _wall: ("2026-01-02", "12:00"),
            settings,
            self.languages,
        )
        self.guesses = Guesses(KEY, journal)
        proofs = Proofs(store, clock, self.hasher, self.guesses, settings)
        code_proofs = CodeProofs(
            store, clock, self.hasher, self.guesses, APP_CODES.code, journal, KEY, settings
        )
        codes = Codes(store, clock, self.source, self.courier, journal, KEY, settings)
        code_stage = CodeStage(store, clock, code_proofs, codes, journal)
        self.admission = Admission(store, clock, self.accounts, self._day, settings)
        addresses = AddressProofs(
            store, clock, self.source, self.courier, self.guesses, codes, KEY, settings
        )
        first_login = FirstLogin(store, clock, self.hasher, addresses, journal)
        dialogue = Dialogue(
            store, clock, proofs, code_proofs, code_stage, self.admission, first_login, journal
        )
        pin_change = PinChange(store, self.hasher, proofs, journal)
        self.logins = Logins(
            store,
            clock,
            self.source,
            journal,
            KEY,
            settings,
            code_proofs,
            dialogue,
            pin_change,
            self.admission,
            first_login,
            self.languages,
        )
        self.users = Users(
            store,
            clock,
            self.hasher,
            self.source,
            self.courier,
            journal,
            KEY,
            settings,
            journal.tell,
            self.languages,
        )
        self.authenticators = Authenticators(
            store, clock, self.source, APP_CODES, journal, KEY, settings, journal.tell
        )
        self.recovery = RecoveryCodes(store, self.hasher, self.source, journal, journal.tell)
        own_authenticator = OwnAuthenticator(store, self.authenticators, journal)
        self.self_service = SelfService(
            store,
            clock,
            self.source,
            self.hasher,
            proofs,
            code_stage,
            addresses,
            self.recovery,
            own_authenticator,
            journal,
            journal.tell,
            self._day,
            settings,
            self.languages,
        )
        self.invitations = Invitations(store, clock, self.hasher, self.source, journal)
        self.break_glasses = BreakGlasses(
            store, clock, self.hasher, self.source, journal, journal.tell
        )

    def _day(self, _wall: float) -> str:
        return self.today

    def _wake(self) -> None:
        self.woken += 1

    def _settings(self) -> Settings:
        return self.settings

    def set_policy(self, **changes: Any) -> None:
        """Change the default policy."""
        policy = replace(self.settings.default_policy, **changes)
        self.settings = replace(self.settings, default_policy=policy)

    def set_limits(self, **changes: Any) -> None:
        """Change the limits."""
        limits = replace(self.settings.limits, **changes)
        self.settings = replace(self.settings, limits=limits)

    def add_gateway(self, name: str, *, enabled: bool = True) -> FakeSender:
        """Define one more gateway, tried after those whose names sort before it."""
        with self.store.change() as change:
            change.put_gateway(fake_gateway(name, enabled=enabled))
        self.gateways.refresh()
        return self.catalogue[name]

    @property
    def gateway(self) -> FakeSender:
        """Return the gateway `first`."""
        return self.catalogue["first"]

    @property
    def texts(self) -> list[str]:
        """Return all texts that were handed to the gateway `first`."""
        return [message.text for message in self.gateway.messages]

    @property
    def code(self) -> str:
        """Return the newest code that was sent."""
        return self.texts[-1].partition(" ")[0]

    def enrol(
        self, user: str = USER, pin: str = PIN, phone: str = PHONE, *, disabled: bool = False
    ) -> None:
        """Enrol a user without asking anybody."""
        encoded = self.hasher.encoded(pin) if pin else ""
        with self.store.change() as change:
            change.put_enrolment(Enrolment(user, (parse_phone(phone),), encoded, disabled))

    def add_app(self, user: str = USER, digits: int = 6) -> "App":
        """Give a user an authenticator app without asking anybody, and return it."""
        app = App(self.clock, user, digits)
        with self.store.change() as change:
            change.put_authenticator(Authenticator(user, app.salt, digits))
        return app

    async def add_recovery_codes(self, user: str = USER) -> list[str]:
        """Give a user recovery codes."""
        return list(await self.recovery.renew(user, 0))

    def ways(self, user: str = USER) -> Ways:
        """Return what a user has besides the codes that are sent."""
        with self.store.change() as change:
            return ways_of(change, user, ALL_KINDS, self.clock.now())

    def stored(self) -> object:
        """Return all that is stored, to be compared with what is stored later."""
        return self.store._tables.copy()

    def write_nothing(self) -> None:
        """Write what is written where nothing is counted."""
        with self.store.change() as change:
            self.guesses.pay(change, self.clock.now())

    def failures(self, user: str = USER) -> Failures:
        """Return what the store says of a user's failures."""
        with self.store.change() as change:
            return change.failures(user)

    def put_failures(self, failures: Failures, user: str = USER) -> None:
        """Set a user's failures."""
        with self.store.change() as change:
            change.put_failures(user, failures)

    def challenge(
        self, user: str = USER, service: str = "login", rhost: str = RHOST
    ) -> Challenge | None:
        """Return what the store holds for a challenge's name."""
        with self.store.change() as change:
            return change.challenge(ChallengeKey(user, service, rhost))

    def count(self, kind: str, scope: str, subject: str = "") -> int:
        """Return a counter of the store."""
        with self.store.change() as change:
            counter = change.counter(CounterKey(kind, scope, subject))
        return counter.count if counter else 0

    def begin(
        self,
        user: str = USER,
        service: str = "login",
        rhost: str = RHOST,
        *,
        mode: Mode = Mode.AUTO,
        owner: str = OWNER,
        may_act_for: MayActFor = lambda _user: True,
        use_first_pass: bool = False,
        try_first_pass: bool = False,
        pin_prompt: str = "",
        code_prompt: str = "",
        locale: str = "",
        uid: int = ROOT,
    ) -> "Terminal":
        """Begin a login as a terminal does."""
        context = Context(
            user,
            service,
            rhost,
            mode=mode,
            use_first_pass=use_first_pass,
            try_first_pass=try_first_pass,
            pin_prompt=pin_prompt,
            code_prompt=code_prompt,
            locale=locale,
        )
        # As the bus adapter asks for them before; nobody says of a stranger to the directory.
        groups = self.accounts.by_user.get(user, frozenset())
        name, steps = self.logins.begin(context, owner, may_act_for, uid, groups)
        return Terminal(self.logins, name, owner, steps)


class App:
    """An authenticator app on a phone.

    Attributes:
        drift: seconds by which its clock is ahead.
    """

    salt = "salt of the app"

    def __init__(self, clock: FakeClock, user: str, digits: int) -> None:
        self.drift = 0.0
        self._clock = clock
        self._seed = seed_of(KEY, user, self.salt)
        self._digits = digits

    @property
    def code(self) -> str:
        """Return what the app shows now."""
        return self.code_after(0)

    def code_after(self, steps: int) -> str:
        """Return what the app shows so many steps later."""
        here = int((self._clock.now().wall + self.drift) // STEP_SECONDS)
        return APP_CODES.code(self._seed, here + steps, self._digits)


class Terminal:
    """The other end of one transaction.

    Attributes:
        steps: the newest ones.
    """

    def __init__(self, logins: Logins, name: str, owner: str, steps: Steps) -> None:
        self.name = name
        self.owner = owner
        self.steps = steps
        self._logins = logins

    async def answer(self, *answers: str) -> Self:
        """Answer one prompt after the other."""
        for answer in answers:
            self.steps = await self._logins.respond(self.name, answer, self.owner)
        return self

    def cancel(self) -> None:
        """Give up."""
        self._logins.cancel(self.name, self.owner)

    @property
    def outcome(self) -> Result | None:
        """Return how the login ended; None if it has not."""
        last = self.steps[-1]
        return Result(last.text) if last.kind is StepKind.OUTCOME else None

    @property
    def prompt(self) -> str:
        """Return the text of the prompt; fails if there is none."""
        last = self.steps[-1]
        assert last.kind in {StepKind.HIDDEN, StepKind.VISIBLE, StepKind.AUTHTOK}, last
        return last.text

    @property
    def notes(self) -> list[str]:
        """Return what is shown before the prompt or the end."""
        return [step.text for step in self.steps[:-1]]
