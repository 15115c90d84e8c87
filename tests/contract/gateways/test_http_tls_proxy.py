# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""TLS and proxies: who is trusted, and which way a request takes."""

import socket
import threading
from pathlib import Path

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Rejected
from tests.contract.gateways.conftest import Post
from tests.fakes.certificates import Authority
from tests.fakes.forward_proxy import ForwardProxy
from tests.fakes.http_provider import HttpProvider, reply


async def test_a_gateway_with_an_own_authority_is_trusted_by_its_file(
    post: Post, authority: Authority
) -> None:
    with HttpProvider(reply(200), tls=authority.server()) as provider:
        assert await post(provider.url, {"CA_FILE": str(authority.file)}) == Accepted()


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("unknown", "is signed by an unknown authority"),
        ("self-signed", "is self-signed"),
        ("expired", "has expired"),
        ("early", "is not valid yet"),
        ("other address", "is for another host name"),
    ],
)
async def test_a_certificate_that_does_not_verify_is_told_apart_and_nothing_is_sent(
    post: Post, authority: Authority, kind: str, complaint: str
) -> None:
    tls = {
        "unknown": authority.server(),
        "self-signed": authority.self_signed(),
        "expired": authority.server(first_day=-9, last_day=-1),
        "early": authority.server(first_day=3),
        "other address": authority.server("192.0.2.1"),
    }[kind]
    settings = {} if kind == "unknown" else {"CA_FILE": str(authority.file)}
    with HttpProvider(reply(200), tls=tls) as provider:
        outcome = await post(provider.url, settings)
    assert outcome == Deferred(ErrorClass.TEMPORARY, f"TLS: the certificate {complaint}")
    assert provider.received == []


async def test_a_certificate_for_another_host_name_is_refused(
    post: Post, authority: Authority
) -> None:
    tls = authority.server("gateway.example")
    with HttpProvider(reply(200), tls=tls, host="localhost") as provider:
        outcome = await post(provider.url, {"CA_FILE": str(authority.file)})
    assert outcome == Deferred(
        ErrorClass.TEMPORARY, "TLS: the certificate is for another host name"
    )


async def test_only_an_explicit_no_switches_verification_off(
    post: Post, authority: Authority
) -> None:
    with HttpProvider(reply(200), tls=authority.self_signed()) as provider:
        assert await post(provider.url, {"CHECK_SSL": "no"}) == Accepted()
        assert isinstance(await post(provider.url, {"CHECK_SSL": ""}), Deferred)
        for loose in ("No", "NO", "0", "false", "off", "YES", "true", "1"):
            with pytest.raises(BadArgumentError):
                await post(provider.url, {"CHECK_SSL": loose})
    assert len(provider.received) == 1


async def test_authorities_of_the_environment_are_not_trusted(
    post: Post, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.file))
    with HttpProvider(reply(200), tls=authority.server()) as provider:
        assert isinstance(await post(provider.url), Deferred)


async def test_a_server_without_tls_behind_https_is_temporary(post: Post) -> None:
    with HttpProvider(reply(200)) as provider:
        outcome = await post(provider.url.replace("http:", "https:"), {"TIMEOUT": "1"})
    assert isinstance(outcome, Deferred)
    assert provider.received == []


async def test_a_handshake_that_hangs_is_temporary(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        outcome = await post(f"https://127.0.0.1:{port}", {"TIMEOUT": "0.4"})
    assert outcome == Deferred(ErrorClass.TEMPORARY, "no connection to the gateway in time")


async def test_an_authority_file_that_vanished_is_said_so(
    post: Post, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authority.pem"
    file.write_bytes(authority.file.read_bytes())
    monkeypatch.setattr(
        "smsotpd.gateways.catalogue.check_settings", lambda *_: file.unlink(missing_ok=True)
    )
    with HttpProvider(reply(200), tls=authority.server()) as provider:
        outcome = await post(provider.url, {"CA_FILE": str(file)})
    assert outcome == Deferred(
        ErrorClass.TEMPORARY, "the file of certificate authorities cannot be read"
    )


async def test_an_http_proxy_forwards_the_request(post: Post) -> None:
    with HttpProvider(reply(200)) as provider, ForwardProxy() as proxy:
        assert await post(provider.url, {"HTTP_PROXY": f"http://{proxy.address}"}) == Accepted()
    (asked,) = proxy.received
    assert asked.method == "POST"
    assert asked.target.startswith(provider.url)
    assert len(provider.received) == 1


async def test_an_https_url_is_tunnelled_so_that_the_proxy_sees_nothing(
    post: Post, authority: Authority
) -> None:
    with HttpProvider(reply(200), tls=authority.server()) as provider, ForwardProxy() as proxy:
        outcome = await post(
            provider.url,
            {"CA_FILE": str(authority.file), "HTTPS_PROXY": f"http://{proxy.address}"},
        )
    assert outcome == Accepted()
    (asked,) = proxy.received
    assert (asked.method, asked.target) == ("CONNECT", f"127.0.0.1:{provider.port}")
    assert "authorization" not in asked.headers
    assert len(provider.received) == 1


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "PROXY"])
async def test_a_proxy_may_itself_be_reached_by_tls(
    post: Post, authority: Authority, name: str
) -> None:
    with (
        HttpProvider(reply(200), tls=authority.server()) as provider,
        ForwardProxy(tls=authority.server()) as proxy,
    ):
        outcome = await post(
            provider.url, {"CA_FILE": str(authority.file), name: f"https://{proxy.address}"}
        )
    assert outcome == Accepted()
    assert [asked.method for asked in proxy.received] == ["CONNECT"]
    assert len(provider.received) == 1


