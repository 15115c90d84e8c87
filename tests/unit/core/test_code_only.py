# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A code without a PIN: for stacks where another module, or an SSH key, came first."""

import pytest

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.events import CodeSent, LoginDenied
from smsotpd.core.outcome import Accepted
from smsotpd.core.policy import Factor
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import Result, Step, StepKind
from tests.fakes.world import MASKED, WRONG_CODE, World


@pytest.fixture
def code_only(world: World) -> World:
    world.set_policy(factors=frozenset({Factor.CODE}))
    return world


def test_nothing_is_sent_before_somebody_asks_for_it(code_only: World) -> None:
    terminal = code_only.begin()
    assert terminal.steps == (Step(StepKind.HIDDEN, f"Type r for a code to {MASKED}: "),)
    assert code_only.texts == []


async def test_the_word_sends_the_code_and_the_code_lets_in(code_only: World) -> None:
    terminal = await code_only.begin().answer("r")
    assert terminal.prompt == f"Code sent to {MASKED}: "
    await terminal.answer(code_only.code)
    assert terminal.outcome is Result.SUCCESS


async def test_an_empty_answer_may_be_a_programs_and_sends_nothing(code_only: World) -> None:
    terminal = code_only.begin()
    for _ in range(20):
        await terminal.answer("")
        assert terminal.prompt == f"Type r for a code to {MASKED}: "
    await terminal.answer("")
    assert terminal.outcome is Result.MAXTRIES
    assert code_only.texts == []


async def test_a_code_that_is_out_is_asked_for_at_once(code_only: World) -> None:
    await code_only.begin().answer("r")
    terminal = code_only.begin()
    assert terminal.prompt == f"Code was already sent to {MASKED}: "
    await terminal.answer(code_only.code)
    assert terminal.outcome is Result.SUCCESS
    assert len(code_only.texts) == 1


async def test_a_code_typed_before_one_was_sent_is_no_code(code_only: World) -> None:
    terminal = await code_only.begin().answer("123456")
    assert terminal.prompt == "This code has expired. r sends a new one: "
    assert code_only.texts == []


async def test_where_only_sent_codes_count_nothing_is_guessed_before_one_is_out(
    code_only: World,
) -> None:
    code_only.set_policy(codes=frozenset({CodeKind.SENT}))
    terminal = await code_only.begin().answer("123456")
    assert terminal.prompt == "This code has expired. r sends a new one: "
    assert code_only.failures().in_all == 0


@pytest.mark.parametrize("user", ["anna", "nobody"])
async def test_where_apps_count_a_code_typed_too_early_is_a_guess_of_everybody(
    code_only: World, user: str
) -> None:
    await code_only.begin(user).answer("123456")
    assert code_only.failures(user).in_all == 1


async def test_a_cool_down_ends_the_login_with_the_reason(code_only: World) -> None:
    await code_only.begin().answer("r")
    terminal = await code_only.begin(service="sudo").answer("r")
    assert terminal.notes == ["A code was sent just now. Try again in 30 s."]


async def test_a_password_that_sshd_does_not_want_judged_ends_it_unsent(code_only: World) -> None:
    before = code_only.stored()
    terminal = await code_only.begin().answer("\b\n\r\x7fINCORRECT")
    assert terminal.outcome is Result.AUTH_ERR
    assert code_only.texts == []
    assert code_only.stored() == before


def test_the_passwords_of_the_stack_are_not_asked_for(code_only: World) -> None:
    assert code_only.begin(use_first_pass=True).steps[-1].kind is StepKind.HIDDEN


async def test_an_unknown_user_meets_the_same_steps_and_nothing_is_sent(code_only: World) -> None:
    shapes = []
    for user in ("anna", "nobody"):
        terminal = code_only.begin(user, rhost=user)
        texts = [terminal.prompt]
        for answer in ("r", WRONG_CODE, "", "r", WRONG_CODE, WRONG_CODE):
            await terminal.answer(answer)
            texts += [step.text for step in terminal.steps]
        shapes.append([text[:-6] if "•" in text else text for text in texts])
    enrolled, unknown = shapes
    assert enrolled == unknown
    assert enrolled[-1] == Result.MAXTRIES
    assert len(code_only.texts) == 1
    assert {event.login.user for event in code_only.journal.of(CodeSent)} == {"anna"}


async def test_an_unknown_user_waits_as_long_as_an_enrolled_one(code_only: World) -> None:
    for number, seconds in enumerate((9.0, 2.0, 2.0)):
        code_only.gateway.will(Accepted(), seconds=seconds)
        code_only.users.unlock("anna", 0)
        await code_only.begin(rhost=f"h{number}").answer("r")
    begun = code_only.clock.now().boot
    await code_only.begin("nobody").answer("r")
    assert code_only.clock.now().boot - begun == 2.0


async def test_before_any_send_an_unknown_user_waits_a_moment(code_only: World) -> None:
    begun = code_only.clock.now().boot
    await code_only.begin("nobody").answer("r")
    assert code_only.clock.now().boot - begun == pytest.approx(0.3)


async def test_a_made_up_number_stays_the_same_and_looks_like_most(code_only: World) -> None:
    code_only.enrol("ben", phone="+431234567")
    code_only.enrol("carl")
    first = code_only.begin("nobody").prompt
    code_only.restart()
    assert code_only.begin("nobody").prompt == first
    assert first.startswith("Type r for a code to +49 ••• ••")
    others = {code_only.begin(f"nobody-{number}").prompt for number in range(20)}
    assert len(others) > 5


def test_where_nobody_is_enrolled_a_made_up_number_has_no_country() -> None:
    empty = World()
    empty.set_policy(factors=frozenset({Factor.CODE}))
    assert empty.begin().prompt.startswith("Type r for a code to ••• ••")


async def test_guessing_the_code_of_an_unknown_user_lets_nobody_in(code_only: World) -> None:
    terminal = await code_only.begin("nobody").answer("r")
    await terminal.answer(code_only.source.codes[-1])
    assert terminal.outcome is Result.MAXTRIES
    assert code_only.journal.of(LoginDenied)[-1].reason == "disabled"


async def test_a_disabled_user_meets_the_prompts_of_an_unknown_one(code_only: World) -> None:
    code_only.enrol(disabled=True)
    terminal = code_only.begin()
    assert MASKED not in terminal.prompt
    await terminal.answer("r")
    assert terminal.outcome is None
    assert code_only.texts == []


async def test_who_is_enrolled_after_a_decoy_is_sent_a_real_code(code_only: World) -> None:
    await code_only.begin("ben").answer("r")
    await code_only.users.enrol("ben", "sms", "+431234567", Secret("Wirsing-31"), 0, verify=False)
    code_only.users.unlock("ben", 0)
    terminal = await code_only.begin("ben").answer("r")
    assert len(code_only.texts) == 1
    await terminal.answer(code_only.code)
    assert terminal.outcome is Result.SUCCESS
