# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever an administrator writes and a message holds: no crash, nothing replaced twice."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.catalogue import GATEWAYS
from smsotpd.gateways.spec import Http, Json, Request, Response
from smsotpd.gateways.spec.number import parse_rewriting
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.response import decode, decompress
from smsotpd.gateways.spec.settings import check_settings
from smsotpd.gateways.spec.status import outcome_from_status
from smsotpd.gateways.spec.template import fill, fill_json, parse_template

_NUMBER = "+491701234567"
_GATEWAY = next(gateway for gateway in GATEWAYS if gateway.id == "http")

# Plain text (no lone surrogates: nothing that reaches the daemon holds them), rich in what matters.
_text = st.text(
    st.one_of(
        st.sampled_from('{}[]",:/\\\n\r\t &=+%#0123456789'),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=60,
)
_piece = st.one_of(_text, st.sampled_from(["{phone}", "{otp}", '"{otp}"', "{{otp}}", "{otp"]))
_template = st.lists(_piece, max_size=6).map("".join)
_json: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _template,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=10,
)


@given(_template, _text, _text)
def test_a_tag_inside_a_replacement_is_never_replaced(
    template: str, number: str, text: str
) -> None:
    pieces = template.replace("{phone}", "\0p\0").replace("{otp}", "\0t\0").split("\0")
    expected = "".join(
        {"p": number, "t": text}[each] if at % 2 else each for at, each in enumerate(pieces)
    )
    assert fill(template, {"phone": number, "otp": text}) == expected


@given(_json, _text)
def test_filling_a_template_keeps_its_shape(template: JsonValue, text: str) -> None:
    filled = fill_json(template, {"phone": _NUMBER, "otp": text})
    assert _shape(filled) == _shape(template)
    json.dumps(filled)


def _shape(value: JsonValue) -> object:
    match value:
        case list():
            return [_shape(item) for item in value]
        case dict():
            return (
                sorted(repr(_shape(item)) for item in value.values())
                if all("{otp}" not in key and "{phone}" not in key for key in value)
                else "object"
            )
        case str():
            return "text"
        case _:
            return value


@given(st.text(max_size=200))
def test_any_text_is_a_template(text: str) -> None:
    value = parse_template(text)
    json.dumps(value, allow_nan=False)


@given(st.one_of(_text, st.tuples(_text, _text).map(lambda pair: f"/{pair[0]}/{pair[1]}/")))
def test_any_rewriting_works_or_is_refused_when_it_is_saved(text: str) -> None:
    rewriting = None
    with suppress(BadArgumentError):
        rewriting = parse_rewriting(text)
    if rewriting is not None:
        assert isinstance(rewriting.apply(_NUMBER), str)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(_text, _template, max_size=5),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["yes", "no"]),
    _text,
)
def test_a_configuration_that_was_saved_makes_a_request_of_every_message(
    options: dict[str, str], method: str, as_json: str, text: str
) -> None:
    definition = GatewayDefinition(
        "tested",
        "http",
        {
            **{f"option.{name}": value for name, value in options.items()},
            "URL": "https://api.example/send",
            "HTTP_METHOD": method,
            "SEND_DATA_AS_JSON": as_json if method == "POST" else "no",
            "option.message": "{otp}",
        },
    )
    try:
        check_settings(_GATEWAY, definition)
    except BadArgumentError:
        return
    assert isinstance(_GATEWAY.transport, Http)
    request = _GATEWAY.transport.request(
        _GATEWAY.values(definition), Message(parse_phone(_NUMBER), text)
    )
    assert isinstance(request, Request)
    assert request.target.isascii()
    content = (request.content or b"").decode("ascii")
    if isinstance(request.body, Json):
        assert json.loads(content)["message"] == text


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=8))
def test_no_configuration_crashes_the_check(given_settings: dict[str, str]) -> None:
    definition = GatewayDefinition("tested", "http", given_settings)
    with pytest.raises(BadArgumentError) as caught:
        check_settings(_GATEWAY, definition)
    assert str(caught.value).isprintable()


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_body_under_any_charset_is_text(body: bytes, charset: str) -> None:
    assert isinstance(decode(body, f"text/plain; charset={charset}"), str)
    assert isinstance(decode(body, charset), str)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", ""]))
def test_no_compressed_body_crashes_or_exceeds_the_limit(body: bytes, encoding: str) -> None:
    plain, _ = decompress(body, encoding, 100)
    assert plain == body or len(plain) <= 100


@given(st.integers(-10, 1200), st.text(max_size=40), st.text(max_size=40))
def test_any_status_with_any_headers_has_an_outcome(status: int, retry: str, date: str) -> None:
    response = Response(status, {"retry-after": retry, "date": date})
    outcome = outcome_from_status(response, frozenset({200}))
    assert outcome is None or isinstance(outcome, Accepted | Rejected | Deferred | Unknown)
    if isinstance(outcome, Deferred) and outcome.retry_after is not None:
        assert 0 <= outcome.retry_after <= 86400
