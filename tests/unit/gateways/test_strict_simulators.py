# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The simulators refuse what their providers do not document: without that they prove nothing."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.http_provider import Received
from tests.fakes.providers import (
    ecallsms,
    playsms,
    puzzel,
    smsglobal,
    voipbuster,
    voipms,
    websms_de,
)
from tests.fakes.providers.strict import FORM, JSON, PASSWORD, Reply, Simulator

_PLAYSMS = {"app": "ws", "op": "pv", "u": "anton", "h": PASSWORD, "to": "+4917012", "msg": "1"}
_SMSGLOBAL = {
    "action": "sendsms",
    "user": "anton",
    "password": PASSWORD,
    "from": "MyHost",
    "to": "491701234567",
    "text": "1",
    "maxsplit": "1",
}
_ECALL = {"UserName": "anton", "Password": PASSWORD, "Address": "+491701234567", "Message": "1"}
_WEBSMS = {"messageContent": "1", "recipientAddressList": ["491701234567"]}
_PUZZEL: dict[str, Any] = {
    "serviceId": 1000,
    "username": "anton",
    "password": PASSWORD,
    "message": [{"recipient": "+491701234567", "content": "1"}],
}
_VOIPBUSTER = {
    "username": "anton",
    "password": PASSWORD,
    "from": "anton",
    "to": "+491701234567",
    "text": "1",
}
_VOIPMS = {
    "api_username": "u@voip.example",
    "api_password": PASSWORD,
    "method": "sendSMS",
    "did": "5551112222",
    "dst": "2015550123",
    "message": "1",
    "content_type": "json",
}


def _form(path: str, fields: dict[str, str], more: str = "") -> Received:
    body = f"{urlencode(fields)}{more}".encode("ascii")
    return Received("POST", path, {"content-type": FORM}, body)


def _json(path: str, value: object, **headers: str) -> Received:
    plain = {"content-type": JSON, "accept": JSON, "authorization": "Bearer t0ken-of-the-account"}
    return Received("POST", path, {**plain, **headers}, json.dumps(value).encode("ascii"))


def _ask(simulator: Simulator, received: Received) -> tuple[Reply, list[str]]:
    provider = simulator.provider()
    return provider.answer(received), provider.violations


