# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every prompt says what the user must know, in 60 characters, and steers no terminal."""

import pytest

from smsotpd.core import prompts
from smsotpd.core.policy import Policy, Texts
from smsotpd.core.sending import Sent
from smsotpd.core.text import has_control_characters
from smsotpd.core.transaction import Context, Result, Step, StepKind, Steps
from tests.fakes.every_step import CONTEXT, NOT_SENT, SENT, all_steps, steps_around_a_login
from tests.fakes.world import PIN, World

POLICY = Policy()

STEPS = list(dict.fromkeys((*all_steps(POLICY), *steps_around_a_login())))


@pytest.mark.parametrize("step", STEPS)
def test_every_text_as_shipped_has_at_most_sixty_characters(step: Step) -> None:
    assert len(step.text) <= 60
    assert not has_control_characters(step.text)


@pytest.mark.parametrize("step", STEPS)
def test_every_prompt_ends_so_that_the_answer_stands_apart(step: Step) -> None:
    if step.kind in {StepKind.HIDDEN, StepKind.VISIBLE}:
        assert step.text.endswith(": ")


async def test_what_is_told_at_too_many_wrong_codes_is_short_too(world: World) -> None:
    terminal = await world.begin().answer(PIN, "x", "x", "x")
    (told,) = terminal.notes
    assert 0 < len(told) <= 60


@pytest.mark.parametrize("sent", SENT)
def test_steps_end_with_one_prompt_or_outcome_and_hold_no_other(sent: Sent) -> None:
    last = {StepKind.HIDDEN, StepKind.VISIBLE, StepKind.AUTHTOK, StepKind.OUTCOME}
    lists: list[Steps] = [
        prompts.ask_code(POLICY, CONTEXT, sent),
        prompts.end_first_attempt(sent),
        *(prompts.end_unsent(not_sent) for not_sent in NOT_SENT),
    ]
    for steps in lists:
        assert steps[-1].kind in last
        assert not any(step.kind in last for step in steps[:-1])


def test_prompts_hide_what_is_typed() -> None:
    kinds = {step.kind for step in all_steps(POLICY)}
    assert StepKind.VISIBLE not in kinds


def test_the_policys_texts_are_shown_with_the_number_filled_in() -> None:
    texts = Texts("Pin? ", "Beides? ", "Schicken an {phone}? ", "An {phone}: ", "neu")
    policy = Policy(texts=texts)
    assert prompts.ask_pin(policy, CONTEXT)[0].text == "Pin? "
    assert prompts.ask_single(policy, CONTEXT)[0].text == "Beides? "
    assert prompts.ask_send(policy, "+1 ••")[0].text == "Schicken an +1 ••? "
    assert prompts.ask_code(policy, CONTEXT, Sent("+1 ••", is_new=True))[0].text == "An +1 ••: "
    assert "(neu: new one)" in prompts.ask_again(policy, 2)[0].text


def test_the_programs_prompts_win_over_the_policys() -> None:
    context = Context("anna", "sshd", pin_prompt="P: ", code_prompt="C {phone} {user}: ")
    assert prompts.ask_pin(POLICY, context)[0].text == "P: "
    assert prompts.ask_single(POLICY, context)[0].text == "P: "
    for is_new in (True, False):
        steps = prompts.ask_code(POLICY, context, Sent("+1 ••", is_new=is_new))
        assert steps[0].text == "C +1 •• {user}: "


def test_what_could_steer_a_terminal_is_replaced_in_prompts() -> None:
    context = Context("anna", "sshd", pin_prompt="\x1b[2JPIN\n: ")
    assert prompts.ask_pin(POLICY, context)[0].text == "\ufffd[2JPIN\ufffd: "


def test_an_end_without_words_is_an_outcome_alone() -> None:
    assert prompts.end(Result.SUCCESS) == (Step(StepKind.OUTCOME, "PAM_SUCCESS"),)
    assert prompts.end(Result.MAXTRIES, "Why.")[0] == Step(StepKind.ERROR, "Why.")


def test_a_singular_try_is_called_one() -> None:
    assert "1 try left" in prompts.ask_again(POLICY, 1)[0].text
    assert "2 tries left" in prompts.ask_again(POLICY, 2)[0].text


def test_a_greeter_that_hides_the_first_prompt_is_told_before_it() -> None:
    context = Context("anna", "lightdm")
    assert prompts.ask_pin(POLICY, context) == (
        Step(StepKind.INFO, "PIN"),
        Step(StepKind.HIDDEN, "PIN: "),
    )
