# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Each gateway against its vector file: settings to request, reply to outcome."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from smsotpd.core.channel_names import SMS
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown
from smsotpd.core.recipient import Recipient, parse_phone
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS
from smsotpd.gateways.spec import Gateway, Http, HttpDialogue, Request, Response
from smsotpd.gateways.spec.settings import check_settings

_VECTORS = Path(__file__).parents[2] / "vectors" / "gateways"
_HTTP = {
    gateway.id: gateway
    for gateway in GATEWAYS
    if isinstance(gateway.transport, Http | HttpDialogue)
}
_NUMBER = "+491701234567"
_TEXT = 'Code 012345 für "Büro"'
_OUTCOMES = {"accepted": Accepted, "rejected": Rejected, "deferred": Deferred, "unknown": Unknown}


def _cases(kind: str) -> list[Any]:
    return [
        pytest.param(gateway, case, id=f"{gateway.id}: {case['name']}")
        for gateway in _HTTP.values()
        for case in tomllib.loads((_VECTORS / f"{gateway.id}.toml").read_text()).get(kind, [])
    ]


def _message(gateway: Gateway, case: Mapping[str, Any]) -> Message:
    address = case.get("recipient", _NUMBER)
    recipient = (
        parse_phone(address) if gateway.channel == SMS else Recipient(gateway.channel, address)
    )
    return Message(
        recipient, case.get("text", _TEXT), case.get("lifetime", 0.0), case.get("code", "")
    )


def _assert_request(request: object, case: Mapping[str, Any]) -> None:
    assert isinstance(request, Request)
    assert request.method == case["method"]
    assert request.target == case["target"]
    assert (request.content or b"").decode() == case.get("body", "")
    for name, text in case.get("headers", {}).items():
        assert request.sent_headers.get(name, "") == text
    for name in ("timeout", "verify", "proxy", "hands_over"):
        assert getattr(request, name) == case.get(name, getattr(request, name))


def _assert_outcome(outcome: object, case: Mapping[str, Any]) -> None:
    assert isinstance(outcome, _OUTCOMES[case["outcome"]])
    assert getattr(outcome, "error_class", None) == case.get("error_class")
    assert getattr(outcome, "retry_after", None) == case.get("retry_after")
    if "message_id" in case:
        assert getattr(outcome, "message_id", None) == case["message_id"]


def _definition(gateway: Gateway, case: Mapping[str, Any]) -> GatewayDefinition:
    deep = "[" * 4000
    return GatewayDefinition(
        "tested",
        gateway.id,
        {name: text.replace("@deep@", deep) for name, text in case.get("settings", {}).items()},
        {name: Secret(text) for name, text in case.get("secrets", {}).items()},
    )


def _http(gateway: Gateway) -> Http:
    assert isinstance(gateway.transport, Http)
    return gateway.transport


@pytest.mark.parametrize(("gateway", "case"), _cases("request"))
def test_settings_make_exactly_this_request(gateway: Gateway, case: Mapping[str, Any]) -> None:
    definition = _definition(gateway, case)
    check_settings(gateway, definition)
    request = _http(gateway).request(gateway.values(definition), _message(gateway, case))
    _assert_request(request, case)


@pytest.mark.parametrize(("gateway", "case"), _cases("unsendable"))
def test_a_message_that_cannot_be_sent_is_refused_before_it_is(
    gateway: Gateway, case: Mapping[str, Any]
) -> None:
    definition = _definition(gateway, case)
    check_settings(gateway, definition)
    values, message = gateway.values(definition), _message(gateway, case)
    if isinstance(gateway.transport, HttpDialogue):
        with pytest.raises(StopIteration) as ended:
            next(gateway.transport.lead(values, message))
        _assert_outcome(ended.value.value, case)
    else:
        _assert_outcome(_http(gateway).request(values, message), case)


@pytest.mark.parametrize(("gateway", "case"), _cases("dialogue"))
def test_a_dialogue_makes_exactly_these_requests(gateway: Gateway, case: Mapping[str, Any]) -> None:
    definition = _definition(gateway, case)
    check_settings(gateway, definition)
    assert isinstance(gateway.transport, HttpDialogue)
    lead = gateway.transport.lead(gateway.values(definition), _message(gateway, case))
    request = next(lead)
    for index, exchange in enumerate(case["exchange"]):
        _assert_request(request, exchange)
        reply = exchange["reply"]
        response = Response(
            reply["status"], reply.get("headers", {}), reply.get("text", ""), complete=True
        )
        if index + 1 < len(case["exchange"]):
            request = lead.send(response)
            continue
        with pytest.raises(StopIteration) as ended:
            lead.send(response)
        _assert_outcome(ended.value.value, case)


@pytest.mark.parametrize("gateway", _HTTP.values(), ids=lambda gateway: gateway.id)
def test_every_documented_failure_has_its_vector(gateway: Gateway) -> None:
    vectors = tomllib.loads((_VECTORS / f"{gateway.id}.toml").read_text())
    cases = [
        case for kind in ("outcome", "dialogue", "unsendable") for case in vectors.get(kind, [])
    ]
    proven = {(case["failure"], case["error_class"]) for case in cases if "failure" in case}
    assert {(failure.sign, failure.error_class.value) for failure in gateway.failures} <= proven


@pytest.mark.parametrize(("gateway", "case"), _cases("request"))
def test_a_printed_request_shows_nothing(gateway: Gateway, case: Mapping[str, Any]) -> None:
    definition = _definition(gateway, case)
    message, values = _message(gateway, case), gateway.values(definition)
    request = _http(gateway).request(values, message)
    printed = f"{request!r} {values!r} {message!r}"
    assert "example" not in printed
    assert _NUMBER[1:] not in printed
    for secret in case.get("secrets", {}).values():
        assert not secret or secret not in printed


@pytest.mark.parametrize(("gateway", "case"), _cases("refused"))
def test_a_configuration_that_could_not_work_is_refused_when_it_is_saved(
    gateway: Gateway, case: Mapping[str, Any]
) -> None:
    with pytest.raises(BadArgumentError) as caught:
        check_settings(gateway, _definition(gateway, case))
    assert caught.value.name == case["setting"]
    assert case.get("complaint", "") in caught.value.complaint
    for secret in case.get("secrets", {}).values():
        assert len(secret) < 2 or secret not in str(caught.value)


@pytest.mark.parametrize(("gateway", "case"), _cases("outcome"))
def test_a_reply_means_this(gateway: Gateway, case: Mapping[str, Any]) -> None:
    response = Response(
        case["status"], case.get("headers", {}), case["text"], case.get("complete", True)
    )
    outcome: Outcome = _http(gateway).outcome(gateway.values(_definition(gateway, case)), response)
    _assert_outcome(outcome, case)
