# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Many users at once: each wholly or not at all, whatever becomes of the others."""

from dataclasses import replace

import pytest

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import BadArgumentError, RefusedError, UnavailableError
from smsotpd.core.events import EnrolmentChanged
from smsotpd.core.importing import MOST_AT_ONCE, Answer, Imports, Verdict, Wish
from smsotpd.core.policy import Factor, Policy
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Result
from tests.fakes.world import PHONE, PIN, USER, World

OTHER_PHONE = "+4915112345680"
BY = 1000


@pytest.fixture
def imports(world: World) -> Imports:
    with world.store.change() as change:
        change.drop_enrolment(USER)
    return Imports(
        world.store,
        world.clock,
        world.hasher,
        world.journal,
        lambda: world.settings,
        world.notifier.tell,
    )


def wish(user: str, *, pin: str = PIN, **addresses: str) -> Wish:
    return Wish(user, addresses, Secret(pin))


async def run(
    imports: Imports, *wishes: Wish, dry_run: bool = False, without_pin: bool = False
) -> list[Answer]:
    return await imports.enrol(wishes, BY, dry_run=dry_run, without_pin=without_pin)


def enrolment(world: World, user: str) -> Enrolment | None:
    with world.store.change() as change:
        return change.enrolment(user)


async def test_users_are_enrolled_with_all_their_addresses(world: World, imports: Imports) -> None:
    answers = await run(imports, wish("anna", signal=PHONE, sms=PHONE), wish("bob", sms=PHONE))

    assert answers == [Answer("anna", Verdict.ENROLLED), Answer("bob", Verdict.ENROLLED)]
    found = enrolment(world, "anna")
    assert found is not None
    assert [each.channel for each in found.recipients] == ["signal", "sms"]
    assert await world.hasher.verify(found.pin_hash, Secret(PIN))
    assert world.journal.of(EnrolmentChanged) == [
        EnrolmentChanged("anna", "enrolled", BY),
        EnrolmentChanged("bob", "enrolled", BY),
    ]


async def test_what_is_wrong_with_one_does_not_touch_the_others(
    world: World, imports: Imports
) -> None:
    answers = await run(
        imports,
        wish("a b", sms=PHONE),
        wish("carl", sms="0170"),
        wish("dora", fax=PHONE),
        wish("emil", sms=PHONE, pin="1111"),
        wish("fritz", sms=PHONE, pin=""),
        wish("gerd"),
        wish("hans", sms=PHONE),
    )

    assert [each.verdict for each in answers] == [*[Verdict.REFUSED] * 6, Verdict.ENROLLED]
    assert [each.reason.split()[0] for each in answers[:4]] == ["user", "phone", "channel", "PIN"]
    assert "needs a PIN" in answers[4].reason
    assert "needs an address" in answers[5].reason
    assert [state.enrolment.user for state in world.users.list()] == ["hans"]
    assert not any("0170" in each.reason or "1111" in each.reason for each in answers)


async def test_the_same_again_changes_nothing(world: World, imports: Imports) -> None:
    await run(imports, wish("anna", sms=PHONE, signal=OTHER_PHONE))
    before, events = enrolment(world, "anna"), len(world.journal.events)

    again = await run(imports, wish("anna", sms=PHONE), wish("anna2", sms=PHONE))
    without = await run(imports, wish("anna", pin="", signal=OTHER_PHONE))

    assert [each.verdict for each in (*again, *without)] == ["unchanged", "enrolled", "unchanged"]
    assert enrolment(world, "anna") == before
    assert len(world.journal.events) == events + 1


async def test_a_new_number_or_pin_changes_that_alone_and_ends_what_was_open(
    world: World, imports: Imports
) -> None:
    await run(imports, wish("anna", sms=PHONE, signal=PHONE))
    before = enrolment(world, "anna")
    assert before is not None

    [changed] = await run(imports, wish("anna", pin="", sms=OTHER_PHONE))

    assert changed.verdict is Verdict.CHANGED
    after = enrolment(world, "anna")
    assert after == replace(
        before, recipients=(Recipient("sms", OTHER_PHONE), before.recipients[1])
    )
    [changed] = await run(imports, wish("anna", pin="Rotkohl99"))
    assert changed.verdict is Verdict.CHANGED
    now = enrolment(world, "anna")
    assert now is not None
    assert now.recipients == after.recipients
    assert await world.hasher.verify(now.pin_hash, Secret("Rotkohl99"))


