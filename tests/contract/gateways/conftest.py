# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What every contract test of the gateways uses: one way to send, and its secrets."""

import threading
from collections.abc import Iterator

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Outcome
from smsotpd.core.recipient import parse_phone
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.sender import GatewaySender
from tests.fakes.certificates import Authority
from tests.fakes.http_provider import wait_until

NUMBER = "+491701234567"
TEXT = "Code 013579 für den Rechner"
PASSWORD = "s3cret-of-the-gateway"


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
