# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""However slow or endless a provider is, a message has its outcome within the deadline."""

import asyncio
import socket
import time

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.lane import AT_ONCE, WAITING
from smsotpd.gateways.sender import GatewaySender
from tests.contract.gateways.conftest import NUMBER, Post
from tests.fakes.http_provider import (
    Answer,
    HttpProvider,
    close,
    drip,
    flood,
    hang,
    reply,
    reset,
    wait_until,
)

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"

_ENDLESS = {
    "silence": hang,
    "status line": drip(b"", b"H"),
    "headers": drip(_OK, b"X-Drip: 1\r\n", 0.1),
    "one header": drip(_OK + b"X-Drip: ", b"x"),
    "continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": drip(_OK + b"\r\n", b"x"),
    "body of a length": drip(_OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "chunks": drip(_CHUNKED, b"1\r\nx\r\n"),
    "length of a chunk": drip(_CHUNKED, b"0"),
}


@pytest.mark.parametrize("answer", _ENDLESS.values(), ids=_ENDLESS.keys())
async def test_an_endless_reply_is_ambiguous_and_ends_at_the_deadline(
    post: Post, answer: Answer
) -> None:
    with HttpProvider(answer) as provider:
        began = time.monotonic()
        outcome = await post(provider.url, {"RETURN_SUCCESS": "ID"}, deadline=0.6)
        seconds = time.monotonic() - began
    assert isinstance(outcome, Unknown)
    assert 0.5 < seconds < 1.5


async def test_the_gateways_own_timeout_holds_for_the_whole_exchange(post: Post) -> None:
    with HttpProvider(drip(_OK + b"\r\n", b"x")) as provider:
        began = time.monotonic()
        outcome = await post(provider.url, {"RETURN_SUCCESS": "ID", "TIMEOUT": "0.5"})
        seconds = time.monotonic() - began
    assert isinstance(outcome, Unknown)
    assert 0.4 < seconds < 1.5


async def test_a_status_of_success_suffices_where_no_text_is_asked_for(post: Post) -> None:
    with HttpProvider(drip(_OK + b"\r\n", b"x")) as provider:
        assert await post(provider.url, deadline=0.5) == Accepted()


async def test_a_status_of_failure_tells_its_class_though_the_body_never_ends(post: Post) -> None:
    with HttpProvider(drip(b"HTTP/1.1 401 No\r\n\r\n", b"x")) as provider:
        outcome = await post(provider.url, deadline=0.5)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH


@pytest.mark.parametrize(
    "head",
    [_OK + b"\r\n", _OK + b"Content-Length: 1073741824\r\n\r\n", b"HTTP/1.1 302 Go\r\n\r\n"],
    ids=["until close", "with length", "redirect"],
)
async def test_a_reply_of_a_gigabyte_is_read_to_the_limit_only(post: Post, head: bytes) -> None:
    with HttpProvider(flood(head, 1 << 30)) as provider:
        outcome = await post(provider.url, {"RETURN_SUCCESS": "ID"})
        # What is beyond the limit sits in the buffers of two sockets.
        assert provider.bytes_sent < 16 << 20
    assert isinstance(outcome, Rejected if b"302" in head else Unknown)


async def test_a_text_within_the_limit_counts_though_the_rest_is_not_read(post: Post) -> None:
    with HttpProvider(flood(_OK + b"\r\nID: 1 ", 1 << 30)) as provider:
        assert await post(provider.url, {"RETURN_SUCCESS": "ID"}) == Accepted()


async def test_a_text_of_failure_beyond_the_limit_is_not_taken_for_success(post: Post) -> None:
    with HttpProvider(flood(_OK + b"\r\n", 1 << 30)) as provider:
        assert isinstance(await post(provider.url, {"RETURN_FAIL": "ERR"}), Unknown)


@pytest.mark.parametrize("answer", [close, reset], ids=["closed", "reset"])
async def test_a_connection_that_breaks_after_the_request_is_ambiguous(
    post: Post, answer: Answer
) -> None:
    with HttpProvider(answer) as provider:
        outcome = await post(provider.url)
    assert isinstance(outcome, Unknown)


async def test_nothing_is_sent_twice_when_a_connection_breaks(post: Post) -> None:
    with HttpProvider(close) as provider:
        await post(provider.url, {"HTTP_METHOD": "GET"})
        assert provider.connections == 1


async def test_a_refused_connection_is_temporary(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = await post(f"http://127.0.0.1:{port}")
    assert outcome == Deferred(
        ErrorClass.TEMPORARY, "the gateway or its proxy refuses the connection"
    )


async def test_a_host_that_does_not_exist_is_temporary(post: Post) -> None:
    outcome = await post("http://gateway.invalid/", deadline=3)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY


async def test_a_gateway_that_does_not_even_accept_connections_is_temporary(post: Post) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with socket.socket() as first, socket.socket() as second:
            for each in (first, second):
                each.settimeout(0)
                each.connect_ex(("127.0.0.1", port))
            outcome = await post(f"http://127.0.0.1:{port}", {"TIMEOUT": "0.4"})
    assert outcome == Deferred(ErrorClass.TEMPORARY, "no connection to the gateway in time")


async def test_after_the_outcome_was_told_nothing_more_goes_out() -> None:
    """A name look-up that ends late must not send a message that was reported as not sent."""
    with HttpProvider(reply(200)) as provider:
        release = asyncio.Event()
        loop = asyncio.get_running_loop()
        genuine = socket.getaddrinfo

        def slow(*args: object, **kwargs: object) -> object:
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
            return genuine(*args, **kwargs)  # type: ignore[arg-type]  # passed through as they came

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", slow)
            outcome = await _sender(provider.url).send(_message(), 0.3)
            release.set()
            await asyncio.to_thread(wait_until, lambda: provider.connections == 1)
        await asyncio.sleep(0.2)
        assert isinstance(outcome, Deferred)
        assert provider.received == []


async def test_a_cancelled_login_ends_its_exchange_at_once() -> None:
    with HttpProvider(hang) as provider:
        sending = asyncio.create_task(_sender(provider.url).send(_message(), 10))
        assert await asyncio.to_thread(wait_until, lambda: len(provider.received) == 1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_a_hanging_gateway_starves_only_itself() -> None:
    with HttpProvider(hang) as hanging, HttpProvider(reply(200)) as other:
        stuck = _sender(hanging.url, "stuck")
        deadlines = [1.0] * AT_ONCE + [0.6] * (WAITING + 10)
        sendings = [asyncio.create_task(stuck.send(_message(), each)) for each in deadlines]
        assert await asyncio.to_thread(wait_until, lambda: len(hanging.received) == AT_ONCE)
        began = time.monotonic()
        assert await _sender(other.url, "other").send(_message(), 1.0) == Accepted()
        assert time.monotonic() - began < 0.5
        outcomes: list[Outcome] = await asyncio.gather(*sendings)
    busy = [each for each in outcomes if "too many messages" in getattr(each, "detail", "")]
    unsent = [each for each in outcomes if isinstance(each, Deferred) and each not in busy]
    assert len(busy) == 10
    assert len(unsent) == WAITING
    assert sum(isinstance(each, Unknown) for each in outcomes) == AT_ONCE
    assert len(hanging.received) == AT_ONCE


async def test_a_gateway_that_hung_carries_messages_again() -> None:
    with HttpProvider(hang) as provider:
        sender = _sender(provider.url)
        await asyncio.gather(*(sender.send(_message(), 0.3) for _ in range(8)))
        provider.answer = reply(200)
        assert await sender.send(_message(), 2.0) == Accepted()


def _sender(url: str, name: str = "tested") -> GatewaySender:
    catalogue = Catalogue(GatewaySender, allow_outbox=False)
    definition = GatewayDefinition(name, "http", {"URL": url, "TIMEOUT": "9", "text": "{otp}"})
    catalogue.check(definition)
    sender = catalogue.sender(definition)
    assert isinstance(sender, GatewaySender)
    return sender


def _message() -> Message:
    return Message(parse_phone(NUMBER), "013579")
