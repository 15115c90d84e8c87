# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the HTTP gateway makes of a provider's replies, over a real connection."""

import gzip

import pytest

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Rejected, Unknown
from tests.contract.gateways.conftest import NUMBER, PASSWORD, TEXT, Post
from tests.fakes.http_provider import HttpProvider, Received, StrictGateway, raw, reply

_SETTINGS = {
    "user": "anton",
    "api_id": "3312",
    "USERNAME": "shop",
    "REGEXP": r"/^\+//",
    "RETURN_SUCCESS": "ID:",
}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_strict_gateway_takes_the_message(post: Post, method: str) -> None:
    gateway = StrictGateway("anton", PASSWORD, "3312", basic=("shop", "hush"))
    with HttpProvider(gateway) as provider:
        outcome = await post(
            f"{provider.url}/http/sendmsg",
            {**_SETTINGS, "HTTP_METHOD": method},
            secrets={"PASSWORD": "hush"},
        )
    assert outcome == Accepted()
    (received,) = provider.received
    assert (received.method, received.path) == (method, "/http/sendmsg")
    pairs = received.query if method == "GET" else received.form
    assert dict(pairs)["text"] == TEXT
    assert dict(pairs)["to"] == NUMBER[1:]


@pytest.mark.parametrize(
    ("settings", "secrets", "path"),
    [
        ({}, {}, "/http/other"),
        ({}, {"option.password": "wrong"}, "/http/sendmsg"),
        ({}, {"PASSWORD": "wrong"}, "/http/sendmsg"),
        ({"api_id": "1"}, {}, "/http/sendmsg"),
        ({"REGEXP": ""}, {}, "/http/sendmsg"),
        ({"more": "1"}, {}, "/http/sendmsg"),
        ({"SEND_DATA_AS_JSON": "yes"}, {}, "/http/sendmsg"),
    ],
    ids=["path", "password", "basic", "api id", "number", "field", "json"],
)
async def test_a_refusal_under_http_200_is_seen(
    post: Post, settings: dict[str, str], secrets: dict[str, str], path: str
) -> None:
    gateway = StrictGateway("anton", PASSWORD, "3312", basic=("shop", "hush"))
    with HttpProvider(gateway) as provider:
        outcome = await post(
            f"{provider.url}{path}",
            {**_SETTINGS, **settings},
            secrets={"PASSWORD": "hush", **secrets},
        )
    assert outcome == Rejected(ErrorClass.REJECTED, "the reply lacks the text of RETURN_SUCCESS")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Accepted),
        (201, Accepted),
        (202, Accepted),
        (203, (Rejected, ErrorClass.REJECTED)),
        (204, (Rejected, ErrorClass.REJECTED)),
        (206, (Rejected, ErrorClass.REJECTED)),
        (400, (Rejected, ErrorClass.REJECTED)),
        (401, (Rejected, ErrorClass.AUTH)),
        (402, (Rejected, ErrorClass.CREDIT)),
        (403, (Rejected, ErrorClass.AUTH)),
        (404, (Rejected, ErrorClass.REJECTED)),
        (407, (Rejected, ErrorClass.AUTH)),
        (408, (Deferred, ErrorClass.TEMPORARY)),
        (429, (Deferred, ErrorClass.RATE)),
        (500, (Deferred, ErrorClass.TEMPORARY)),
        (502, (Deferred, ErrorClass.TEMPORARY)),
        (503, (Deferred, ErrorClass.TEMPORARY)),
        (599, (Deferred, ErrorClass.TEMPORARY)),
        (999, (Rejected, ErrorClass.REJECTED)),
    ],
)
async def test_the_status_decides_before_the_text(
    post: Post, status: int, expected: object
) -> None:
    with HttpProvider(reply(status, "" if status == 204 else "all is well")) as provider:
        outcome = await post(provider.url, {"RETURN_SUCCESS": "well"})
    seen: object = (
        Accepted if outcome == Accepted() else (type(outcome), getattr(outcome, "error_class", ""))
    )
    assert seen == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "17"}, 17.0),
        ({"Retry_After": "99999999999"}, 86400.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-3"}, None),
        ({}, None),
        (
            {
                "Date": "Sat, 21 Nov 2026 22:00:00 GMT",
                "Retry_After": "Sat, 21 Nov 2026 22:01:30 GMT",
            },
            90.0,
        ),
        (
            {
                "Date": "Sat, 21 Nov 2026 22:00:00 GMT",
                "Retry_After": "Sat, 21 Nov 2020 22:01:30 GMT",
            },
            0.0,
        ),
        ({"Retry_After": "Sat, 21 Nov 2026 22:01:30 GMT"}, None),
    ],
)
async def test_the_wait_that_a_provider_asks_for_is_told(
    post: Post, headers: dict[str, str], seconds: float | None
) -> None:
    with HttpProvider(reply(429, "slowly", **headers)) as provider:
        outcome = await post(provider.url)
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after == seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_never_followed(post: Post, status: int) -> None:
    with (
        HttpProvider(reply(200, "ID: 1")) as elsewhere,
        HttpProvider(reply(status, "", Location=f"{elsewhere.url}/login")) as provider,
    ):
        outcome = await post(provider.url)
    assert isinstance(outcome, Rejected)
    assert "redirect" in outcome.detail
    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Nachricht übergeben".encode(), "text/plain"),
        ("Nachricht übergeben".encode(), ""),
        ("Nachricht übergeben".encode(), "text/plain; charset=utf-8"),
        ("Nachricht übergeben".encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        ("Nachricht übergeben".encode("latin-1"), "text/plain"),
        ("Nachricht übergeben".encode("cp1252"), 'text/html; charset="windows-1252"'),
        ("Nachricht übergeben".encode("utf-16"), "text/plain; charset=utf-16"),
        ("\ufeffNachricht übergeben".encode(), "text/plain"),
        ("Nachricht übergeben".encode(), "text/plain; charset=idna"),
        ("Nachricht übergeben".encode(), "text/plain; charset=nonsense"),
        ("Nachricht übergeben".encode(), "text/plain; charset=\x01"),
        ("Nachricht übergeben".encode("latin-1"), "text/plain; charset=utf-8"),
    ],
)
async def test_the_text_of_success_is_found_whatever_its_charset(
    post: Post, body: bytes, content_type: str
) -> None:
    with HttpProvider(reply(200, body, Content_Type=content_type)) as provider:
        outcome = await post(provider.url, {"RETURN_SUCCESS": "übergeben"})
    assert outcome == Accepted()


