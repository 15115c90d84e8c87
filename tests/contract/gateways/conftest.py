# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What every contract test of the gateways uses: one way to send, and its secrets."""

import threading
from collections.abc import Iterator, Mapping

import pytest

from smsotpd.core.channel import parse_recipient
from smsotpd.core.channel_names import SMS
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Outcome
from smsotpd.core.recipient import parse_phone
from smsotpd.core.report import Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.sender import GatewaySender
from tests.fakes.certificates import Authority
from tests.fakes.http_provider import wait_until
from tests.fakes.providers.strict import NUMBER, PASSWORD, TEXT

__all__ = ["NUMBER", "PASSWORD", "TEXT"]


class Post:
    """Configure a gateway, send one message, and see to it that the outcome gives nothing away."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self._log = log

    async def __call__(
        self,
        url: str,
        settings: dict[str, str] | None = None,
        *,
        secrets: dict[str, str] | None = None,
        deadline: float = 10.0,
    ) -> Outcome:
        definition = GatewayDefinition(
            name="tested",
            type_id="http",
            settings={
                "URL": url,
                "HTTP_METHOD": "POST",
                "TIMEOUT": "5",
                "to": "{phone}",
                "text": "{otp}",
                **(settings or {}),
            },
            secrets={
                name: Secret(text)
                for name, text in {"option.password": PASSWORD, **(secrets or {})}.items()
            },
        )
        catalogue = Catalogue(GatewaySender, allow_outbox=False)
        catalogue.check(definition)
        outcome = await catalogue.sender(definition).send(
            Message(parse_phone(NUMBER), TEXT), deadline
        )
        self.assert_discreet(f"{outcome!s} {outcome!r} {self._log.text}")
        return outcome

    @staticmethod
    def assert_discreet(text: str) -> None:
        for hidden in (NUMBER, NUMBER[1:], "013579", TEXT, PASSWORD, "127.0.0.1"):
            assert hidden not in text


class Carry:
    """Send one message through a gateway of any type; the outcome gives nothing away."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self._log = log

    async def __call__(
        self,
        type_id: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        number: str = NUMBER,
        text: str = TEXT,
        code: str = "",
        channel: str = SMS,
        deadline: float = 10.0,
    ) -> Outcome:
        outcome = await self._sender(type_id, settings, secrets).send(
            Message(parse_recipient(channel, number), text, lifetime=300.0, code=code), deadline
        )
        self._assert_discreet(f"{outcome!r}", number, text, *secrets.values())
        return outcome

    async def inspect(
        self, type_id: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Report:
        """Ask a gateway how it is."""
        report = await self._sender(type_id, settings, secrets).inspect(10.0)
        self._assert_discreet(f"{report!r}", NUMBER, *secrets.values())
        return report

    def _sender(
        self, type_id: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> GatewaySender:
        hidden = {name: Secret(text) for name, text in secrets.items()}
        definition = GatewayDefinition("tested", type_id, dict(settings), hidden)
        catalogue = Catalogue(GatewaySender, allow_outbox=False)
        catalogue.check(definition)
        sender = catalogue.sender(definition)
        assert isinstance(sender, GatewaySender)
        return sender

    def _assert_discreet(self, shown: str, number: str, *hidden: str) -> None:
        for each in (number[1:], number[-7:], "013579", "127.0.0.1", *hidden):
            assert each not in f"{shown} {self._log.text}"


@pytest.fixture
def carry(caplog: pytest.LogCaptureFixture) -> Carry:
    caplog.set_level("DEBUG")
    return Carry(caplog)


@pytest.fixture
def post(caplog: pytest.LogCaptureFixture) -> Post:
    caplog.set_level("DEBUG")
    return Post(caplog)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert wait_until(
        lambda: not any(each.name.startswith("gateway ") for each in threading.enumerate())
    ), "a sending thread outlived its message"
