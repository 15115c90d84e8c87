# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Ways around PIN and code, and around the limits of guessing them."""

import pytest

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import LoginGranted
from smsotpd.core.limits import Budget
from smsotpd.core.origin import origin_of
from smsotpd.core.policy import Mode
from smsotpd.core.recipient import parse_phone
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Result
from tests.fakes.world import PHONE, PIN, WRONG_CODE, World
from tests.tally import Tried

NEW_PIN = "Blumenkohl8"


@pytest.fixture
def world() -> World:
    world = World()
    world.enrol()
    return world


async def test_who_proved_an_old_pin_has_no_use_of_a_newer_code(world: World, tried: Tried) -> None:
    tried()
    world.set_limits(resend_seconds=0.0)
    attacker = await world.begin(service="login").answer(PIN)
    await world.users.set_pin("anna", Secret(NEW_PIN), 0)
    await world.begin(service="login", owner=":1.8").answer(NEW_PIN)

    await attacker.answer(world.code)

    assert attacker.outcome is not Result.SUCCESS
    assert world.journal.of(LoginGranted) == []
    challenge = world.challenge()
    assert challenge is not None, "and the code is still there for whom it was sent to"
    assert challenge.answers_left == 3


async def test_an_old_pin_and_a_code_that_waits_for_its_turn_do_not_let_in(
    world: World, tried: Tried
) -> None:
    """The PIN changes while a guess is delayed, and the next login's code is out by then."""
    tried()
    world.set_limits(resend_seconds=0.0, failures_without_delay=1)
    attacker = await world.begin(service="login").answer(PIN)
    await attacker.answer(WRONG_CODE)

    def change_the_pin() -> None:
        encoded = world.hasher.encoded(NEW_PIN)
        with world.store.change() as change:
            change.put_enrolment(Enrolment("anna", (parse_phone(PHONE),), encoded))

    world.clock.meanwhile = change_the_pin
    await attacker.answer(world.code)
    assert attacker.outcome is not Result.SUCCESS


@pytest.mark.parametrize("user", ["anna", "nobody"])
async def test_pin_and_code_in_one_take_the_same_work_whichever_is_wrong(
    world: World, user: str, tried: Tried
) -> None:
    tried(2)
    world.set_limits(failures_without_delay=99)
    costs = []
    for pin in (PIN, NEW_PIN):
        before = world.hasher.verified
        terminal = world.begin(user, mode=Mode.TWO_ATTEMPT)
        await terminal.answer(f"{pin}000000")
        assert terminal.outcome is Result.AUTH_ERR
        costs.append(world.hasher.verified - before)
    assert costs == [2, 2]


async def test_a_network_of_addresses_has_the_guesses_of_one(world: World, tried: Tried) -> None:
    tried(20)
    world.set_limits(guesses_per_origin=Budget(5, 3600.0), failures_without_delay=99)
    for number in range(20):
        terminal = world.begin(f"user{number}", rhost=f"2001:db8:0:7::{number:x}")
        await terminal.answer(NEW_PIN)
    assert world.count("guess", "origin", "2001:db8:0:7::/64") == 5
    anna = await world.begin(rhost="2001:db8:0:8::1").answer(PIN)
    assert anna.outcome is None


@pytest.mark.parametrize(
    ("rhost", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::7", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("Host.Example.", "host.example"),
        ("", ""),
        ("300.1.1.1", "300.1.1.1"),
    ],
)
def test_an_origin_has_one_name(rhost: str, origin: str, tried: Tried) -> None:
    tried()
    assert origin_of(rhost) == origin


async def test_guesses_at_invented_names_lock_nobody_out(world: World, tried: Tried) -> None:
    tried(200)
    world.set_limits(guesses_in_all=Budget(50, 3600.0), guesses_per_prefix=Budget(50, 3600.0))
    for number in range(200):
        terminal = world.begin(f"invented{number}", rhost=f"198.51.100.{number}")
        await terminal.answer(NEW_PIN)
    anna = await world.begin().answer(PIN)
    assert anna.outcome is None
    assert world.count("guess", "all", "not enrolled") == 50, "which bounds what is stored"


async def test_what_is_refused_unjudged_is_written_as_well(world: World, tried: Tried) -> None:
    """A write to disk takes long enough to be measured from afar."""
    tried(4)
    world.set_limits(guesses_per_origin=Budget(1, 3600.0))
    tables = []
    for user in ("invented", "anna", "anna", "other"):
        world.clock.advance(1.0)
        before = world.stored()
        await world.begin(user).answer(NEW_PIN)
        tables.append(world.stored() != before)
    assert tables == [True] * 4


async def test_as_many_counters_are_written_for_every_name(tried: Tried) -> None:
    tried(2)
    counts = []
    for user in ("anna", "invented"):
        fresh = World()
        fresh.enrol()
        await fresh.begin(user).answer(NEW_PIN)
        counts.append(len(fresh.store._tables.counters))
    assert counts[0] == counts[1]
