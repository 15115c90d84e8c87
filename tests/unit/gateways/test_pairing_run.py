# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A declared pairing is driven step by step, whatever it does."""

import asyncio

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome
from smsotpd.core.pairing_step import PairingStep, PairingStepKind
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.pairing_run import PairingRun
from smsotpd.gateways.spec import Request, Response
from smsotpd.gateways.spec.pairing import (
    Ask,
    Keep,
    Pairing,
    Pause,
    Show,
    ShowCode,
    Start,
    Work,
    asked,
    replied,
    worked,
)

NOTHING = Secret("")
LINKED = Report(Condition.READY, "linked")
REQUEST = Request("GET", "http://messenger.example/status")
AWAY = Deferred(ErrorClass.TEMPORARY, "no connection")


def ended(run: PairingRun) -> Report | None:
    return run.report


async def perform(request: Request, seconds: float) -> Response | Outcome:
    assert seconds > 0
    return Response(200, {}, request.url)


async def fail(_request: Request, _seconds: float) -> Response | Outcome:
    return AWAY


async def do_work(work: Work, seconds: float) -> Outcome | None:
    assert 0 < seconds <= 5
    work.call(seconds)
    return None


async def fail_to_work(_work: Work, _seconds: float) -> Outcome | None:
    return AWAY


async def test_it_shows_asks_waits_and_keeps() -> None:
    def pairing() -> Pairing:
        yield Show("Hello.")
        name = yield from asked(Ask("Name", ("a", "b")))
        yield Keep("name", Secret(name))
        yield ShowCode("Pairing code", "ABCD-1234")
        yield Pause(2.5)
        reply = yield from replied(REQUEST)
        yield ShowCode("Scan", reply.text, is_qr=True)
        yield from asked(Ask("Password", is_secret=True))
        return LINKED

    run = PairingRun(pairing(), perform, do_work)
    assert await run.advance(NOTHING, 5) == (
        PairingStep(PairingStepKind.INFO, "Hello."),
        PairingStep(PairingStepKind.ASK, "Name", "a\nb"),
    )
    assert await run.advance(Secret("b"), 5) == (
        PairingStep(PairingStepKind.CODE, "Pairing code", "ABCD-1234"),
        PairingStep(PairingStepKind.WAIT, "", "2.5"),
    )
    assert await run.advance(NOTHING, 5) == (
        PairingStep(PairingStepKind.QR, "Scan", REQUEST.url),
        PairingStep(PairingStepKind.ASK_SECRET, "Password"),
    )
    assert ended(run) is None
    assert await run.advance(Secret("hush"), 5) == ()
    assert ended(run) == LINKED
    assert run.kept == {"name": Secret("b")}


async def test_work_is_done_and_its_result_returned() -> None:
    def pairing() -> Pairing:
        doubled = yield from worked(lambda seconds: f"{seconds > 0}" * 2)
        yield Keep("doubled", Secret(doubled))
        return LINKED

    run = PairingRun(pairing(), perform, do_work)
    assert await run.advance(NOTHING, 5) == ()
    assert ended(run) == LINKED
    assert run.kept == {"doubled": Secret("TrueTrue")}


async def test_work_that_fails_ends_it() -> None:
    def pairing() -> Pairing:
        yield from worked(lambda _seconds: None)
        return LINKED

    run = PairingRun(pairing(), perform, fail_to_work)
    assert await run.advance(NOTHING, 5) == ()
    assert run.report == Report(Condition.DOWN, "no connection")


async def test_a_server_that_does_not_answer_ends_it() -> None:
    def pairing() -> Pairing:
        yield from replied(REQUEST)
        return LINKED

    run = PairingRun(pairing(), fail, do_work)
    assert await run.advance(NOTHING, 5) == ()
    assert run.report == Report(Condition.DOWN, "no connection")


async def test_a_mistake_in_a_declaration_ends_it_without_a_traceback() -> None:
    def pairing() -> Pairing:
        yield Show("one")
        raise KeyError("secret")

    run = PairingRun(pairing(), perform, do_work)
    assert len(await run.advance(NOTHING, 5)) == 1
    assert run.report == Report(Condition.DOWN, "the pairing failed: KeyError")


async def test_one_that_never_ends_is_ended() -> None:
    def pairing() -> Pairing:
        while True:
            yield Show("again")

    run = PairingRun(pairing(), perform, do_work)
    await run.advance(NOTHING, 5)
    assert run.report == Report(Condition.DOWN, "the pairing does not end")


async def test_one_that_is_given_up_is_closed() -> None:
    closed: list[bool] = []

    def pairing() -> Pairing:
        try:
            yield Pause(1)
        finally:
            closed.append(True)
        return LINKED

    run = PairingRun(pairing(), perform, do_work)
    await run.advance(NOTHING, 5)
    run.close()
    assert closed == [True]
    assert run.report is None


class Scan:
    """A request that is answered when the phone has scanned something, which it never does."""

    def __init__(self) -> None:
        self.state = ""

    async def perform(self, request: Request, seconds: float) -> Response | Outcome:
        if request is REQUEST:
            return Response(200)
        assert seconds == request.timeout
        self.state = "awaited"
        try:
            await asyncio.Event().wait()
        finally:
            self.state = "given up"
        raise AssertionError


def scanning() -> Pairing:
    yield Start(Request("POST", "http://messenger.example/scan", timeout=180))
    yield ShowCode("Scan", "sgnl://x", is_qr=True)
    yield Pause(3)
    yield from replied(REQUEST)
    return LINKED


async def test_what_is_started_holds_up_nothing_and_ends_with_the_pairing() -> None:
    scan = Scan()
    run = PairingRun(scanning(), scan.perform, do_work)
    assert len(await run.advance(NOTHING, 5)) == 2
    await asyncio.sleep(0)
    assert scan.state == "awaited"
    assert await run.advance(NOTHING, 5) == ()
    assert run.report == LINKED
    await asyncio.sleep(0)
    assert scan.state == "given up"


async def test_what_is_started_ends_when_the_pairing_is_given_up() -> None:
    scan = Scan()
    run = PairingRun(scanning(), scan.perform, do_work)
    await run.advance(NOTHING, 5)
    await asyncio.sleep(0)
    run.close()
    await asyncio.sleep(0)
    assert scan.state == "given up"
