# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Providers that tell an account's balance, asked without a message."""

import pytest

from smsotpd.core.report import Condition, Report
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import Answer, HttpProvider, close, reply
from tests.fakes.providers import clicksend, sms77io, smsapi
from tests.fakes.providers.strict import Simulator

_BALANCES = {"clicksend": "2.01 USD", "sms77io": "12.30 EUR", "smsapi": "12.30 points"}
_EACH = pytest.mark.parametrize(
    "simulator",
    [clicksend.SIMULATOR, sms77io.SIMULATOR, smsapi.SIMULATOR],
    ids=lambda each: each.gateway_id,
)


async def _ask(
    carry: Carry, simulator: Simulator, answer: Answer, secrets: dict[str, str] | None = None
) -> Report:
    with HttpProvider(answer) as provider:
        url = {simulator.url_setting: f"{provider.url}{simulator.path}"}
        settings = {**simulator.settings, **url}
        return await carry.inspect(
            simulator.gateway_id, settings, {**simulator.secrets, **(secrets or {})}
        )


@_EACH
async def test_the_balance_is_told(carry: Carry, simulator: Simulator) -> None:
    answers = simulator.provider()
    report = await _ask(carry, simulator, answers)
    assert answers.violations == []
    assert report.condition is Condition.READY
    assert report.facts == (("Balance", _BALANCES[simulator.gateway_id]),)


@_EACH
async def test_wrong_credentials_are_told(carry: Carry, simulator: Simulator) -> None:
    wrong = dict.fromkeys(simulator.secrets, "wrong")
    report = await _ask(carry, simulator, simulator.provider(), wrong)
    assert report.condition is Condition.DOWN
    assert "credentials" in report.summary


@_EACH
@pytest.mark.parametrize("answer", [close, reply(503, "")], ids=["closed", "outage"])
async def test_an_outage_is_told(carry: Carry, simulator: Simulator, answer: Answer) -> None:
    assert (await _ask(carry, simulator, answer)).condition is Condition.DOWN


@_EACH
@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"amount":"x","points":[],"data":7}'])
async def test_what_nobody_can_read_is_no_balance(
    carry: Carry, simulator: Simulator, text: str
) -> None:
    assert (await _ask(carry, simulator, reply(200, text))).condition is Condition.UNKNOWN
