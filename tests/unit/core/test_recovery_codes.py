# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Recovery codes: each lets in once, and only the hash of each is kept."""

import asyncio
import re

import pytest

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.errors import NotFoundError
from smsotpd.core.events import LoginGranted, RecoveryCodeUsed
from smsotpd.core.policy import Mode
from smsotpd.core.spare_code import RECOVERY_LETTERS, grouped, new_spare_code, parse_spare_code
from smsotpd.core.transaction import Result
from tests.fakes.world import PIN, World


@pytest.fixture
async def codes(world: World) -> list[str]:
    return await world.add_recovery_codes()


async def test_ten_codes_of_75_random_bits_are_made(world: World, codes: list[str]) -> None:
    assert len(codes) == 10
    assert "".join(code[0] for code in codes) == RECOVERY_LETTERS
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in codes)
    assert len({code[1:] for code in codes}) == 10
    assert world.ways().recovery_codes == 10


async def test_only_hashes_are_stored(world: World, codes: list[str]) -> None:
    with world.store.change() as change:
        stored = " ".join(change.recovery_codes("anna").values())
    for code in codes:
        assert parse_spare_code(code) not in stored


async def test_a_code_lets_in_once(world: World, codes: list[str]) -> None:
    terminal = await world.begin().answer(PIN, codes[2])
    assert terminal.outcome is Result.SUCCESS
    (event,) = world.journal.of(RecoveryCodeUsed)
    assert (event.letter, event.left) == ("C", 9)
    assert world.journal.of(LoginGranted)[-1].kind == "recovery"
    again = await world.begin().answer(PIN, codes[2])
    assert again.outcome is None
    assert (await world.begin(service="sudo").answer(PIN, codes[3])).outcome is Result.SUCCESS


async def test_one_code_in_two_logins_at_once_lets_one_in(world: World, codes: list[str]) -> None:
    first = await world.begin(rhost="192.0.2.1").answer(PIN)
    world.clock.advance(60.0)
    second = await world.begin(rhost="192.0.2.2").answer(PIN)
    world.hasher.yields = 3
    await asyncio.gather(first.answer(codes[0]), second.answer(codes[0]))
    assert [first.outcome, second.outcome].count(Result.SUCCESS) == 1
    assert len(world.journal.of(RecoveryCodeUsed)) == 1


async def test_a_code_is_used_up_over_a_restart(world: World, codes: list[str]) -> None:
    await world.begin().answer(PIN, codes[0])
    world.restart()
    assert (await world.begin().answer(PIN, codes[0])).outcome is None


async def test_a_new_set_ends_the_old_one(world: World, codes: list[str]) -> None:
    await world.add_recovery_codes()
    assert (await world.begin().answer(PIN, codes[0])).outcome is None


async def test_a_set_that_is_replaced_while_a_code_is_compared_lets_nobody_in(
    world: World, codes: list[str]
) -> None:
    terminal = await world.begin().answer(PIN)

    def replace_them() -> None:
        with world.store.change() as change:
            change.put_recovery_codes("anna", {"A": "another"})

    world.hasher.meanwhile = replace_them
    await terminal.answer(codes[0])
    assert terminal.outcome is None


async def test_slips_of_pen_and_case_do_not_matter(world: World) -> None:
    hashed = world.hasher.encoded("AOIBOIBOIBOIBOIB")
    with world.store.change() as change:
        change.put_recovery_codes("anna", {"A": hashed})
    terminal = await world.begin().answer(PIN, " a018 01-80 18018018 ")
    assert terminal.outcome is Result.SUCCESS


async def test_each_answer_costs_one_hash_whatever_the_user_has(
    world: World, codes: list[str]
) -> None:
    world.enrol("ben")
    spent: list[int] = []
    for user, answer in (
        ("anna", codes[0][:-1] + "A"),
        ("anna", "Z" + codes[0][1:]),
        ("ben", codes[0]),
    ):
        terminal = await world.begin(user, rhost=f"192.0.2.{len(spent)}").answer(PIN)
        world.clock.advance(60.0)
        before = world.hasher.verified
        await terminal.answer(answer)
        assert terminal.outcome is None
        spent.append(world.hasher.verified - before)
    assert spent == [1, 1, 1]


@pytest.mark.usefixtures("codes")
async def test_a_wrong_code_is_a_guess_like_others(world: World) -> None:
    wrong = "A" * 16
    terminal = await world.begin().answer(PIN, wrong, wrong, wrong)
    assert terminal.outcome is Result.MAXTRIES
    assert world.failures().in_all == 3
    assert world.ways().recovery_codes == 10


async def test_the_last_codes_are_warned_of_before_and_after(world: World) -> None:
    hashed = {letter: world.hasher.encoded(letter + "A" * 15) for letter in "ABC"}
    with world.store.change() as change:
        change.put_recovery_codes("anna", hashed)
    terminal = await world.begin().answer(PIN)
    assert "Only 3 recovery codes are left; ask for new ones." in terminal.notes
    await terminal.answer("A" * 16)
    assert terminal.notes == ["Only 2 recovery codes are left; ask for new ones."]
    terminal = await world.begin().answer(PIN, "B" + "A" * 15)
    assert terminal.notes == ["Only one recovery code is left; ask for new ones."]
    terminal = await world.begin().answer(PIN, "C" + "A" * 15)
    assert (terminal.outcome, terminal.notes) == (Result.SUCCESS, [])


async def test_pin_and_recovery_code_in_one_answer_are_told_apart_by_hyphens(
    world: World, codes: list[str]
) -> None:
    plain = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + codes[0].replace("-", ""))
    assert plain.outcome is Result.AUTH_ERR
    world.users.unlock("anna", 0)
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + codes[0])
    assert terminal.outcome is Result.SUCCESS


async def test_where_the_policy_does_not_name_them_they_are_worth_nothing(
    world: World, codes: list[str]
) -> None:
    world.set_policy(codes=frozenset({CodeKind.SENT, CodeKind.AUTHENTICATOR}))
    assert (await world.begin().answer(PIN, codes[0])).outcome is None
    assert world.ways().recovery_codes == 10


async def test_nobody_unenrolled_gets_any(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.recovery.renew("nobody", 0)

    def remove() -> None:
        world.users.remove("anna", 0)

    world.hasher.meanwhile = remove
    with pytest.raises(NotFoundError):
        await world.recovery.renew("anna", 0)
    assert world.ways().recovery_codes == 0


@pytest.mark.parametrize("text", ["", "123456", "A" * 15, "A" * 17, "L" + "A" * 15, "A" * 15 + "9"])
def test_what_has_not_the_form_is_no_spare_code(text: str) -> None:
    assert parse_spare_code(text) == ""


def test_a_code_is_parsed_as_it_is_shown() -> None:
    code = new_spare_code("B", lambda bits: "abcdefgh" * (bits // 8))
    assert (code, grouped(code)) == ("BABCDEFGHABCDEFG", "BABC-DEFG-HABC-DEFG")
    assert parse_spare_code(grouped(code)) == code
