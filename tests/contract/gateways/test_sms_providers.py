# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Each provider of SMS against its strict simulator, over real connections."""

import pytest

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import Answer, HttpProvider, close, raw, reply
from tests.fakes.providers import (
    cegedim_vortext,
    clickatell_central,
    clickatell_portal,
    clicksend,
    clockworksms,
    ecallsms,
    huawei_e3531,
    ovh,
    playsms,
    puzzel,
    serwersms,
    sipgate,
    sipgate_rest,
    sms77io,
    smsapi,
    smsglobal,
    spryngsms,
    voipbuster,
    voipms,
    websms_de,
)
from tests.fakes.providers.strict import Case, Simulator

SIMULATORS = (
    cegedim_vortext.SIMULATOR,
    clickatell_central.SIMULATOR,
    clickatell_portal.SIMULATOR,
    clicksend.SIMULATOR,
    clockworksms.SIMULATOR,
    ecallsms.SIMULATOR,
    huawei_e3531.SIMULATOR,
    ovh.SIMULATOR,
    playsms.SIMULATOR,
    puzzel.SIMULATOR,
    serwersms.SIMULATOR,
    serwersms.LOGIN,
    sipgate.SIMULATOR,
    sipgate_rest.SIMULATOR,
    sms77io.SIMULATOR,
    smsapi.SIMULATOR,
    smsglobal.SIMULATOR,
    spryngsms.SIMULATOR,
    voipbuster.SIMULATOR,
    voipms.SIMULATOR,
    websms_de.SIMULATOR,
)

_EACH = pytest.mark.parametrize("simulator", SIMULATORS, ids=lambda each: each.gateway_id)
_PASSING = {ErrorClass.RATE, ErrorClass.TEMPORARY}


async def _send(
    carry: Carry, simulator: Simulator, provider: HttpProvider, case: Case | None = None
) -> Outcome:
    changed = case or Case("", ErrorClass.REJECTED)
    url = {simulator.url_setting: f"{provider.url}{simulator.path}"}
    return await carry(
        simulator.gateway_id,
        {**url, **simulator.settings, **changed.settings},
        {**simulator.secrets, **changed.secrets},
        number=changed.number or simulator.number,
        text=changed.text or simulator.text,
    )


@_EACH
async def test_a_strict_provider_takes_the_message(carry: Carry, simulator: Simulator) -> None:
    answers = simulator.provider()
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, simulator, provider)
    assert answers.violations == []
    assert outcome == Accepted(simulator.message_id)
    assert len(provider.received) >= 1


@pytest.mark.parametrize(
    ("simulator", "case"),
    [
        pytest.param(simulator, case, id=f"{simulator.gateway_id}: {case.name}")
        for simulator in SIMULATORS
        for case in simulator.failures
    ],
)
async def test_a_refusal_is_seen_with_its_class(
    carry: Carry, simulator: Simulator, case: Case
) -> None:
    answers = simulator.provider()
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, simulator, provider, case)
    assert answers.violations == []
    assert isinstance(outcome, Deferred if case.error_class in _PASSING else Rejected)
    assert outcome.error_class == case.error_class


@_EACH
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_outage_is_temporary(carry: Carry, simulator: Simulator, status: int) -> None:
    with HttpProvider(reply(status, "<h1>Bad Gateway</h1>")) as provider:
        outcome = await _send(carry, simulator, provider)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class == ErrorClass.TEMPORARY


_EMPTY = reply(200, "")
_SUCCESSES_BY_STATUS = (
    _EMPTY,
    reply(200, "{"),
    reply(200, "null"),
    raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"),
)


@_EACH
@pytest.mark.parametrize(
    "answer",
    [
        *_SUCCESSES_BY_STATUS,
        reply(200, "<html><h1>Please log in</h1></html>"),
        close,
    ],
    ids=["empty", "half", "null", "truncated", "page", "closed"],
)
async def test_what_nobody_can_read_is_never_taken_for_sent(
    carry: Carry, simulator: Simulator, answer: Answer
) -> None:
    readable = simulator.silent_success and answer in _SUCCESSES_BY_STATUS
    readable |= simulator.empty_success and answer is _EMPTY
    with HttpProvider(answer) as provider:
        outcome = await _send(carry, simulator, provider)
    assert isinstance(outcome, Accepted if readable else Unknown | Rejected | Deferred)


@_EACH
async def test_a_redirect_is_not_followed(carry: Carry, simulator: Simulator) -> None:
    with HttpProvider(reply(302, "", Location="/login")) as provider:
        outcome = await _send(carry, simulator, provider)
    assert isinstance(outcome, Rejected)
    assert len(provider.received) == 1
