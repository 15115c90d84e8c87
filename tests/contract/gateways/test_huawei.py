# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A HiLink stick's tokens: each is good for one request, and older sticks know no session."""

from smsotpd.core.outcome import Accepted, Deferred, Rejected
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import HttpProvider, reply
from tests.fakes.providers.huawei_e3531 import Stick
from tests.fakes.providers.strict import number_for


async def test_a_token_that_went_stale_is_asked_anew_once(carry: Carry) -> None:
    stick = Stick()
    with HttpProvider(stick.provider) as provider:
        outcome = await carry(
            "huawei_e3531", {"api": f"{provider.url}/api"}, {}, number=number_for(5)
        )
    assert outcome == Accepted()
    assert stick.sessions == 2
    assert stick.provider.violations == []


async def test_a_stick_that_takes_no_token_is_asked_twice_and_no_more(carry: Carry) -> None:
    stick = Stick()
    with HttpProvider(stick.provider) as provider:
        outcome = await carry(
            "huawei_e3531", {"api": f"{provider.url}/api"}, {}, number=number_for(4)
        )
    assert isinstance(outcome, Deferred)
    assert len(provider.received) == 4


async def test_an_older_stick_gives_a_token_without_a_session(carry: Carry) -> None:
    stick = Stick(knows_sessions=False)
    with HttpProvider(stick.provider) as provider:
        outcome = await carry("huawei_e3531", {"api": f"{provider.url}/api"}, {})
    assert outcome == Accepted()
    assert [each.path for each in provider.received] == [
        "/api/webserver/SesTokInfo",
        "/api/webserver/token",
        "/api/sms/send-sms",
    ]


async def test_a_router_that_is_no_stick_gets_no_message(carry: Carry) -> None:
    with HttpProvider(reply(200, "<html>Router</html>")) as provider:
        outcome = await carry("huawei_e3531", {"api": f"{provider.url}/api"}, {})
    assert isinstance(outcome, Rejected)
    assert len(provider.received) == 1