async def test_a_proxy_whose_certificate_does_not_verify_is_not_used(
    post: Post, authority: Authority
) -> None:
    with (
        HttpProvider(reply(200), tls=authority.server()) as provider,
        ForwardProxy(tls=authority.self_signed()) as proxy,
    ):
        outcome = await post(
            provider.url,
            {"CA_FILE": str(authority.file), "HTTPS_PROXY": f"https://{proxy.address}"},
        )
    assert outcome == Deferred(ErrorClass.TEMPORARY, "TLS: the certificate is self-signed")
    assert proxy.received == []
    assert provider.received == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_credentials_in_the_proxy_url_log_in_to_the_proxy_only(
    post: Post, authority: Authority, scheme: str
) -> None:
    tls = authority.server() if scheme == "https" else None
    settings = {"CA_FILE": str(authority.file)} if tls else {}
    with HttpProvider(reply(200), tls=tls) as provider, ForwardProxy(login="u:p@ss") as proxy:
        name = f"{scheme.upper()}_PROXY"
        for userinfo, expected in (("u:p%40ss@", Accepted), ("u:wrong@", Rejected), ("", Rejected)):
            outcome = await post(
                provider.url, settings, secrets={name: f"http://{userinfo}{proxy.address}"}
            )
            assert isinstance(outcome, expected)
            if isinstance(outcome, Rejected):
                assert outcome.error_class is ErrorClass.AUTH
    (received,) = provider.received
    assert "proxy-authorization" not in received.headers
    assert "authorization" not in received.headers


async def test_the_deprecated_proxy_serves_urls_of_its_own_scheme(post: Post) -> None:
    with HttpProvider(reply(200)) as provider, ForwardProxy() as proxy:
        assert await post(provider.url, {"PROXY": f"http://{proxy.address}"}) == Accepted()
        assert len(proxy.received) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"HTTPS_PROXY": "http://127.0.0.1:1"},
        {"PROXY": "https://127.0.0.1:1"},
        {"PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"},
    ],
)
async def test_a_proxy_that_would_not_be_used_is_refused(
    post: Post, settings: dict[str, str]
) -> None:
    with HttpProvider(reply(200)) as provider:
        with pytest.raises(BadArgumentError, match="is not used for a URL with http://"):
            await post(provider.url, settings)
        assert provider.connections == 0


async def test_proxies_of_the_environment_are_not_used(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpProvider(reply(200)) as provider, ForwardProxy() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        assert await post(provider.url) == Accepted()
        assert proxy.received == []


async def test_a_login_of_the_environment_is_not_used(
    post: Post, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password x\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with HttpProvider(reply(200)) as provider:
        assert await post(provider.url) == Accepted()
    assert "authorization" not in provider.received[0].headers


async def test_a_proxy_that_reaches_nothing_is_temporary(post: Post) -> None:
    with ForwardProxy() as proxy:
        outcome = await post("https://127.0.0.1:1/", {"HTTPS_PROXY": f"http://{proxy.address}"})
    assert outcome == Deferred(
        ErrorClass.TEMPORARY, "the proxy does not reach the gateway (HTTP 502)"
    )


# Given up between CONNECT and handshake, Python's ssl may raise without closing what it wrapped;
# the socket goes with the exception.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
async def test_a_proxy_that_never_connects_is_temporary_at_the_deadline(post: Post) -> None:
    over = threading.Event()

    def trickle(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 Connected\r\nX-Drip: ")
        while not over.wait(0.02):
            client.sendall(b"x")

    with ForwardProxy(on_connect=trickle) as proxy:
        outcome = await post(
            "https://127.0.0.1:1/", {"HTTPS_PROXY": f"http://{proxy.address}"}, deadline=0.5
        )
        over.set()
    assert outcome == Deferred(ErrorClass.TEMPORARY, "no connection to the gateway in time")
