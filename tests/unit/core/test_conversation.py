# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""PIN, code by SMS, in: the way through for programs that can lead a conversation."""

import pytest

from smsotpd.core.errors import BusyError, NoSuchTransactionError, UnavailableError
from smsotpd.core.events import CodeSent, LoginCancelled, LoginDenied, LoginGranted
from smsotpd.core.outcome import Accepted, ErrorClass, Rejected, Unknown
from smsotpd.core.policy import Settings, Unenrolled
from smsotpd.core.transaction import Result, Step, StepKind
from tests.fakes.world import MASKED, PHONE, PIN, WRONG_CODE, World


def test_a_login_begins_with_the_pin_and_sends_nothing(world: World) -> None:
    terminal = world.begin()
    assert terminal.steps == (Step(StepKind.HIDDEN, "PIN: "),)
    assert world.texts == []


async def test_the_right_pin_sends_a_code_and_asks_for_it(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    assert terminal.steps == (Step(StepKind.HIDDEN, f"Code sent to {MASKED}: "),)
    assert world.texts == [
        f"{world.source.codes[-1]} is your login code for login on host.example.org. Valid 5 min."
    ]
    assert world.gateway.messages[0].recipient.address == PHONE


async def test_pin_and_code_let_the_user_in(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    await terminal.answer(world.code)
    assert terminal.steps == (Step(StepKind.OUTCOME, "PAM_SUCCESS"),)


async def test_a_login_tells_its_story_to_the_journal(world: World) -> None:
    terminal = world.begin()
    world.clock.advance(4.0)
    await terminal.answer(PIN)
    world.clock.advance(3.0)
    await terminal.answer(world.code)
    sent, granted = world.journal.events
    assert isinstance(sent, CodeSent)
    assert (sent.gateway, sent.recipient, sent.message_id) == ("first", MASKED, "id-1")
    assert isinstance(granted, LoginGranted)
    assert granted.seconds == 7.0
    assert granted.login == sent.login
    assert granted.login.transaction == terminal.name


@pytest.mark.parametrize(
    "shape", ["{0} ", " {0}", "{1} {2}", "{1}-{2}", "{1}\N{NO-BREAK SPACE}{2}"]
)
async def test_a_code_may_be_typed_as_phones_show_it(world: World, shape: str) -> None:
    terminal = await world.begin().answer(PIN)
    typed = shape.format(world.code, world.code[:3], world.code[3:])
    await terminal.answer(typed)
    assert terminal.outcome is Result.SUCCESS


async def test_a_wrong_pin_denies_and_sends_nothing(world: World) -> None:
    terminal = await world.begin().answer("Blumenkohl8")
    assert terminal.steps == (Step(StepKind.OUTCOME, "PAM_AUTH_ERR"),)
    assert world.texts == []
    (event,) = world.journal.of(LoginDenied)
    assert event.reason == "wrong PIN"


async def test_a_wrong_code_costs_one_answer_and_the_third_ends_it(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Wrong code, 2 tries left. Code (r: new one): "
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Wrong code, 1 try left. Code (r: new one): "
    await terminal.answer(WRONG_CODE)
    assert terminal.outcome is Result.MAXTRIES
    assert world.challenge() is None


async def test_the_code_is_dead_after_its_third_wrong_answer(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    code = world.code
    other = await world.begin().answer(PIN)
    await terminal.answer(WRONG_CODE, WRONG_CODE, WRONG_CODE)
    world.clock.advance(20.0)
    await other.answer(code)
    assert other.outcome is None


async def test_the_right_code_after_two_wrong_ones_lets_in(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    await terminal.answer(WRONG_CODE, WRONG_CODE, world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_code_dies_at_its_first_success(world: World) -> None:
    first, second = world.begin(), world.begin()
    await first.answer(PIN)
    await second.answer(PIN)
    code = world.code
    await first.answer(code)
    await second.answer(code)
    assert first.outcome is Result.SUCCESS
    assert second.outcome is None
    assert len(world.journal.of(LoginGranted)) == 1


async def test_an_empty_answer_shows_the_prompt_again_and_costs_nothing(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    before = world.challenge()
    await terminal.answer("", "  ")
    assert terminal.prompt == f"Code was already sent to {MASKED}: "
    assert world.challenge() == before
    assert len(world.texts) == 1


async def test_what_nobody_can_have_typed_ends_the_login_uncounted(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    before = world.stored()
    await terminal.answer("12\n456")
    assert terminal.outcome is Result.AUTH_ERR
    assert world.stored() == before


async def test_twenty_answers_end_a_login(world: World) -> None:
    terminal = await world.begin().answer(PIN, *[""] * 19)
    assert terminal.outcome is None
    await terminal.answer(world.code)
    assert terminal.outcome is Result.MAXTRIES


async def test_nothing_is_answered_after_the_outcome(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    await terminal.answer(world.code)
    with pytest.raises(NoSuchTransactionError):
        await terminal.answer(world.code)


async def test_a_failed_gateway_ends_the_login_as_unavailable(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.AUTH))
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.UNAVAILABLE
    assert terminal.notes == ["The code could not be sent. Ask an administrator."]
    assert world.challenge() is None


async def test_after_a_failed_send_the_next_login_may_send_at_once(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.CREDIT), Accepted())
    await world.begin().answer(PIN)
    terminal = await world.begin().answer(PIN)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_an_ambiguous_gateway_still_asks_for_the_code(world: World) -> None:
    world.gateway.will(Unknown("timed out"))
    terminal = await world.begin().answer(PIN)
    assert terminal.notes == ["The code may be late; r asks for another."]
    assert terminal.prompt == f"Code sent to {MASKED}: "
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_without_a_gateway_the_login_is_unavailable(world: World) -> None:
    world.gateways.set_enabled("first", 0, enabled=False)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.UNAVAILABLE


async def test_three_transactions_of_one_ssh_cause_one_send(world: World) -> None:
    for _ in range(2):
        terminal = await world.begin().answer(PIN)
        await terminal.answer(WRONG_CODE)
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == f"Code was already sent to {MASKED}: "
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    assert len(world.texts) == 1


async def test_wrong_answers_count_across_the_transactions_of_one_code(world: World) -> None:
    for _ in range(2):
        terminal = await world.begin().answer(PIN)
        await terminal.answer(WRONG_CODE)
    terminal = await world.begin().answer(PIN)
    await terminal.answer(WRONG_CODE)
    assert terminal.outcome is Result.MAXTRIES


async def test_each_service_and_each_remote_host_has_its_own_code(world: World) -> None:
    world.set_limits(resend_seconds=0.0)
    first = await world.begin().answer(PIN)
    code = world.code
    for service, rhost in (("sudo", ""), ("login", "192.0.2.8")):
        other = await world.begin(service=service, rhost=rhost).answer(PIN)
        await other.answer(code)
        assert other.prompt.startswith("Wrong code")
    await first.answer(code)
    assert first.outcome is Result.SUCCESS
    assert len(world.texts) == 3


async def test_prompts_given_by_the_program_replace_the_policys(world: World) -> None:
    terminal = world.begin(pin_prompt="Pin, please: ", code_prompt="Code ({phone}): ")
    assert terminal.prompt == "Pin, please: "
    await terminal.answer(PIN)
    assert terminal.prompt == f"Code ({MASKED}): "


async def test_use_first_pass_takes_the_pin_from_the_stack(world: World) -> None:
    terminal = world.begin(use_first_pass=True)
    assert terminal.steps == (Step(StepKind.AUTHTOK, ""),)
    await terminal.answer(PIN)
    assert terminal.prompt == f"Code sent to {MASKED}: "


async def test_use_first_pass_denies_a_wrong_password_of_the_stack(world: World) -> None:
    terminal = await world.begin(use_first_pass=True).answer("Blumenkohl8")
    assert terminal.outcome is Result.AUTH_ERR


async def test_try_first_pass_asks_once_if_the_stacks_password_is_no_pin(world: World) -> None:
    terminal = await world.begin(try_first_pass=True).answer("Blumenkohl8")
    assert terminal.prompt == "PIN: "
    await terminal.answer("Blumenkohl8")
    assert terminal.outcome is Result.AUTH_ERR


async def test_users_who_are_not_enrolled_are_ignored_where_the_policy_says_so(
    world: World,
) -> None:
    world.set_policy(unenrolled=Unenrolled.IGNORE)
    assert world.begin("ben").outcome is Result.IGNORE
    assert world.begin().prompt == "PIN: "
    assert len(world.logins) == 1


async def test_a_user_who_is_disabled_is_not_ignored(world: World) -> None:
    world.set_policy(unenrolled=Unenrolled.IGNORE)
    world.enrol(disabled=True)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR


def test_a_begin_that_fails_leaves_nothing_open(world: World) -> None:
    world.set_policy(unenrolled=Unenrolled.IGNORE)
    world.store.unavailable = True
    with pytest.raises(UnavailableError):
        world.begin()
    assert len(world.logins) == 0


async def test_a_store_that_fails_at_the_pin_ends_the_login(world: World) -> None:
    terminal = world.begin()
    world.store.unavailable_on_commit = True
    with pytest.raises(UnavailableError):
        await terminal.answer(PIN)
    assert len(world.logins) == 0
    assert world.texts == []


async def test_a_store_that_cannot_note_that_the_code_is_used_grants_nothing(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    world.store.unavailable_on_commit = True
    with pytest.raises(UnavailableError):
        await terminal.answer(world.code)
    assert world.journal.of(LoginGranted) == []
    assert len(world.logins) == 0


async def test_used_is_stored_before_granted_is_told(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    challenges: list[object] = []
    world.journal.listener = lambda _event: challenges.append(world.challenge())
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS
    assert challenges == [None]


async def test_a_transaction_that_nobody_answers_is_cancelled(world: World) -> None:
    world.begin()
    world.clock.advance(599.0)
    world.logins.expire()
    assert len(world.logins) == 1
    world.clock.advance(1.0)
    world.logins.expire()
    assert len(world.logins) == 0
    (event,) = world.journal.of(LoginCancelled)
    assert event.reason == "nobody answered"


def test_too_many_open_logins_are_refused(world: World) -> None:
    world.settings = Settings(most_transactions=32)
    for _ in range(2):
        world.begin()
    with pytest.raises(BusyError):
        world.begin()
    for number in range(30):
        world.begin(owner=f":2.{number}")
    with pytest.raises(BusyError):
        world.begin(owner=":3.1")


async def test_sshd_is_told_in_a_last_prompt_why_a_login_ends(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.AUTH))
    terminal = await world.begin(service="sshd").answer(PIN)
    assert terminal.prompt == "The code could not be sent. Ask an administrator. (Enter) "
    outcomes = [terminal.outcome, (await terminal.answer("whatever")).outcome]
    assert outcomes == [None, Result.UNAVAILABLE]
    assert len(world.journal.of(LoginDenied)) == 1


async def test_the_last_prompt_of_a_denied_login_takes_no_code(world: World) -> None:
    terminal = await world.begin(service="sshd").answer(PIN, *[WRONG_CODE] * 3)
    assert terminal.prompt.startswith("Too many wrong codes")
    await terminal.answer(world.code)
    assert terminal.outcome is Result.MAXTRIES
    assert world.journal.of(LoginGranted) == []


async def test_a_wrong_pin_has_no_last_words(world: World) -> None:
    terminal = await world.begin(service="sshd").answer("Blumenkohl8")
    assert terminal.outcome is Result.AUTH_ERR
