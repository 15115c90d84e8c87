# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The first gateway fails in every way there is: the login goes on by the second, in time."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from ssl import SSLContext

import pytest

from tests.bus.client import Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.fakes.certificates import Authority
from tests.fakes.http_provider import HttpProvider, close, drip, flood, hang, raw, reply, reset
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
# As shipped: all gateways together have 15 seconds.
DEADLINE = 15.0
SETTINGS = {"option.to": "{phone}", "option.text": "{otp}", "TIMEOUT": "2"}

Broken = Callable[[ExitStack, Path], str]


def answering(answer: Callable[..., None]) -> Broken:
    """Return a provider that answers in such a way."""
    return lambda stack, _path: stack.enter_context(HttpProvider(answer)).url


def with_certificate(of: Callable[[Authority], SSLContext]) -> Broken:
    """Return a provider that shows such a certificate."""

    def serve(stack: ExitStack, path: Path) -> str:
        context = of(Authority(path))
        return stack.enter_context(HttpProvider(reply(200), context)).url

    return serve


BROKEN: dict[str, Broken] = {
    "hangs": answering(hang),
    "drips": answering(drip(b"HTTP/1.1 20", b"0", 0.3)),
    "fails": answering(reply(500, "no")),
    "is overloaded": answering(reply(503, "later")),
    "closes": answering(close),
    "resets": answering(reset),
    "speaks no HTTP": answering(raw(b"\x00\x01\x02SSH-2.0-x\r\n\r\n")),
    "redirects": answering(reply(302, "", Location="http://127.0.0.1:1/")),
    "floods": answering(flood(b"HTTP/1.1 500 No\r\n\r\n", 1 << 26)),
    "has no name": lambda _stack, _path: "http://nothing.invalid/",
    "has its port closed": lambda _stack, _path: "http://127.0.0.1:9/",
    "shows a stranger's certificate": with_certificate(Authority.self_signed),
    "shows an expired certificate": with_certificate(
        lambda authority: authority.server(first_day=-9, last_day=-2)
    ),
}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("how", BROKEN)
async def test_the_second_gateway_carries_the_code(
    root: Client, daemon: Daemon, tried: Tried, tmp_path: Path, stack: ExitStack, how: str
) -> None:
    tried()
    (tmp_path / "authority").mkdir()
    url = BROKEN[how](stack, tmp_path / "authority")
    await root.configure("broken", "http", {"URL": url, **SETTINGS})
    file = daemon.configuration / "smsotpd.toml"
    file.write_text(
        file.read_text().replace("[gateways]", '[gateways]\norder = ["broken", "outbox"]')
    )
    daemon.reload()

    begun = time.monotonic()
    name, _ = await root.begin("alice")
    steps = await root.respond(name, PIN)
    assert steps[-1][0] == "hidden", steps
    assert time.monotonic() - begun < DEADLINE
    assert await root.respond(name, daemon.code()) == GRANTED


@pytest.mark.parametrize("how", ["fails", "has no name", "has its port closed"])
async def test_without_a_second_one_the_login_ends_in_time_and_in_words(
    root: Client, daemon: Daemon, tried: Tried, tmp_path: Path, stack: ExitStack, how: str
) -> None:
    tried()
    url = BROKEN[how](stack, tmp_path)
    await root.configure("broken", "http", {"URL": url, **SETTINGS})
    file = daemon.configuration / "smsotpd.toml"
    file.write_text(file.read_text().replace("[gateways]", '[gateways]\norder = ["broken"]'))
    daemon.reload()

    begun = time.monotonic()
    name, _ = await root.begin("alice", "login")
    steps = await root.respond(name, PIN)
    assert time.monotonic() - begun < DEADLINE
    assert steps[-1] == ["outcome", "PAM_AUTHINFO_UNAVAIL"]
    assert steps[0][0] == "error"
    assert daemon.messages() == []
