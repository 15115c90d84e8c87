# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Mail servers that break off, say nothing, or never stop: still an outcome in time."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.mail_server import MailServer, Protection
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS, Catalogue, with_mail_servers
from smsotpd.gateways.sender import GatewaySender
from tests.fakes.mail_server import Script, Then, scripted

_TALK: Script = (
    ("", b"220 mail.example\r\n"),
    ("ehlo", b"250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE\r\n"),
    ("mail", b"250 OK\r\n"),
    ("rcpt", b"250 OK\r\n"),
    ("data", b"354 go on\r\n"),
    (".", b"250 OK\r\n"),
)
_STAGES = range(len(_TALK))


async def _send(port: int, deadline: float = 10.0, **changes: Any) -> Outcome:
    server = replace(
        MailServer("office", "127.0.0.1", "otp@host.example", port, Protection.NONE), **changes
    )
    catalogue = Catalogue(
        GatewaySender,
        allow_outbox=False,
        gateways=with_mail_servers(GATEWAYS, {"office": server}),
    )
    settings = {"SMTPIDENTIFIER": "office", "MAILTO": "{phone}@sms.example"}
    sender = catalogue.sender(GatewayDefinition("tested", "smtp", settings))
    outcome = await sender.send(Message(parse_phone("+491701234567"), "Code 013579"), deadline)
    assert "1701234567" not in repr(outcome)
    assert "013579" not in repr(outcome)
    return outcome


async def _silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.wait_for(writer.wait_closed(), 20)


def _drip(drop: bytes, seconds: float = 0.05) -> Then:
    async def drip(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(seconds)

    return drip


async def test_the_script_itself_is_a_good_server() -> None:
    async with scripted(_TALK) as port:
        assert await _send(port) == Accepted()


@pytest.mark.parametrize("stage", _STAGES)
async def test_a_server_that_hangs_up_took_nothing_before_the_data(stage: int) -> None:
    async with scripted([*_TALK[:stage], (_TALK[stage][0], b"")]) as port:
        outcome = await _send(port)
    assert isinstance(outcome, Unknown if stage >= 4 else Deferred)


@pytest.mark.parametrize("stage", _STAGES)
@pytest.mark.parametrize("drop", [b"2", b"250-on and on\r\n"], ids=["half a line", "lines"])
async def test_a_server_that_never_finishes_its_reply_ends_at_the_deadline(
    stage: int, drop: bytes
) -> None:
    began = time.monotonic()
    async with scripted([*_TALK[:stage], (_TALK[stage][0], b"")], _drip(drop)) as port:
        outcome = await _send(port, 0.6)
    assert isinstance(outcome, Unknown if stage >= 4 else Deferred)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("stage", _STAGES)
async def test_a_reply_without_end_is_not_kept_in_memory(stage: int) -> None:
    flood = (_TALK[stage][0], b"250-x\r\n" * 30_000)
    async with scripted([*_TALK[:stage], flood]) as port:
        outcome = await _send(port)
    assert isinstance(outcome, Unknown if stage >= 4 else Deferred)


@pytest.mark.parametrize("stage", _STAGES)
@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"\xff\xfe\x00\n", b"-1\r\n", b"250" * 9000 + b"\r\n"]
)
async def test_what_is_no_smtp_is_not_taken_for_success(stage: int, answer: bytes) -> None:
    async with scripted([*_TALK[:stage], (_TALK[stage][0], answer)]) as port:
        outcome = await _send(port)
    assert isinstance(outcome, Unknown | Deferred | Rejected)
    assert stage < 4 or not isinstance(outcome, Rejected)


async def test_half_a_line_of_success_is_none() -> None:
    async with scripted([*_TALK[:5], (".", b"250 OK")]) as port:
        assert isinstance(await _send(port), Unknown)


async def test_a_server_that_is_not_there_is_temporary() -> None:
    async with scripted(_TALK) as port:
        pass
    outcome = await _send(port)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY


async def test_a_host_that_has_no_address_is_temporary() -> None:
    outcome = await _send(25, host="mail.invalid")
    assert isinstance(outcome, Deferred)


@pytest.mark.parametrize("answer", [b"554 no\r\n", b"421 later\r\n"])
async def test_a_server_that_refuses_at_once_is_believed(answer: bytes) -> None:
    async with scripted([("", answer)]) as port:
        outcome = await _send(port)
    assert isinstance(outcome, Rejected if answer.startswith(b"5") else Deferred)


@pytest.mark.parametrize(
    ("answer", "kind", "error_class"),
    [
        (b"454 later\r\n", Deferred, ErrorClass.TEMPORARY),
        (b"534 too weak\r\n", Rejected, ErrorClass.AUTH),
        (b"535 wrong\r\n", Rejected, ErrorClass.AUTH),
        (b"538 encrypt\r\n", Rejected, ErrorClass.AUTH),
        (b"500 what\r\n", Rejected, ErrorClass.AUTH),
        (b"334 \r\n", Deferred, ErrorClass.TEMPORARY),
    ],
)
async def test_a_login_that_is_refused_has_its_class(
    answer: bytes, kind: type[Rejected | Deferred], error_class: ErrorClass
) -> None:
    async with scripted([*_TALK[:2], ("AUTH", answer)]) as port:
        outcome = await _send(port, user="otp", password=Secret("hush"))
    assert isinstance(outcome, kind)
    assert outcome.error_class is error_class


async def test_the_servers_own_timeout_holds() -> None:
    began = time.monotonic()
    async with scripted(_TALK[:2], _silence) as port:
        outcome = await _send(port, timeout=0.5)
    assert isinstance(outcome, Deferred)
    assert time.monotonic() - began < 2


async def test_a_server_that_ignores_the_farewell_delays_nothing() -> None:
    began = time.monotonic()
    async with scripted(_TALK, _silence) as port:
        assert await _send(port) == Accepted()
    assert time.monotonic() - began < 2
