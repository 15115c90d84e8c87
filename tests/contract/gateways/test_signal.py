# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The Signal gateway against strict simulators of the servers that there are."""

import json

import pytest

from smsotpd.core.channel_names import SIGNAL
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition
from tests.contract.gateways.conftest import TEXT, Carry
from tests.fakes.http_provider import Answer, HttpProvider, Line, Received, close, raw, reply
from tests.fakes.providers import signal
from tests.fakes.providers.signal import ACCOUNT, SERVERS, SignalServer, SignalState
from tests.fakes.providers.strict import NUMBER, Case
from tests.fakes.specs import assert_fits, published

_EACH = pytest.mark.parametrize("server", SERVERS, ids=lambda each: each.name)
_PASSING = {ErrorClass.RATE, ErrorClass.TEMPORARY}


async def _send(carry: Carry, url: str, number: str = NUMBER, **settings: str) -> Outcome:
    given = {"url": url, "account": ACCOUNT, **settings}
    return await carry("signal", given, {}, number=number, channel=SIGNAL)


@_EACH
@pytest.mark.parametrize("api", ["auto", ""], ids=["found", "named"])
async def test_a_server_takes_the_message_once(
    carry: Carry, server: SignalServer, api: str
) -> None:
    state = SignalState()
    answers = server.make(state)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, api=api or server.api)
    assert answers.violations == []
    assert outcome == Accepted(str(signal.TIMESTAMP))
    assert state.sent == [(ACCOUNT, NUMBER, TEXT)]


@_EACH
async def test_a_number_of_north_america_is_not_taken_for_a_group(
    carry: Carry, server: SignalServer
) -> None:
    state = SignalState()
    answers = server.make(state)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, signal.NUMBER_OF_AMERICA)
    assert answers.violations == []
    assert outcome == Accepted(str(signal.TIMESTAMP))
    assert state.sent == [(ACCOUNT, signal.NUMBER_OF_AMERICA, TEXT)]


@pytest.mark.parametrize("server", SERVERS[:3], ids=lambda each: each.name)
async def test_an_account_id_of_signal_is_a_recipient(carry: Carry, server: SignalServer) -> None:
    state = SignalState()
    answers = server.make(state)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, signal.ACI)
    assert answers.violations == []
    assert outcome == Accepted(str(signal.TIMESTAMP))
    assert [to for _, to, _ in state.sent] == [signal.ACI]


async def test_signal_cli_with_one_account_needs_none_named(carry: Carry) -> None:
    state = SignalState()
    with HttpProvider(signal.native(state)) as provider:
        outcome = await _send(carry, provider.url, account="")
    assert outcome == Accepted(str(signal.TIMESTAMP))
    assert state.sent == [(ACCOUNT, NUMBER, TEXT)]


@pytest.mark.parametrize(
    ("server", "case"),
    [
        pytest.param(server, case, id=f"{server.name}: {case.name}")
        for server in SERVERS
        for case in server.failures
    ],
)
async def test_a_failure_is_seen_with_its_class(
    carry: Carry, server: SignalServer, case: Case
) -> None:
    state = SignalState()
    answers = server.make(state)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, case.number or NUMBER, **case.settings)
    assert answers.violations == []
    assert isinstance(outcome, Deferred if case.error_class in _PASSING else Rejected)
    assert outcome.error_class == case.error_class
    assert state.sent == []


async def test_signal_cli_that_is_bound_to_another_name_is_reported_as_that(carry: Carry) -> None:
    state = SignalState()
    with HttpProvider(signal.native(state, host="signal.example:8080")) as provider:
        found = await _send(carry, provider.url)
        named = await _send(carry, provider.url, api="native")
    assert found == Rejected(ErrorClass.REJECTED, "the gateway answers HTTP 421")
    assert isinstance(named, Rejected)
    assert "the host name in url" in named.detail
    assert state.sent == []


@pytest.mark.parametrize("path", ["/v1/about", "/api/v1/rpc", "/v2/send"])
async def test_a_message_is_ambiguous_only_once_it_was_handed_over(carry: Carry, path: str) -> None:
    state = SignalState()
    answers = signal.native(state) if path == "/api/v1/rpc" else signal.bbernhard(state)

    def answer(received: Received, line: Line) -> None:
        is_broken = received.path == path and b"version" not in received.body
        (close if is_broken else answers)(received, line)

    with HttpProvider(answer) as provider:
        outcome = await _send(carry, provider.url)
    if path == "/v1/about":
        assert isinstance(outcome, Deferred)
        assert outcome.error_class == ErrorClass.TEMPORARY
    else:
        assert isinstance(outcome, Unknown)
    assert state.sent == []


