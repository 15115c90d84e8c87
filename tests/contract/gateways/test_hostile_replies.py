# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every gateway that speaks HTTP against hostile replies: never sent, never raised, never told.

Settings and good replies before the hostile one are those of the gateway's first vector. Each body
repeats number, text and secrets, so that whatever an adapter repeats of it is seen.
"""

import gzip
import itertools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from smsotpd.core.channel import parse_recipient
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS, Catalogue
from smsotpd.gateways.sender import GatewaySender
from smsotpd.gateways.spec import Gateway, Http, HttpDialogue
from tests.fakes.http_provider import (
    Answer,
    HttpProvider,
    Line,
    Received,
    close,
    drip,
    flood,
    hang,
    raw,
    reply,
    reset,
)

_VECTORS: Final = Path(__file__).parents[2] / "vectors" / "gateways"
_HTTP: Final = {
    gateway.id: gateway
    for gateway in GATEWAYS
    if isinstance(gateway.transport, Http | HttpDialogue)
}
_CODE: Final = "013579"
_TEXT: Final = f"Code {_CODE} for the host"
# Seconds; what never ends by itself is not waited for as long.
_DEADLINES: Final = {"silence": 0.2, "dripping body": 0.2}
_DEADLINE: Final = 5.0
_BOMB: Final = gzip.compress(b'{"a":"' + b"0" * (48 << 20))
# What the sender says where an adapter raised.
_RAISED: Final = re.compile(r"(cannot be read|cannot be made|failed): \w+")


@dataclass
class Target:
    """A gateway with the settings of its first vector, and a message to send."""

    gateway: Gateway
    settings: dict[str, str]
    secrets: dict[str, str]
    message: Message
    good: tuple[Answer, ...] = ()
    hidden: tuple[str, ...] = field(default=())

    def definition(self, url: str) -> GatewayDefinition:
        urls = {
            setting.name: _moved(self.settings.get(setting.name) or setting.default or "", url)
            for setting in self.gateway.settings
            if setting.kind == "url" and "PROXY" not in setting.name
        }
        hidden = {name: Secret(text) for name, text in self.secrets.items()}
        return GatewayDefinition("tested", self.gateway.id, {**self.settings, **urls}, hidden)


def _moved(url: str, to: str) -> str:
    parts, new = urlsplit(url), urlsplit(to)
    return parts._replace(scheme=new.scheme, netloc=new.netloc).geturl()


def _target(gateway: Gateway) -> Target:
    vectors = tomllib.loads((_VECTORS / f"{gateway.id}.toml").read_text())
    case = (vectors.get("request") or vectors["dialogue"])[0]
    recipient = parse_recipient(gateway.channel, case.get("recipient", "+491701234567"))
    message = Message(recipient, _TEXT, case.get("lifetime", 300.0), _CODE)
    target = Target(gateway, case.get("settings", {}), case.get("secrets", {}), message)
    telling = {name: f"s3cret-{name}-9731" for name in target.secrets}
    try:
        _catalogue().check(Target(gateway, target.settings, telling, message).definition(_ANY))
    except BadArgumentError:
        pass  # a secret of a form of its own stays as the vector has it
    else:
        target.secrets = telling
    exchanges = case.get("exchange", [])[:-1]
    target.good = tuple(
        reply(each["reply"]["status"], each["reply"].get("text", "")) for each in exchanges
    )
    address = recipient.address
    target.hidden = (address, address.strip("+"), _TEXT, _CODE, *target.secrets.values())
    return target


def _catalogue() -> Catalogue:
    return Catalogue(GatewaySender, allow_outbox=False)


_ANY: Final = "http://127.0.0.1:9"
_TARGETS: Final = {name: _target(gateway) for name, gateway in _HTTP.items()}


def _bodies(echo: str) -> Mapping[str, Answer]:
    """Return hostile replies, each with what it can repeat of the request in it."""
    page = f"<html><title>Log in</title><p>{echo}</p></html>"
    as_json = {"Content_Type": "application/json"}
    half = json.dumps({"data": [{"status": "half", "text": echo}]})[:-3]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

    def reset_inside(_received: Received, line: Line) -> None:
        line.send(head + b"Content-Length: 4000\r\n\r\n" + half.encode())
        line.pause(0.05)
        line.reset()

    return {
        "closed": close,
        "reset": reset,
        "reset inside": reset_inside,
        "silence": hang,
        "dripping body": drip(head + b"\r\n", b" "),
        "redirect": reply(302, page, Location="/login"),
        "oversized": flood(head + b'\r\n{"a":"', 1 << 30),
        "invalid UTF-8": reply(200, b'{"a":"\xff\xfe\xc3\x28' + echo.encode(), **as_json),
        "page": reply(200, page, Content_Type="text/html"),
        "page of a proxy": reply(203, page, Content_Type="text/html"),
        "truncated JSON": reply(200, half, **as_json),
        "deep JSON": reply(200, "[" * 60_000, **as_json),
        "deep object": reply(200, '{"data":' * 8_000, **as_json),
        "deep XML": reply(200, "<response>" * 6_000, Content_Type="text/xml"),
        "entities": reply(200, f'<!DOCTYPE a [<!ENTITY b "{echo}">]><a>&b;</a>'),
        "NaN": reply(200, '{"status":NaN,"count":Infinity,"success":-Infinity}', **as_json),
        "huge numbers": reply(200, '{"status":1e999,"error":%s}' % ("9" * 5000), **as_json),
        "other types": reply(200, '{"status":[{}],"error":{"code":[]},"data":7,"list":"x"}'),
        "list": reply(200, "[null,1,[],{}]", **as_json),
        "gzip bomb": reply(200, _BOMB, Content_Encoding="gzip", **as_json),
        "no gzip": reply(200, b"\x1f\x8b\x08\x00junk", Content_Encoding="gzip", **as_json),
        "zero bytes": reply(200, b"\0" * 1000),
        "empty": reply(200, ""),
        "204": reply(204, ""),
        "no HTTP": raw(b"250 OK\r\n"),
        "headers without end": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
    }


_NAMES: Final = tuple(_bodies(""))
# Where the status alone says that a message was taken, nothing else can tell.
_TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "ecallsms": frozenset(
        name for name in _NAMES if name.startswith(("deep", "truncated", "invalid", "huge"))
    )
    | {"reset inside", "dripping body", "oversized", "entities", "NaN", "other types", "list"}
    | {"gzip bomb", "no gzip", "zero bytes", "empty"},
    "sipgate_rest": frozenset({"empty", "204"}),
}


def _steps() -> list[Any]:
    """Return every gateway with each of its requests that may meet a hostile reply."""
    return [
        pytest.param(target, step, id=f"{name} {step + 1}")
        for name, target in _TARGETS.items()
        for step in range(len(target.good) + 1)
    ]


async def _send(target: Target, provider: HttpProvider, deadline: float = _DEADLINE) -> Outcome:
    catalogue = _catalogue()
    definition = target.definition(provider.url)
    catalogue.check(definition)
    return await catalogue.sender(definition).send(target.message, deadline)


def _after(target: Target, step: int, answer: Answer) -> Answer:
    """Answer well for some requests, then in this way for ever."""
    answers = itertools.chain(target.good[:step], itertools.repeat(answer))

    def answer_next(received: Received, line: Line) -> None:
        next(answers)(received, line)

    return answer_next


def _assert_discreet(target: Target, shown: str) -> None:
    for hidden in (*target.hidden, "127.0.0.1"):
        assert hidden not in shown


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize(("target", "step"), _steps())
async def test_a_hostile_reply_is_never_success_and_gives_nothing_away(
    caplog: pytest.LogCaptureFixture, target: Target, step: int, name: str
) -> None:
    caplog.set_level("DEBUG")
    answer = _bodies(" ".join(target.hidden))[name]
    with HttpProvider(_after(target, step, answer)) as provider:
        outcome = await _send(target, provider, _DEADLINES.get(name, _DEADLINE))
    shown = f"{outcome!r} {caplog.text}"
    if name in _TAKEN.get(target.gateway.id, ()):
        assert isinstance(outcome, Accepted)
    else:
        assert isinstance(outcome, Rejected | Deferred | Unknown)
        assert outcome.detail
        assert not _RAISED.search(outcome.detail)
    assert len(provider.received) >= step + 1
    _assert_discreet(target, shown)


@pytest.mark.parametrize("target", _TARGETS.values(), ids=_TARGETS.keys())
async def test_a_redirect_to_another_host_is_not_followed(target: Target) -> None:
    with HttpProvider(reply(200, '{"success":true}')) as elsewhere:
        answer = reply(307, "", Location=f"{elsewhere.url}/api")
        with HttpProvider(_after(target, len(target.good), answer)) as provider:
            outcome = await _send(target, provider)
    assert not isinstance(outcome, Accepted)
    assert elsewhere.received == []


@pytest.mark.parametrize("target", _TARGETS.values(), ids=_TARGETS.keys())
async def test_a_refused_connection_is_surely_not_sent(target: Target) -> None:
    with HttpProvider(close) as provider:
        pass
    outcome = await _send(target, provider)
    assert isinstance(outcome, Deferred)
    _assert_discreet(target, repr(outcome))


_INSPECTED: Final = {
    name: target for name, target in _TARGETS.items() if target.gateway.inspect is not None
}


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("target", _INSPECTED.values(), ids=_INSPECTED.keys())
async def test_an_inspection_finds_nothing_ready_in_a_hostile_reply(
    caplog: pytest.LogCaptureFixture, target: Target, name: str
) -> None:
    caplog.set_level("DEBUG")
    answer = _bodies(" ".join(target.hidden))[name]
    with HttpProvider(answer) as provider:
        sender = _catalogue().sender(target.definition(provider.url))
        assert isinstance(sender, GatewaySender)
        report = await sender.inspect(_DEADLINES.get(name, _DEADLINE))
    shown = f"{report!r} {caplog.text}"
    assert report.condition is not Condition.READY
    assert report.summary
    assert not _RAISED.search(report.summary)
    _assert_discreet(target, shown)
