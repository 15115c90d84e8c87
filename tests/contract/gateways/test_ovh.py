# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""OVHcloud's dialogue where it breaks off: only the second request hands the message over."""

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Unknown
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import Answer, HttpProvider, Line, Received, close, hang, reset
from tests.fakes.providers.ovh import SIMULATOR


def _fails_at(path: str, failure: Answer) -> Answer:
    strict = SIMULATOR.provider()

    def answer(received: Received, line: Line) -> None:
        (failure if received.path.endswith(path) else strict)(received, line)

    return answer


async def _send(carry: Carry, provider: HttpProvider, deadline: float = 10.0) -> Outcome:
    return await carry(
        "ovh",
        {**SIMULATOR.settings, "base_url": f"{provider.url}/1.0"},
        SIMULATOR.secrets,
        deadline=deadline,
    )


async def test_what_breaks_while_the_time_is_asked_for_is_surely_not_sent(carry: Carry) -> None:
    for failure in (close, reset):
        with HttpProvider(_fails_at("/auth/time", failure)) as provider:
            outcome = await _send(carry, provider)
        assert isinstance(outcome, Deferred)
        assert outcome.error_class is ErrorClass.TEMPORARY


async def test_what_breaks_after_the_message_may_have_been_sent(carry: Carry) -> None:
    for failure in (close, reset):
        with HttpProvider(_fails_at("/jobs", failure)) as provider:
            assert isinstance(await _send(carry, provider), Unknown)


async def test_the_deadline_holds_for_both_requests_together(carry: Carry) -> None:
    with HttpProvider(_fails_at("/jobs", hang)) as provider:
        assert isinstance(await _send(carry, provider, deadline=0.3), Unknown)
    with HttpProvider(_fails_at("/auth/time", hang)) as provider:
        assert isinstance(await _send(carry, provider, deadline=0.3), Deferred)


async def test_two_requests_are_made_and_no_more(carry: Carry) -> None:
    with HttpProvider(SIMULATOR.provider()) as provider:
        await _send(carry, provider)
    assert [each.path for each in provider.received] == [
        "/1.0/auth/time",
        "/1.0/sms/sms-ab12345-1/jobs",
    ]