async def test_a_disabled_user_stays_disabled(world: World, imports: Imports) -> None:
    await run(imports, wish("anna", sms=PHONE))
    world.users.disable("anna", BY)

    await run(imports, wish("anna", sms=OTHER_PHONE))

    found = enrolment(world, "anna")
    assert found is not None
    assert found.disabled


async def test_a_dry_run_says_the_same_and_writes_nothing(world: World, imports: Imports) -> None:
    await run(imports, wish("anna", sms=PHONE))
    before, events = enrolment(world, "anna"), list(world.journal.events)
    wishes = (wish("anna", sms=PHONE), wish("bob", sms=PHONE), wish("carl", sms="+1"))
    changed = wish("anna", sms=OTHER_PHONE, pin="Rotkohl99")

    dry = await run(imports, *wishes, dry_run=True)
    [would_change] = await run(imports, changed, dry_run=True)

    assert (enrolment(world, "anna"), enrolment(world, "bob")) == (before, None)
    assert world.journal.events == events
    assert would_change.verdict is Verdict.CHANGED
    assert await run(imports, *wishes) == dry


async def test_a_user_named_twice_gets_neither(world: World, imports: Imports) -> None:
    answers = await run(imports, wish("anna", sms=PHONE), wish("anna", sms=OTHER_PHONE))

    assert [each.verdict for each in answers] == ["refused", "refused"]
    assert enrolment(world, "anna") is None


async def test_users_without_a_pin_need_a_service_that_asks_for_none(
    world: World, imports: Imports
) -> None:
    with pytest.raises(RefusedError, match="every service asks for a PIN"):
        await run(imports, wish("anna", pin="", sms=PHONE), without_pin=True)

    sudo = Policy(factors=frozenset({Factor.CODE}))
    world.settings = replace(world.settings, services={"sudo": sudo})

    [answer] = await run(imports, wish("anna", pin="", sms=PHONE), without_pin=True)
    assert answer.verdict is Verdict.ENROLLED


async def test_a_user_without_a_pin_is_let_in_by_no_pin(world: World, imports: Imports) -> None:
    sudo = Policy(factors=frozenset({Factor.CODE}))
    world.settings = replace(world.settings, services={"sudo": sudo})
    await run(imports, wish("anna", pin="", sms=PHONE), without_pin=True)

    for guess in ("", PIN, "not hashed"):
        terminal = await world.begin(USER).answer(guess)
        assert terminal.outcome is Result.AUTH_ERR
    assert world.texts == []


async def test_who_was_changed_while_pins_were_hashed_is_left_alone(
    world: World, imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(imports, wish("anna", sms=PHONE))
    hasher = world.hasher.hash

    async def hash_while_somebody_disables(pin: Secret) -> str:
        world.users.disable("anna", BY)
        return await hasher(pin)

    monkeypatch.setattr(world.hasher, "hash", hash_while_somebody_disables)

    answers = await run(imports, wish("anna", pin="Rotkohl99"), wish("bob", sms=PHONE))

    assert [each.verdict for each in answers] == ["refused", "enrolled"]
    assert "meanwhile" in answers[0].reason
    found = enrolment(world, "anna")
    assert found is not None
    assert found.disabled
    assert await world.hasher.verify(found.pin_hash, Secret(PIN))


async def test_a_store_that_cannot_be_written_changes_nobody(
    world: World, imports: Imports
) -> None:
    world.store.unavailable = True

    with pytest.raises(UnavailableError):
        await run(imports, wish("anna", sms=PHONE))

    world.store.unavailable = False
    assert world.users.list() == []


async def test_too_many_at_once_are_refused(imports: Imports) -> None:
    with pytest.raises(BadArgumentError):
        await run(imports, *(wish(f"u{n}", sms=PHONE) for n in range(MOST_AT_ONCE + 1)))


async def test_an_address_that_another_replaces_is_told(world: World, imports: Imports) -> None:
    await run(imports, wish("anna", sms=PHONE), wish("bob", sms=PHONE))
    await run(imports, wish("anna", sms=OTHER_PHONE), wish("bob", sms=PHONE, pin="Wirsing-31"))
    assert await world.notifications.send_next()
    assert [message.recipient.address for message in world.gateway.messages] == [PHONE]
    assert "were changed" in world.texts[0]
    assert not await world.notifications.send_next()
