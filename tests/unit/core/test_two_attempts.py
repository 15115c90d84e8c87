# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""PIN first, then PIN and code in one string: for programs with a single password field."""

import pytest

from smsotpd.core.events import LoginDenied
from smsotpd.core.outcome import ErrorClass, Rejected, Unknown
from smsotpd.core.policy import Factor, Mode, Policy, Settings, mode_for
from smsotpd.core.throttle import Failures
from smsotpd.core.transaction import Result, Step, StepKind
from tests.fakes.world import MASKED, PIN, WRONG_CODE, Terminal, World

TWO = Mode.TWO_ATTEMPT


async def attempt(world: World, answer: str) -> Terminal:
    """Log in once at a program with a single field."""
    return await world.begin(mode=TWO).answer(answer)


async def test_the_first_attempt_asks_for_either_in_one_field(world: World) -> None:
    terminal = world.begin(mode=TWO)
    assert terminal.steps == (Step(StepKind.HIDDEN, "PIN, or PIN and code: "),)


async def test_the_attempt_with_the_pin_sends_the_code_and_is_denied(world: World) -> None:
    terminal = await attempt(world, PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert terminal.notes == [f"Code sent to {MASKED}. Log in again with PIN and code."]
    assert len(world.texts) == 1
    (event,) = world.journal.of(LoginDenied)
    assert event.reason == "first of two attempts: code sent"


async def test_the_attempt_with_pin_and_code_is_granted(world: World) -> None:
    await attempt(world, PIN)
    terminal = await attempt(world, PIN + world.code)
    assert terminal.steps == (Step(StepKind.OUTCOME, Result.SUCCESS),)


async def test_pin_and_code_let_in_once(world: World) -> None:
    await attempt(world, PIN)
    answer = PIN + world.code
    assert (await attempt(world, answer)).outcome is Result.SUCCESS
    assert (await attempt(world, answer)).outcome is Result.AUTH_ERR


async def test_the_pin_again_sends_no_second_code(world: World) -> None:
    for _ in range(3):
        await attempt(world, PIN)
    assert len(world.texts) == 1
    assert (await attempt(world, PIN + world.code)).outcome is Result.SUCCESS


async def test_a_wrong_pin_looks_like_a_wrong_code(world: World) -> None:
    await attempt(world, PIN)
    wrong = "000000" if world.code != "000000" else "111111"
    assert (await attempt(world, PIN + wrong)).steps == (Step(StepKind.OUTCOME, "PAM_AUTH_ERR"),)
    other = await attempt(world, f"Blumenkohl8{wrong}")
    assert other.steps == (Step(StepKind.OUTCOME, "PAM_AUTH_ERR"),)
    reasons = [event.reason for event in world.journal.of(LoginDenied)]
    assert reasons[1:] == ["wrong code", "wrong PIN"]


async def test_a_wrong_pin_with_the_right_code_lets_nobody_in_and_costs_no_answer(
    world: World,
) -> None:
    await attempt(world, PIN)
    before = world.challenge()
    terminal = await attempt(world, f"Blumenkohl8{world.code}")
    assert terminal.outcome is Result.AUTH_ERR
    assert world.challenge() == before


async def test_the_third_wrong_code_ends_the_code(world: World) -> None:
    await attempt(world, PIN)
    for _ in range(3):
        await attempt(world, f"{PIN}000000")
    assert world.challenge() is None
    assert world.journal.of(LoginDenied)[-1].reason == "too many wrong codes"
    assert (await attempt(world, PIN + world.code)).outcome is Result.AUTH_ERR


async def test_an_expired_code_is_denied_and_the_journal_says_so(world: World) -> None:
    await attempt(world, PIN)
    world.clock.advance(300.0)
    assert (await attempt(world, PIN + world.code)).outcome is Result.AUTH_ERR
    assert world.journal.of(LoginDenied)[-1].reason == "the code has expired"


async def test_a_locked_user_with_the_right_pin_and_code_is_denied(world: World) -> None:
    await attempt(world, PIN)
    world.put_failures(Failures(10, 10, world.clock.now(), world.clock.now()))
    assert (await attempt(world, PIN + world.code)).outcome is Result.AUTH_ERR
    assert world.journal.of(LoginDenied)[-1].reason == "locked"


async def test_a_code_whose_guess_is_refused_is_denied_and_the_journal_says_why(
    world: World,
) -> None:
    await attempt(world, PIN)
    now = world.clock.now()
    # The PIN's own guess is the one that makes the code's guess come too early.
    world.put_failures(Failures(7, 7, now, next_slot=now.boot))
    assert (await attempt(world, PIN + world.code)).outcome is Result.AUTH_ERR
    assert world.journal.of(LoginDenied)[-1].reason == "delayed"


@pytest.mark.parametrize("pin", ["80315724", "803157246", "803157", "8031572460000000"])
async def test_a_pin_of_digits_longer_than_the_code_is_told_from_pin_and_code(
    world: World, pin: str
) -> None:
    world.enrol(pin=pin)
    assert (await attempt(world, pin)).notes != []
    terminal = await attempt(world, pin + world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_short_pin_needs_no_longer_answer_than_pin_and_code(world: World) -> None:
    world.enrol(pin="8031")
    await attempt(world, "8031")
    assert (await attempt(world, f"8031{world.code}")).outcome is Result.SUCCESS


async def test_an_ambiguous_wrong_answer_costs_one_failure(world: World) -> None:
    world.enrol(pin="80315724")
    await attempt(world, "99999999")
    assert world.failures().in_all == 1
    assert world.hasher.verified == 2


async def test_the_longest_pin_with_a_code_is_taken(world: World) -> None:
    pin = "kohl" * 16
    world.enrol(pin=pin)
    await attempt(world, pin)
    assert (await attempt(world, pin + world.code)).outcome is Result.SUCCESS
    assert (await attempt(world, f"{pin}x{world.code}")).outcome is Result.AUTH_ERR


async def test_digits_of_other_scripts_are_no_code(world: World) -> None:
    await attempt(world, PIN)
    world.hasher.verified = 0
    terminal = await attempt(world, PIN + "\N{ARABIC-INDIC DIGIT ONE}" * 6)
    assert terminal.outcome is Result.AUTH_ERR
    assert world.hasher.verified == 1


async def test_code_only_takes_an_empty_answer_then_the_code(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    assert (await attempt(world, "")).outcome is Result.AUTH_ERR
    assert (await attempt(world, world.code)).outcome is Result.SUCCESS


async def test_code_only_denies_a_wrong_code(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    await attempt(world, "")
    assert (await attempt(world, WRONG_CODE)).outcome is Result.AUTH_ERR
    challenge = world.challenge()
    assert challenge is not None
    assert challenge.answers_left == 2


async def test_code_only_counts_nothing_that_nobody_can_have_typed(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    await attempt(world, "")
    before = world.stored()
    terminal = await attempt(world, "\b\n\r\x7fINCORRECT")
    assert terminal.outcome is Result.AUTH_ERR
    assert world.stored() == before


async def test_a_failed_gateway_ends_the_first_attempt_as_unavailable(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.AUTH))
    assert (await attempt(world, PIN)).outcome is Result.UNAVAILABLE


async def test_after_an_ambiguous_gateway_the_code_is_taken(world: World) -> None:
    world.gateway.will(Unknown())
    await attempt(world, PIN)
    assert (await attempt(world, PIN + world.code)).outcome is Result.SUCCESS


async def test_try_first_pass_asks_if_the_stacks_password_is_no_pin(world: World) -> None:
    terminal = await world.begin(mode=TWO, try_first_pass=True).answer("Blumenkohl8")
    assert terminal.prompt == "PIN, or PIN and code: "
    await terminal.answer("Blumenkohl8")
    assert terminal.outcome is Result.AUTH_ERR


async def test_use_first_pass_takes_pin_and_code_from_the_stack(world: World) -> None:
    await world.begin(mode=TWO, use_first_pass=True).answer(PIN)
    terminal = await world.begin(mode=TWO, use_first_pass=True).answer(PIN + world.code)
    assert terminal.outcome is Result.SUCCESS
    terminal = await world.begin(mode=TWO, use_first_pass=True).answer("Blumenkohl8")
    assert terminal.outcome is Result.AUTH_ERR


@pytest.mark.parametrize(
    ("asked", "policy", "service", "mode"),
    [
        (Mode.AUTO, Mode.AUTO, "sshd", Mode.CONVERSATION),
        (Mode.AUTO, Mode.AUTO, "sddm", Mode.TWO_ATTEMPT),
        (Mode.AUTO, Mode.CONVERSATION, "sddm", Mode.CONVERSATION),
        (Mode.AUTO, Mode.TWO_ATTEMPT, "sshd", Mode.TWO_ATTEMPT),
        (Mode.CONVERSATION, Mode.TWO_ATTEMPT, "sddm", Mode.CONVERSATION),
        (Mode.CHANGE_PIN, Mode.TWO_ATTEMPT, "passwd", Mode.CHANGE_PIN),
    ],
)
def test_the_program_chooses_the_mode_then_the_policy_then_the_service(
    asked: Mode, policy: Mode, service: str, mode: Mode
) -> None:
    assert mode_for(Policy(mode=policy), asked, service) is mode


def test_a_service_has_its_own_policy_or_the_default() -> None:
    sudo = Policy(code_digits=8)
    settings = Settings(services={"sudo": sudo})
    assert settings.policy("sudo") is sudo
    assert settings.policy("sshd") is settings.default_policy
