# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What providers of SMS tell of an account without sending, over real connections."""

import pytest

from smsotpd.core.report import Condition
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import HttpProvider, reply
from tests.fakes.providers import clockworksms, playsms, sipgate, voipms
from tests.fakes.providers.strict import Simulator

_FOUND = {
    "clockworksms": (Condition.READY, (("Balance", "287.58 GBP"),)),
    "sipgate": (Condition.READY, (("Balance", "4.50 EUR"),)),
    "playsms": (Condition.READY, (("Balance", "12.30"),)),
    "voipms": (Condition.DEGRADED, (("Balance", "0.00"),)),
}
_EACH = pytest.mark.parametrize(
    "simulator",
    [clockworksms.SIMULATOR, playsms.SIMULATOR, sipgate.SIMULATOR, voipms.SIMULATOR],
    ids=lambda each: each.gateway_id,
)


async def _inspect(
    carry: Carry, simulator: Simulator, provider: HttpProvider, **secrets: str
) -> tuple[Condition, tuple[tuple[str, str], ...]]:
    url = {simulator.url_setting: f"{provider.url}{simulator.path}"}
    report = await carry.inspect(
        simulator.gateway_id, {**url, **simulator.settings}, {**simulator.secrets, **secrets}
    )
    assert report.summary
    return report.condition, report.facts


@_EACH
async def test_an_account_tells_its_balance(carry: Carry, simulator: Simulator) -> None:
    answers = simulator.provider()
    with HttpProvider(answers) as provider:
        found = await _inspect(carry, simulator, provider)
    assert answers.violations == []
    assert found == _FOUND[simulator.gateway_id]


@_EACH
async def test_an_account_with_wrong_credentials_is_down(
    carry: Carry, simulator: Simulator
) -> None:
    answers = simulator.provider()
    wrong = dict.fromkeys(simulator.secrets, "wrong")
    with HttpProvider(answers) as provider:
        found = await _inspect(carry, simulator, provider, **wrong)
    assert answers.violations == []
    assert found == (Condition.DOWN, ())


@_EACH
@pytest.mark.parametrize("status", [401, 503])
async def test_a_failing_provider_is_down(carry: Carry, simulator: Simulator, status: int) -> None:
    with HttpProvider(reply(status, "")) as provider:
        found = await _inspect(carry, simulator, provider)
    assert found == (Condition.DOWN, ())
