# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What users of other programs complain of most, as far as no other file here tries it.

Modems that need a replug, ports that move and ports that are taken stand in test_recovery, timeouts
for what was sent and modems that ask to wait in test_sending, locked SIMs in test_sim_and_network.
"""

import asyncio
import time
from dataclasses import replace

import pytest

from smsotpd.core.outcome import Accepted, ErrorClass, Rejected
from smsotpd.core.recipient import parse_phone
from tests.contract.modem.conftest import CODE, FAST, Attach
from tests.fakes.scripted_modem import plugged

SECONDS = 20.0
WRONG = replace(CODE, recipient=parse_phone("+4917099999"))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("CMS 27", "the recipient's phone is out of order (CMS 27)"),
        ("CMS 38", "the network is out of order, or the number wrong (CMS 38)"),
        ("CMS 500", "weak signal, no credit, or CS against PS (CMS 500)"),
        ("CMS 331", "no network: mind the antenna (CMS 331)"),
        ("CMS 28", "the network does not know this SIM: ask the operator (CMS 28)"),
        ("CMS 4711", "a failure unknown to us (CMS 4711)"),
    ],
)
async def test_codes_are_told_in_words_and_the_last_of_them_kept(
    attach: Attach, result: str, words: str
) -> None:
    with plugged(results=(result,)) as modem:
        gateway = attach(modem)
        outcome = await gateway.send(CODE, SECONDS)
        assert not isinstance(outcome, Accepted)
        assert words in outcome.detail
        assert words in dict((await gateway.inspect(1)).facts)["Last failures"]


async def test_one_bad_number_holds_up_nobody(attach: Attach) -> None:
    with plugged(results=("CMS 1", "CMS 1", "CMS 1", ""), result_seconds=0.05) as modem:
        gateway = attach(modem)
        await gateway.inspect(SECONDS)
        messages = [WRONG, WRONG, WRONG, *[CODE] * 5]
        outcomes = await asyncio.gather(*(gateway.send(each, SECONDS) for each in messages))
        for outcome in outcomes[:3]:
            assert isinstance(outcome, Rejected)
            assert outcome.error_class is ErrorClass.RECIPIENT
        assert all(isinstance(each, Accepted) for each in outcomes[3:])
        assert len(modem.messages) == len(messages), "a bad number is tried once"
        assert modem.resets == 0


async def test_a_service_centre_that_the_sim_tells_late_is_waited_for(attach: Attach) -> None:
    with plugged(late_centre=4) as modem:
        gateway = attach(modem, timing=replace(FAST, smsc=2.0))
        assert await gateway.send(CODE, SECONDS) == Accepted("1")
        assert modem.script.late_centre == 0


async def test_a_message_for_an_idle_modem_waits_for_no_poll(attach: Attach) -> None:
    with plugged() as modem:
        gateway = attach(modem, timing=replace(FAST, probe=600.0))
        await gateway.inspect(SECONDS)
        took = []
        for _ in range(4):
            await asyncio.sleep(0.3)  # let it fall idle
            begun = time.monotonic()
            assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
            took.append(time.monotonic() - begun)
        assert min(took) < 0.5, "the worker is woken, and looks not once a second"