_WEBSMS_PATH = "/rest/smsmessaging/text"
_PUZZEL_PATH = "/gw/rs/sendMessages"
_GOOD = [
    (playsms.SIMULATOR, _form("/index.php", {**_PLAYSMS, "nofooter": "1"})),
    (smsglobal.SIMULATOR, _form("/http-api.php", _SMSGLOBAL)),
    (websms_de.SIMULATOR, _json(_WEBSMS_PATH, _WEBSMS)),
    (puzzel.SIMULATOR, _json(_PUZZEL_PATH, _PUZZEL)),
    (ecallsms.SIMULATOR, _form("/api/sms", _ECALL)),
    (ecallsms.SIMULATOR, _form("/api/sms", {key.upper(): text for key, text in _ECALL.items()})),
    (voipms.SIMULATOR, _form("/api/v1/rest.php", _VOIPMS)),
    (
        voipbuster.SIMULATOR,
        Received("GET", f"/myaccount/sendsms.php?{urlencode(_VOIPBUSTER)}", {}),
    ),
]
_BAD = {
    "another path": (smsglobal.SIMULATOR, _form("/http-api", _SMSGLOBAL)),
    "another method": (smsglobal.SIMULATOR, Received("GET", "/http-api.php", {})),
    "a query that is not declared": (smsglobal.SIMULATOR, _form("/http-api.php?a=1", _SMSGLOBAL)),
    "JSON for a form": (smsglobal.SIMULATOR, _json("/http-api.php", _SMSGLOBAL)),
    "a form for JSON": (websms_de.SIMULATOR, _form(_WEBSMS_PATH, {"messageContent": "1"})),
    "no JSON": (
        websms_de.SIMULATOR,
        Received("POST", _WEBSMS_PATH, {"content-type": JSON}, b"{"),
    ),
    "an unknown field": (smsglobal.SIMULATOR, _form("/http-api.php", {**_SMSGLOBAL, "x": "1"})),
    "a field twice": (smsglobal.SIMULATOR, _form("/http-api.php", _SMSGLOBAL, "&to=491701234567")),
    "a field twice in another case": (ecallsms.SIMULATOR, _form("/api/sms", _ECALL, "&address=1")),
    "a member twice": (
        websms_de.SIMULATOR,
        Received(
            "POST",
            _WEBSMS_PATH,
            {"content-type": JSON},
            b'{"messageContent":"1","messageContent":"1"}',
        ),
    ),
    "a missing field": (smsglobal.SIMULATOR, _form("/http-api.php", {"action": "sendsms"})),
    "another case at Puzzel": (
        puzzel.SIMULATOR,
        _json(_PUZZEL_PATH, {**_PUZZEL, "serviceid": 1000}),
    ),
    "a service as text": (puzzel.SIMULATOR, _json(_PUZZEL_PATH, {**_PUZZEL, "serviceId": "1000"})),
    "no plus sign at Puzzel": (
        puzzel.SIMULATOR,
        _json(_PUZZEL_PATH, {**_PUZZEL, "message": [{"recipient": "4917012345", "content": "1"}]}),
    ),
    "two plus signs at Puzzel": (
        puzzel.SIMULATOR,
        _json(_PUZZEL_PATH, {**_PUZZEL, "message": [{"recipient": "++491701234", "content": "1"}]}),
    ),
    "a plus sign at SMSGlobal": (
        smsglobal.SIMULATOR,
        _form("/http-api.php", {**_SMSGLOBAL, "to": "+491701234567"}),
    ),
    "a plus sign at websms": (
        websms_de.SIMULATOR,
        _json(_WEBSMS_PATH, {**_WEBSMS, "recipientAddressList": ["+491701234567"]}),
    ),
    "nobody at websms": (
        websms_de.SIMULATOR,
        _json(_WEBSMS_PATH, {**_WEBSMS, "recipientAddressList": []}),
    ),
    "no credentials at websms": (
        websms_de.SIMULATOR,
        _json(_WEBSMS_PATH, _WEBSMS, authorization=""),
    ),
    "a group at playSMS": (
        playsms.SIMULATOR,
        _form("/index.php", {**_PLAYSMS, "nofooter": "1", "to": "#all"}),
    ),
    "a list at eCall": (
        ecallsms.SIMULATOR,
        _form("/api/sms", {**_ECALL, "Address": "+491701234567;+491701234568"}),
    ),
}


@pytest.mark.parametrize(("simulator", "received"), _GOOD)
def test_what_is_documented_is_taken(simulator: Simulator, received: Received) -> None:
    reply, violations = _ask(simulator, received)
    assert violations == []
    assert reply.status == 200


@pytest.mark.parametrize(("simulator", "received"), _BAD.values(), ids=_BAD)
def test_all_else_is_a_violation(simulator: Simulator, received: Received) -> None:
    reply, violations = _ask(simulator, received)
    assert len(violations) == 1
    assert 400 <= reply.status <= 405


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"dst": "12015550123"}, "invalid_dst"),
        ({"dst": "+12015550123"}, "invalid_dst"),
        ({"message": "é" * 81}, "sms_toolong"),
    ],
)
def test_voipms_says_what_it_does_not_take(changed: dict[str, str], status: str) -> None:
    reply, violations = _ask(voipms.SIMULATOR, _form("/api/v1/rest.php", {**_VOIPMS, **changed}))
    assert violations == []
    assert json.loads(reply.body) == {"status": status}


def test_puzzel_refuses_letters_outside_the_gsm_alphabet_unless_told_to_detect_them() -> None:
    message = {"recipient": "+491701234567", "content": "Код"}
    told = {**message, "settings": {"autoDetectEncoding": True}}
    for each, code in ((message, 5), (told, 1)):
        reply, _ = _ask(puzzel.SIMULATOR, _json(_PUZZEL_PATH, {**_PUZZEL, "message": [each]}))
        assert json.loads(reply.body)["messageStatus"][0]["statusCode"] == code