async def test_a_compressed_reply_is_read_though_none_was_asked_for(post: Post) -> None:
    body = gzip.compress(b"ID: 1")
    with HttpProvider(reply(200, body, Content_Encoding="gzip")) as provider:
        outcome = await post(provider.url, {"RETURN_SUCCESS": "ID"})
    assert outcome == Accepted()
    assert provider.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("body", [gzip.compress(b"\0" * 50_000_000), b"no gzip at all"])
async def test_a_compressed_reply_that_cannot_be_read_whole_is_ambiguous(
    post: Post, body: bytes
) -> None:
    with HttpProvider(reply(200, body, Content_Encoding="gzip")) as provider:
        outcome = await post(provider.url, {"RETURN_SUCCESS": "ID"})
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\xff\x80garbage" * 50,
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999999999999999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 200_000,
        b"HTTP/1.1 200 OK\r\n no colon and a fold\r\n\x00: 1\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly a part",
        b"HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe\r\n\r\n\xff\xfe\x00",
        b"",
    ],
    ids=lambda answer: repr(answer[:40]) + str(len(answer)),
)
async def test_garbage_never_counts_as_sent(post: Post, answer: bytes) -> None:
    with HttpProvider(raw(answer)) as provider:
        outcome = await post(provider.url, {"RETURN_SUCCESS": "ID"})
    assert isinstance(outcome, Unknown | Rejected)
    assert len(provider.received) == 1


async def test_the_reply_is_never_part_of_the_outcome(post: Post) -> None:
    def echo(received: Received, line: object) -> None:
        reply(200, received.body)(received, line)  # type: ignore[arg-type]  # a Line it is

    with HttpProvider(echo) as provider:
        assert isinstance(await post(provider.url, {"RETURN_SUCCESS": "never"}), Rejected)
        assert isinstance(await post(provider.url, {"RETURN_FAIL": "text="}), Rejected)