@pytest.mark.parametrize("api", ["auto", "native", "bbernhard", "python"])
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_outage_is_temporary(carry: Carry, api: str, status: int) -> None:
    with HttpProvider(reply(status, "<h1>Bad Gateway</h1>")) as provider:
        outcome = await _send(carry, provider.url, api=api)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class == ErrorClass.TEMPORARY


@pytest.mark.parametrize("api", ["auto", "native", "bbernhard", "python"])
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, ""),
        reply(201, ""),
        reply(200, "<html><h1>Please log in</h1></html>"),
        reply(201, "{"),
        reply(200, "null"),
        reply(201, b'{"timestamp": "\xff\xfe"}'),
        raw(b"HTTP/1.1 201 Created\r\nContent-Length: 4096\r\n\r\n{"),
        reply(302, "", Location="/login"),
        close,
    ],
    ids=["empty", "empty 201", "page", "half", "null", "bytes", "truncated", "redirect", "closed"],
)
async def test_what_nobody_can_read_is_never_taken_for_sent(
    carry: Carry, api: str, answer: Answer
) -> None:
    with HttpProvider(answer) as provider:
        outcome = await _send(carry, provider.url, api=api)
    assert isinstance(outcome, Unknown | Rejected | Deferred)


async def test_a_server_that_is_not_there_is_temporary(carry: Carry) -> None:
    with HttpProvider(close) as provider:
        url = provider.url
    outcome = await _send(carry, url)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class == ErrorClass.TEMPORARY


@_EACH
async def test_a_server_with_the_account_is_ready(carry: Carry, server: SignalServer) -> None:
    answers = server.make(SignalState())
    with HttpProvider(answers) as provider:
        report = await carry.inspect("signal", {"url": provider.url, "account": ACCOUNT}, {})
    assert answers.violations == []
    assert report.condition is Condition.READY
    facts = dict(report.facts)
    assert facts["Server"].startswith(server.api)
    assert facts.get("Accounts", "1") == "1"


@pytest.mark.parametrize(
    ("accounts", "account", "condition"),
    [
        ([], ACCOUNT, Condition.DOWN),
        ([signal.OTHER_ACCOUNT], ACCOUNT, Condition.DOWN),
        ([ACCOUNT, signal.OTHER_ACCOUNT], "", Condition.DOWN),
        ([ACCOUNT], "", Condition.READY),
    ],
    ids=["no account", "another account", "two accounts", "one account"],
)
async def test_a_server_without_the_account_is_down(
    carry: Carry, accounts: list[str], account: str, condition: Condition
) -> None:
    with HttpProvider(signal.native(SignalState(accounts=accounts))) as provider:
        report = await carry.inspect("signal", {"url": provider.url, "account": account}, {})
    assert report.condition is condition


@pytest.mark.parametrize("answer", [reply(404), reply(500), reply(200, "<html>"), close])
async def test_a_server_that_is_none_is_down(carry: Carry, answer: Answer) -> None:
    with HttpProvider(answer) as provider:
        report = await carry.inspect("signal", {"url": provider.url}, {})
    assert report.condition is Condition.DOWN


async def test_a_server_that_is_another_than_is_set_is_down(carry: Carry) -> None:
    with HttpProvider(signal.bbernhard(SignalState())) as provider:
        report = await carry.inspect("signal", {"url": provider.url, "api": "native"}, {})
    assert report.condition is Condition.DOWN


async def test_signal_cli_for_one_account_alone_does_not_list_it(carry: Carry) -> None:
    answers = signal.native(SignalState())
    unknown = '{"jsonrpc":"2.0","error":{"code":-32601,"message":"no"},"id":"listAccounts"}'

    def answer(received: Received, line: Line) -> None:
        (reply(200, unknown) if b"listAccounts" in received.body else answers)(received, line)

    with HttpProvider(answer) as provider:
        report = await carry.inspect("signal", {"url": provider.url}, {})
    assert report.condition is Condition.READY
    assert report.facts == (("Server", "native, 0.14.6"),)


@pytest.mark.parametrize(
    ("server", "name", "pointer"),
    [
        (
            SERVERS[1],
            "bbernhard-signal-cli-rest-api-swagger.json",
            "#/definitions/api.SendMessageV2",
        ),
        (
            SERVERS[3],
            "python-signal-cli-rest-api-openapi.json",
            "#/paths/~1v2~1send/post/requestBody/content/application~1json/schema",
        ),
    ],
    ids=["bbernhard", "python"],
)
async def test_what_is_sent_fits_the_published_description(
    carry: Carry, server: SignalServer, name: str, pointer: str
) -> None:
    description = published(name)
    with HttpProvider(server.make(SignalState())) as provider:
        await _send(carry, provider.url)
    assert_fits(description, pointer, json.loads(provider.received[-1].body))
