# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Pairing the Signal gateway with an account, against strict simulators of the servers."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.pairing_step import PairingStepKind
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.signal import GATEWAY
from smsotpd.gateways.sender import GatewaySender
from tests.fakes.administrator import Administrator
from tests.fakes.http_provider import Answer, HttpProvider, Line, Received, reply
from tests.fakes.providers import signal
from tests.fakes.providers.signal import ACCOUNT, OTHER_ACCOUNT, SignalState
from tests.fakes.providers.strict import json_reply

_LINKING = pytest.mark.parametrize(
    "make", [signal.native, signal.bbernhard], ids=["native", "rest"]
)


def _pair(answers: Answer, *typed: str) -> tuple[Administrator, Report]:
    with HttpProvider(answers) as provider:
        administrator = Administrator(GATEWAY, {"url": provider.url}, answers=list(typed))
        return administrator, administrator.pair()


@_LINKING
def test_a_server_without_an_account_shows_a_code_to_scan(make: signal.Make) -> None:
    state = SignalState(accounts=[])
    answers = make(state)
    administrator, report = _pair(answers)
    assert answers.violations == []
    assert [(each.content, each.is_qr) for each in administrator.codes] == [(signal.LINK, True)]
    assert administrator.kept == {"account": OTHER_ACCOUNT}
    assert report.condition is Condition.READY
    assert state.links == 1


def test_a_code_is_asked_for_once_while_the_phone_is_awaited() -> None:
    state = SignalState(accounts=[], looks_until_linked=20)
    administrator, _ = _pair(signal.bbernhard(state))
    assert state.links == 1
    assert administrator.pauses == 20
    assert len(administrator.codes) == 1


def test_awaiting_the_phone_ends() -> None:
    administrator, report = _pair(signal.bbernhard(SignalState([], looks_until_linked=10_000)))
    assert administrator.pauses == 60
    assert administrator.kept == {}
    assert report.condition is Condition.DOWN


@_LINKING
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ACCOUNT),
        ("1", ACCOUNT),
        ("1. ••• ••78", ACCOUNT),
        ("2", "+4915112345677"),
        ("2. ••• ••77", "+4915112345677"),
    ],
)
def test_an_account_that_is_there_may_be_chosen(make: signal.Make, typed: str, kept: str) -> None:
    state = SignalState(accounts=[ACCOUNT, "+4915112345677"])
    administrator, report = _pair(make(state), typed)
    assert administrator.kept == {"account": kept}
    [question] = administrator.questions
    assert question.choices == ("1. ••• ••78", "2. ••• ••77", "3. link another phone")
    assert report.condition is Condition.READY
    assert state.links == 0


@_LINKING
@pytest.mark.parametrize("typed", ["0", "4", "+4915112345678", "-1", "²"])
def test_what_is_no_choice_is_asked_again(make: signal.Make, typed: str) -> None:
    state = SignalState(accounts=[ACCOUNT, "+4915112345677"])
    administrator, _ = _pair(make(state), typed, "2")
    assert administrator.kept == {"account": "+4915112345677"}
    assert len(administrator.sentences) == 1


@_LINKING
def test_another_phone_may_be_linked_beside_an_account(make: signal.Make) -> None:
    state = SignalState()
    administrator, _ = _pair(make(state), "2. link another phone")
    assert state.links == 1
    assert administrator.kept == {"account": OTHER_ACCOUNT}


def test_a_server_that_links_none_says_so() -> None:
    administrator, report = _pair(signal.python(SignalState()))
    assert len(administrator.sentences) == 1
    assert administrator.codes == []
    assert administrator.kept == {}
    assert report.condition is Condition.READY


@pytest.mark.parametrize("typed", [(), ("2",)], ids=["none", "another"])
@pytest.mark.parametrize(
    "link",
    ["", "https://evil.example/", "sgnl://linkdevice?\x1b[2J", "sgnl:" + "x" * 5000, None, 7],
)
def test_what_is_no_link_is_not_shown(link: object, typed: Sequence[str]) -> None:
    answers = signal.bbernhard(SignalState(accounts=[ACCOUNT] if typed else []))

    def answer(received: Received, line: Line) -> None:
        if received.path == "/v1/qrcodelink/raw":
            body = json_reply({"device_link_uri": link}).body
            reply(200, body)(received, line)
        else:
            answers(received, line)

    administrator, report = _pair(answer, *typed)
    assert administrator.codes == []
    assert administrator.kept == {}
    assert report.condition is Condition.DOWN


def test_signal_cli_that_makes_no_link_shows_none() -> None:
    answers = signal.native(SignalState(accounts=[]))
    unreachable = '{"jsonrpc":"2.0","error":{"code":-3,"message":"no"},"id":"startLink"}'

    def answer(received: Received, line: Line) -> None:
        (reply(200, unreachable) if b"startLink" in received.body else answers)(received, line)

    administrator, report = _pair(answer)
    assert administrator.codes == []
    assert report.condition is Condition.DOWN


def test_a_server_that_is_none_is_not_paired() -> None:
    administrator, report = _pair(reply(404))
    assert report.condition is Condition.DOWN
    assert administrator.codes == []


@dataclass
class Phone:
    """signal-cli that answers `finishLink` only when the phone has scanned the code."""

    answers: Answer
    scanned: threading.Event = field(default_factory=threading.Event)

    def __call__(self, received: Received, line: Line) -> None:
        if b"finishLink" in received.body:
            self.scanned.wait(10)
        self.answers(received, line)


@pytest.mark.parametrize("scans", ["yes", ""], ids=["scanned", "given up"])
async def test_the_code_is_shown_while_signal_cli_waits_for_the_phone(scans: str) -> None:
    phone = Phone(signal.native(SignalState(accounts=[])))
    with HttpProvider(phone) as provider:
        definition = GatewayDefinition("g", "signal", {"url": provider.url})
        run = GatewaySender(GATEWAY, definition).pair()
        steps = await run.advance(Secret(""), 10.0)
        assert [each.kind for each in steps] == [PairingStepKind.QR, PairingStepKind.WAIT]
        assert steps[0].content == signal.LINK
        if scans:
            phone.scanned.set()
            async with asyncio.timeout(10):
                while run.report is None:
                    await run.advance(Secret(""), 10.0)
        run.close()
        phone.scanned.set()
    assert dict(run.kept) == ({"account": Secret(OTHER_ACCOUNT)} if scans else {})
