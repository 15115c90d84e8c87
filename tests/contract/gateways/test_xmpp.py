# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The XMPP gateway against strict simulators of Prosody's two modules."""

import pytest

from smsotpd.core.channel_names import XMPP
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition
from tests.contract.gateways.conftest import PASSWORD, TEXT, Carry
from tests.fakes.http_provider import Answer, HttpProvider, close, raw, reply
from tests.fakes.providers import xmpp
from tests.fakes.providers.strict import StrictProvider
from tests.fakes.providers.xmpp import POST_MSG, RECIPIENT, REST, Delivered

_PATHS = {"rest": REST, "post_msg": POST_MSG}
_EACH = pytest.mark.parametrize("method", _PATHS)


def _make(method: str, delivered: Delivered) -> StrictProvider:
    return xmpp.rest(delivered) if method == "rest" else xmpp.post_msg(delivered)


async def _send(
    carry: Carry,
    url: str,
    method: str,
    *,
    to: str = RECIPIENT,
    password: str = PASSWORD,
    **settings: str,
) -> Outcome:
    server = f"{url}{_PATHS[method]}"
    given = {"method": method, "server": server, "sender": xmpp.SENDER, **settings}
    return await carry("xmpp", given, {"password": password}, number=to, channel=XMPP)


@_EACH
@pytest.mark.parametrize(
    "to", [RECIPIENT, "über+tag?#%;=@xmpp.example", "ada@bücher.example", "a~b!c@xmpp.example"]
)
async def test_a_module_takes_the_message(carry: Carry, method: str, to: str) -> None:
    delivered = Delivered()
    answers = _make(method, delivered)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, method, to=to)
    assert answers.violations == []
    assert outcome == Accepted()
    assert delivered.messages == [(to, TEXT)]


@_EACH
@pytest.mark.parametrize(
    ("settings", "password"),
    [({}, "another"), ({"sender": "nobody@xmpp.example"}, PASSWORD)],
    ids=["password", "sender"],
)
async def test_a_wrong_login_is_refused(
    carry: Carry, method: str, settings: dict[str, str], password: str
) -> None:
    delivered = Delivered()
    answers = _make(method, delivered)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, method, password=password, **settings)
    assert answers.violations == []
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    assert delivered.messages == []


@pytest.mark.parametrize("as_xml", [False, True], ids=["json", "xml"])
@pytest.mark.parametrize(
    ("condition", "error_class"),
    [
        ("service-unavailable", ErrorClass.RECIPIENT),
        ("item-not-found", ErrorClass.RECIPIENT),
        ("remote-server-timeout", ErrorClass.TEMPORARY),
        ("forbidden", ErrorClass.SENDER),
        ("unheard-of", ErrorClass.REJECTED),
    ],
)
async def test_an_error_under_http_200_is_seen(
    carry: Carry, condition: str, error_class: ErrorClass, *, as_xml: bool
) -> None:
    delivered = Delivered()
    answers = xmpp.rest(delivered, as_xml=as_xml)
    with HttpProvider(answers) as provider:
        to = f"condition.{condition}@xmpp.example"
        outcome = await _send(carry, provider.url, "rest", to=to)
    assert answers.violations == []
    assert isinstance(outcome, Rejected | Deferred)
    assert outcome.error_class is error_class
    assert delivered.messages == []


@pytest.mark.parametrize(
    ("method", "status", "error_class"),
    [
        ("rest", 400, ErrorClass.REJECTED),
        ("rest", 404, ErrorClass.REJECTED),
        ("rest", 413, ErrorClass.CONTENT),
        ("rest", 415, ErrorClass.REJECTED),
        ("rest", 422, ErrorClass.RECIPIENT),
        ("rest", 429, ErrorClass.RATE),
        ("rest", 503, ErrorClass.TEMPORARY),
        ("post_msg", 301, ErrorClass.REJECTED),
        ("post_msg", 400, ErrorClass.REJECTED),
        ("post_msg", 404, ErrorClass.REJECTED),
        ("post_msg", 415, ErrorClass.REJECTED),
        ("post_msg", 422, ErrorClass.RECIPIENT),
        ("post_msg", 500, ErrorClass.TEMPORARY),
        ("post_msg", 502, ErrorClass.TEMPORARY),
    ],
)
async def test_a_refusal_is_seen_with_its_class(
    carry: Carry, method: str, status: int, error_class: ErrorClass
) -> None:
    delivered = Delivered()
    answers = _make(method, delivered)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, provider.url, method, to=f"status.{status}@xmpp.example")
    assert answers.violations == []
    assert isinstance(outcome, Rejected | Deferred)
    assert outcome.error_class is error_class
    assert delivered.messages == []


@pytest.mark.parametrize(
    ("method", "status"), [("rest", 201), ("rest", 204), ("post_msg", 200), ("post_msg", 202)]
)
async def test_a_success_that_is_not_this_modules_is_ambiguous(
    carry: Carry, method: str, status: int
) -> None:
    with HttpProvider(reply(status, "")) as provider:
        assert isinstance(await _send(carry, provider.url, method), Unknown)


@_EACH
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, ""),
        reply(200, "<html><h1>Please log in</h1></html>"),
        reply(200, "{"),
        reply(200, "null"),
        reply(200, b"<message type=\xff\xfe>"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"),
        reply(302, "", Location="/login"),
        close,
    ],
    ids=["empty", "page", "half", "null", "bytes", "truncated", "redirect", "closed"],
)
async def test_what_nobody_can_read_is_never_taken_for_sent(
    carry: Carry, method: str, answer: Answer
) -> None:
    with HttpProvider(answer) as provider:
        outcome = await _send(carry, provider.url, method)
    assert isinstance(outcome, Unknown | Rejected)


@_EACH
async def test_a_server_that_is_not_there_is_temporary(carry: Carry, method: str) -> None:
    with HttpProvider(close) as provider:
        url = provider.url
    outcome = await _send(carry, url, method)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY


@pytest.mark.parametrize(
    ("password", "condition"), [(PASSWORD, Condition.READY), ("another", Condition.DOWN)]
)
async def test_mod_rest_is_inspected_by_a_ping(
    carry: Carry, password: str, condition: Condition
) -> None:
    delivered = Delivered()
    answers = xmpp.rest(delivered)
    with HttpProvider(answers) as provider:
        settings = {"server": f"{provider.url}{REST}", "sender": xmpp.SENDER}
        report = await carry.inspect("xmpp", settings, {"password": password})
    assert answers.violations == []
    assert report.condition is condition
    assert delivered.messages == []


async def test_a_ping_that_comes_back_is_a_reason_to_look(carry: Carry) -> None:
    with HttpProvider(reply(200, '{"kind":"iq","type":"error"}')) as provider:
        settings = {"server": f"{provider.url}{REST}", "sender": xmpp.SENDER}
        report = await carry.inspect("xmpp", settings, {"password": PASSWORD})
    assert report.condition is Condition.DEGRADED


@pytest.mark.parametrize(("method", "path"), [("post_msg", POST_MSG), ("rest", "/otp/")])
async def test_what_cannot_be_asked_is_unknown(carry: Carry, method: str, path: str) -> None:
    with HttpProvider(close) as provider:
        settings = {"server": f"{provider.url}{path}", "sender": xmpp.SENDER, "method": method}
        report = await carry.inspect("xmpp", settings, {"password": PASSWORD})
    assert report.condition is Condition.UNKNOWN
    assert provider.received == []
