# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The Signal gateway and the programs it is made for: signal-cli, python-signal-cli-rest-api."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smsotpd.core.channel import parse_recipient
from smsotpd.core.channel_names import SIGNAL
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.exchange import Exchange
from smsotpd.gateways.providers.signal import GATEWAY
from smsotpd.gateways.sender import GatewaySender
from smsotpd.gateways.spec import Request, Response
from smsotpd.gateways.spec.pairing import Pairing
from tests.real import programs
from tests.real.signal_cli import TIMESTAMP, SignalCli, signal_cli

pytestmark = pytest.mark.real

_ACCOUNT = "+4915112345678"
_NUMBER = "+491701234567"
_TEXT = "Code 013579 für den Rechner"


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run signal-cli without any account."""
    folder = _folder(tmp_path_factory)
    http, tcp = programs.free_port(), programs.free_port()
    options = [f"--http=127.0.0.1:{http}", f"--tcp=127.0.0.1:{tcp}"]
    command = [str(programs.SIGNAL_CLI), "-c", str(folder / "data"), "daemon", *options]
    environment = {"JAVA_HOME": str(programs.java_home())}
    with programs.running(command, environment, [http, tcp], folder / "log"):
        yield f"http://127.0.0.1:{http}"


@pytest.fixture(scope="module")
def served() -> Iterator[SignalCli]:
    with signal_cli(_ACCOUNT, _NUMBER, "+15551234567") as fake:
        yield fake


@pytest.fixture
def backend(served: SignalCli) -> SignalCli:
    """Return the stand-in for a signal-cli that has an account, and was told nothing yet."""
    served.sent.clear()
    return served


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory, served: SignalCli) -> Iterator[str]:
    """Run python-signal-cli-rest-api before that stand-in."""
    with _rest_api(_folder(tmp_path_factory), served.port) as url:
        yield url


@contextmanager
def _rest_api(folder: Path, backend_port: int) -> Iterator[str]:
    port = programs.free_port()
    environment = {
        "PYTHON_SIGNAL_CLI_REST_API_HOST": "127.0.0.1",
        "PYTHON_SIGNAL_CLI_REST_API_PORT": str(port),
        "PYTHON_SIGNAL_CLI_REST_API_JSONRPC_HOST": "127.0.0.1",
        "PYTHON_SIGNAL_CLI_REST_API_JSONRPC_PORT": str(backend_port),
    }
    with programs.running([str(programs.REST_API)], environment, [port], folder / "log"):
        yield f"http://127.0.0.1:{port}"


def _folder(factory: pytest.TempPathFactory) -> Path:
    if not programs.are_installed():
        pytest.skip("the programs are not installed: make test-real installs them")
    return factory.mktemp("real")


def _sender(url: str, account: str = _ACCOUNT) -> GatewaySender:
    settings = {"url": url, "account": account}
    return GatewaySender(GATEWAY, GatewayDefinition("tested", "signal", settings))


async def _send(url: str, to: str = _NUMBER, account: str = _ACCOUNT) -> Outcome:
    message = Message(parse_recipient(SIGNAL, to), _TEXT)
    return await _sender(url, account).send(message, 20.0)


async def test_signal_cli_is_found_and_says_that_it_has_no_account(native: str) -> None:
    report = await _sender(native).inspect(20.0)
    assert report.condition is Condition.DOWN
    assert report.facts == (("Server", "native, 0.13.19"), ("Accounts", "0"))


@pytest.mark.parametrize("account", [_ACCOUNT, ""], ids=["unknown", "none"])
async def test_signal_cli_refuses_an_account_that_it_does_not_have(
    native: str, account: str
) -> None:
    outcome = await _send(native, account=account)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.SENDER
    assert "-32602" in outcome.detail


async def test_python_rest_api_takes_a_message(rest: str, backend: SignalCli) -> None:
    assert await _send(rest) == Accepted(str(TIMESTAMP))
    assert backend.sent == [(_NUMBER, _TEXT)]


async def test_python_rest_api_takes_a_number_of_north_america(
    rest: str, backend: SignalCli
) -> None:
    assert await _send(rest, "+15551234567") == Accepted(str(TIMESTAMP))
    assert backend.sent == [("+15551234567", _TEXT)]


async def test_python_rest_api_tells_who_is_not_on_signal(rest: str, backend: SignalCli) -> None:
    outcome = await _send(rest, "+491709999999")
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.RECIPIENT
    assert backend.sent == []


@pytest.mark.parametrize(
    ("account", "error_class"),
    [("", ErrorClass.SENDER), ("+4915100000000", ErrorClass.REJECTED)],
    ids=["none", "unknown"],
)
async def test_python_rest_api_refuses_a_wrong_account(
    rest: str, backend: SignalCli, account: str, error_class: ErrorClass
) -> None:
    outcome = await _send(rest, account=account)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is error_class
    assert backend.sent == []


async def test_python_rest_api_is_inspected(rest: str) -> None:
    report = await _sender(rest).inspect(20.0)
    assert report.condition is Condition.READY
    assert report.facts == (("Server", "python, 0.13.19"),)


async def test_python_rest_api_without_its_signal_cli_is_temporary(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with _rest_api(_folder(tmp_path_factory), programs.free_port()) as url:
        outcome = await _send(url)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY


def test_signal_cli_that_reaches_nobody_links_no_phone(native: str) -> None:
    pairing = GATEWAY.pairing
    assert pairing is not None
    definition = GatewayDefinition("tested", "signal", {"url": native})
    requests, report = _follow(pairing(GATEWAY.values(definition)))
    assert len(requests) == 4
    assert b'"startLink"' in (requests[-1].content or b"")
    assert report.condition is Condition.DOWN


def _follow(pairing: Pairing) -> tuple[list[Request], Report]:
    """Make the requests of a pairing that asks and shows nothing."""
    requests: list[Request] = []
    reply: Response | None = None
    while True:
        try:
            step = pairing.send(reply)
        except StopIteration as end:
            return requests, end.value
        assert isinstance(step, Request)
        requests.append(step)
        answered = Exchange(step).perform()
        assert isinstance(answered, Response)
        reply = answered
