# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What providers of SMS are sent, against the descriptions that they publish."""

import json

from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import HttpProvider, Received
from tests.fakes.providers import ovh, sms77io
from tests.fakes.providers.strict import Simulator
from tests.fakes.specs import assert_fits, published

_SEVENS_FORM = "#/paths/~1sms/post/requestBody/content/application~1x-www-form-urlencoded/schema"


async def _last_request(carry: Carry, simulator: Simulator) -> Received:
    with HttpProvider(simulator.provider()) as provider:
        url = {simulator.url_setting: f"{provider.url}{simulator.path}"}
        await carry(simulator.gateway_id, {**simulator.settings, **url}, simulator.secrets)
    return provider.received[-1]


async def test_seven_is_sent_what_its_openapi_description_names(carry: Carry) -> None:
    description = published("seven_openapi.yml")
    form = dict((await _last_request(carry, sms77io.SIMULATOR)).form)
    assert form.pop("ttl") == "5"  # documented on the web, missing in the description
    assert_fits(description, _SEVENS_FORM, form)


async def test_ovh_is_sent_what_its_api_description_names(carry: Carry) -> None:
    described = published("ovh_sms_jobs.json")["POST /sms/{serviceName}/jobs"]["body"]
    job = json.loads((await _last_request(carry, ovh.SIMULATOR)).body)
    assert {name for name, each in described.items() if each.get("required")} <= set(job)
    types = {"string": str, "string[]": list, "boolean": bool, "long": int}
    for name, value in job.items():
        named = described[name]
        assert type(value) is types.get(named["type"], str)
        assert value in named.get("values_UNCERTAIN", [value])
    assert described["validityPeriod"]["unit"] == "minutes"
    assert job["validityPeriod"] == 5
