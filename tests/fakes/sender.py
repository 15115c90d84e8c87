# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Gateways that carry messages nowhere and end as scripted."""

from collections.abc import Callable, Sequence

from smsotpd.core.channel import CHANNELS
from smsotpd.core.channel_names import SMS
from smsotpd.core.errors import BadArgumentError, RefusedError
from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Outcome, Unknown
from smsotpd.core.ports import Clock, Pairing
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret

FAKE_TYPE = GatewayType(
    "fake",
    "Fake",
    "https://example.org/",
    (SettingDescription("COLOUR", "Colour"), SettingDescription("TOKEN", "Token", secret=True)),
    aliases=("former-fake",),
)


class FakeSender:
    """Remember each message; answer with the next scripted outcome, then with `Accepted`.

    Attributes:
        script: outcomes to come, each with the seconds it takes.
        messages: all that were handed over.
        deadlines: the seconds that each was given.
        meanwhile: called once, in the middle of the next send.
        report: what an inspection finds.
        pairing: what linking an account starts; None if there is nothing to link.
    """

    def __init__(self, name: str, clock: Clock, channel: str = SMS) -> None:
        self.script: list[tuple[Outcome, float]] = []
        self.messages: list[Message] = []
        self.deadlines: list[float] = []
        self.meanwhile: Callable[[], object] | None = None
        self.report = Report(Condition.READY, "as scripted")
        self.pairing: Pairing | None = None
        self._name = name
        self._channel = channel
        self._clock = clock

    @property
    def name(self) -> str:
        return self._name

    @property
    def channel(self) -> str:
        return self._channel

    async def inspect(self, deadline: float) -> Report:
        del deadline
        return self.report

    def pair(self) -> Pairing:
        if self.pairing is None:
            raise RefusedError("gateways of this type need no pairing")
        return self.pairing

    def will(self, *outcomes: Outcome, seconds: float = 0.0) -> None:
        """Script the next outcomes; each takes that many seconds."""
        self.script.extend((outcome, seconds) for outcome in outcomes)

    async def send(self, message: Message, deadline: float) -> Outcome:
        self.messages.append(message)
        self.deadlines.append(deadline)
        outcome, seconds = self.script.pop(0) if self.script else (Accepted("id-1"), 0.0)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        await self._clock.sleep(min(seconds, deadline))
        return outcome if seconds <= deadline else Unknown("no answer in time")


class FakeCatalogue:
    """One gateway type, whose gateways are `FakeSender`s that last as long as the catalogue."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._senders: dict[str, FakeSender] = {}

    def __getitem__(self, name: str) -> FakeSender:
        # A gateway called after a channel carries that channel's messages.
        channel = name.partition("-")[0]
        channel = channel if channel in CHANNELS else SMS
        return self._senders.setdefault(name, FakeSender(name, self._clock, channel))

    def types(self) -> Sequence[GatewayType]:
        return (FAKE_TYPE,)

    def type_id(self, name: str) -> str:
        return FAKE_TYPE.type_id if name in FAKE_TYPE.aliases else name

    def check(self, definition: GatewayDefinition) -> None:
        if self.type_id(definition.type_id) != FAKE_TYPE.type_id:
            raise BadArgumentError("type", "is unknown; known: fake")
        known = {setting.name for setting in FAKE_TYPE.settings}
        if not {*definition.settings, *definition.secrets} <= known:
            raise BadArgumentError("settings", "hold an unknown name")

    def secret_names(self, definition: GatewayDefinition) -> frozenset[str]:
        return frozenset({"TOKEN"} & definition.settings.keys())

    def sender(self, definition: GatewayDefinition) -> FakeSender:
        return self[definition.name]


def fake_gateway(name: str, *, enabled: bool = True) -> GatewayDefinition:
    """Return a definition that a `FakeCatalogue` takes."""
    return GatewayDefinition(name, "fake", {"COLOUR": "red"}, {"TOKEN": Secret("t0ken")}, enabled)
