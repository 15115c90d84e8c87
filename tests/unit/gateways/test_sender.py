# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A declaration's mistakes cost one message, never the daemon."""

import threading
from dataclasses import replace

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.exchange import Exchange
from smsotpd.gateways.providers import http, outbox
from smsotpd.gateways.sender import GatewaySender
from smsotpd.gateways.spec import Direct, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.pairing import Pairing, worked
from tests.fakes.http_provider import HttpProvider, reply, wait_until

_HTTP, _OUTBOX = http.GATEWAY, outbox.GATEWAY
_SECRET_TEXT = "Code 012345"
_MESSAGE = Message(parse_phone("+491701234567"), _SECRET_TEXT)


async def _send(gateway: Gateway, url: str = "http://api.example/") -> Outcome:
    definition = GatewayDefinition("tested", gateway.id, {"URL": url, "text": "{otp}"})
    outcome = await GatewaySender(gateway, definition).send(_MESSAGE, 2)
    assert "012345" not in repr(outcome)
    return outcome


def _mistaken(*_: object) -> Request:
    raise ZeroDivisionError(_SECRET_TEXT)


def _http() -> Http:
    assert isinstance(_HTTP.transport, Http)
    return _HTTP.transport


async def test_a_mistake_before_sending_rejects_the_message() -> None:
    outcome = await _send(replace(_HTTP, transport=replace(_http(), request=_mistaken)))
    assert outcome == Rejected(ErrorClass.REJECTED, "the request cannot be made: ZeroDivisionError")


async def test_a_mistake_in_reading_the_reply_leaves_the_message_ambiguous() -> None:
    def outcome(_values: Values, _response: Response) -> Outcome:
        raise KeyError(_SECRET_TEXT)

    with HttpProvider(reply(200, "x")) as provider:
        mistaken = replace(_HTTP, transport=replace(_http(), outcome=outcome))
        assert await _send(mistaken, provider.url) == Unknown("the reply cannot be read: KeyError")


async def test_a_refusal_found_in_a_partial_reply_is_ambiguous() -> None:
    def outcome(_values: Values, _response: Response) -> Outcome:
        return Rejected(ErrorClass.CREDIT, "no credit")

    partial = replace(_HTTP, transport=replace(_http(), outcome=outcome))
    with HttpProvider(reply(200, "x" * 100_000)) as provider:
        assert await _send(partial, provider.url) == Unknown("only a part of the reply arrived")
    with HttpProvider(reply(402, "x" * 100_000)) as provider:
        assert isinstance(await _send(partial, provider.url), Rejected)


async def test_a_number_that_rewriting_leaves_empty_is_rejected() -> None:
    definition = GatewayDefinition(
        "tested", "http", {"URL": "http://a.example", "REGEXP": "/.*//", "text": "{otp}"}
    )
    outcome = await GatewaySender(_HTTP, definition).send(_MESSAGE, 2)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.RECIPIENT


async def test_another_transport_that_hangs_or_fails_is_ambiguous() -> None:
    release = threading.Event()

    def hang(_values: Values, _message: Message, _seconds: float) -> Outcome:
        release.wait(10)
        return Accepted()

    def fail(_values: Values, _message: Message, _seconds: float) -> Outcome:
        raise ZeroDivisionError(_SECRET_TEXT)

    definition = GatewayDefinition("tested", "outbox", {})
    sender = GatewaySender(replace(_OUTBOX, transport=Direct(hang)), definition)
    assert await sender.send(_MESSAGE, 0.1) == Unknown("the gateway did not finish in time")
    release.set()
    assert wait_until(lambda: all(t.name != "gateway tested" for t in threading.enumerate()))
    failing = GatewaySender(replace(_OUTBOX, transport=Direct(fail)), definition)
    assert await failing.send(_MESSAGE, 1) == Unknown("the gateway failed: ZeroDivisionError")


async def test_another_transport_has_an_inspection_of_its_own() -> None:
    def inspect(_values: Values, seconds: float) -> Report:
        assert seconds == 2
        return Report(Condition.READY, "here")

    def fail(_values: Values, _seconds: float) -> Report:
        raise ZeroDivisionError(_SECRET_TEXT)

    definition = GatewayDefinition("tested", "outbox", {})
    reports = []
    for each in (inspect, fail, None):
        direct = Direct(lambda *_: Accepted(), each)
        gateway = replace(_OUTBOX, transport=direct)
        assert gateway.is_inspectable == (each is not None)
        reports.append(await GatewaySender(gateway, definition).inspect(2))
    assert reports == [
        Report(Condition.READY, "here"),
        Report(Condition.DOWN, "the gateway failed: ZeroDivisionError"),
        Report(Condition.UNKNOWN, "this provider offers no way to ask"),
    ]


async def test_the_work_of_a_pairing_is_done_in_the_gateways_lane() -> None:
    threads: list[str] = []

    def work(seconds: float) -> None:
        assert 0 < seconds <= 2
        threads.append(threading.current_thread().name)

    def pairing(_values: Values) -> Pairing:
        yield from worked(work)
        return Report(Condition.READY, "linked")

    definition = GatewayDefinition("tested", "outbox", {})
    run = GatewaySender(replace(_OUTBOX, pairing=pairing), definition).pair()
    await run.advance(Secret(""), 2)
    assert run.report == Report(Condition.READY, "linked")
    assert threads == ["gateway tested"]


async def test_work_of_a_pairing_that_fails_ends_it() -> None:
    def fail(_seconds: float) -> None:
        raise ZeroDivisionError(_SECRET_TEXT)

    def pairing(_values: Values) -> Pairing:
        yield from worked(fail)
        return Report(Condition.READY, "linked")

    definition = GatewayDefinition("tested", "outbox", {})
    run = GatewaySender(replace(_OUTBOX, pairing=pairing), definition).pair()
    await run.advance(Secret(""), 2)
    assert run.report == Report(Condition.DOWN, "the gateway failed: ZeroDivisionError")


async def test_an_exchange_that_fails_beyond_all_expectation_is_ambiguous(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(_exchange: Exchange) -> Outcome:
        raise ZeroDivisionError(_SECRET_TEXT)

    monkeypatch.setattr(Exchange, "perform", explode)
    assert await _send(_HTTP) == Unknown("the exchange failed: ZeroDivisionError")


async def test_when_the_system_gives_no_more_threads_the_gateway_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        outcome = await _send(_HTTP)
    assert "too many messages" in repr(outcome)
    with HttpProvider(reply(200)) as provider:
        assert await _send(_HTTP, provider.url) == Accepted()


async def test_settings_that_make_no_request_are_rejected() -> None:
    outcome = await _send(_HTTP, "http://" + "a" * 80 + ".example/")
    assert outcome == Rejected(ErrorClass.REJECTED, "the settings make no valid HTTP request")
