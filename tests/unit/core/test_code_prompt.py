# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What else can be done at the code prompt: be told, change channel, do without a gateway."""

from dataclasses import replace

import pytest

from smsotpd.core.channel import parse_recipient
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.events import LoginDenied
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.core.policy import Factor, Mode, Texts
from smsotpd.core.recipient import parse_phone
from smsotpd.core.request import (
    AnotherChannel,
    AnotherCode,
    Explanation,
    Nothing,
    Typed,
    request_of,
)
from smsotpd.core.transaction import Result
from tests.fakes.world import MASKED, PHONE, PIN, USER, WRONG_CODE, World

DEAD = Rejected(ErrorClass.AUTH, "no")
NO_SENT = frozenset({CodeKind.AUTHENTICATOR, CodeKind.RECOVERY})
SIGNAL = "+491609999977"
MASKED_SIGNAL = "+49 ••• ••77"
HELP_NOTE = "? tells what else may be typed."


def give_signal(world: World) -> None:
    """Let the user have a second channel, and a gateway for it."""
    recipients = (parse_phone(PHONE), parse_recipient("signal", SIGNAL))
    with world.store.change() as change:
        enrolment = change.enrolment(USER)
        assert enrolment is not None
        change.put_enrolment(replace(enrolment, recipients=recipients))


@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        ("", Nothing()),
        (" - ", Nothing()),
        ("?", Explanation()),
        (" ? ", Explanation()),
        ("r", AnotherCode()),
        ("R", AnotherCode()),
        ("c", AnotherChannel()),
        ("C Signal", AnotherChannel("signal")),
        ("c a b", Typed("cab")),
        ("123 456", Typed("123456")),
        ("r2", Typed("r2")),
    ],
)
def test_an_answer_is_read_as_what_it_asks_for(answer: str, request_: object) -> None:
    assert request_of(answer, Texts()) == request_


def test_the_words_are_the_policys() -> None:
    texts = Texts(resend_word="neu", channel_word="Weg", help_word="Hilfe")
    assert request_of("NEU", texts) == AnotherCode()
    assert request_of("weg signal", texts) == AnotherChannel("signal")
    assert request_of("hilfe", texts) == Explanation()
    assert request_of("?", texts) == Typed("?")


async def test_help_explains_what_the_user_has_and_asks_again(world: World) -> None:
    world.add_app()
    await world.add_recovery_codes()
    give_signal(world)
    terminal = await world.begin().answer(PIN)
    assert terminal.notes == [HELP_NOTE]
    await terminal.answer("?")
    assert terminal.notes == [
        "r sends another code.",
        "c sends it another way; c signal names the way.",
        f"sms: {MASKED}",
        f"signal: {MASKED_SIGNAL}",
        "Your authenticator's code may be typed.",
        "A recovery code may be typed; you have 10.",
    ]
    assert terminal.prompt == f"Code was already sent to {MASKED}: "
    assert world.failures().in_all == 0
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_who_has_nothing_more_is_told_of_nothing_more(world: World) -> None:
    terminal = await world.begin().answer(PIN)
    assert terminal.notes == []
    await terminal.answer("?")
    assert terminal.notes == ["r sends another code."]


async def test_help_before_a_pin_says_the_same_to_everybody(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    world.add_app()
    await world.add_recovery_codes()
    told = []
    for user in (USER, "nobody"):
        terminal = await world.begin(user).answer("?")
        told.append(terminal.notes)
        assert terminal.prompt.startswith("Type r for a code to")
    assert told[0] == told[1]
    assert told[0] == [
        "r sends another code.",
        "An authenticator's code may be typed, if you have one.",
        "A recovery code may be typed, if you have some.",
    ]


async def test_the_pin_prompt_tells_nothing_of_what_a_user_has(world: World) -> None:
    world.add_app()
    await world.add_recovery_codes()
    assert world.begin().steps == world.begin("nobody").steps


async def test_where_nothing_but_the_code_counts_help_says_so(world: World) -> None:
    world.set_policy(codes=frozenset({CodeKind.AUTHENTICATOR}))
    world.add_app()
    terminal = await world.begin().answer(PIN, "?")
    assert terminal.notes == ["Your authenticator's code may be typed."]
    world.authenticators.remove(USER, 0)
    await terminal.answer("?")
    assert terminal.notes == ["Nothing but the code may be typed."]


async def test_the_channel_is_changed_to_the_next_and_back(world: World) -> None:
    give_signal(world)
    signal = world.add_gateway("signal-1")
    terminal = await world.begin().answer(PIN)
    world.clock.advance(31.0)
    await terminal.answer("c")
    assert terminal.prompt == f"Code sent to {MASKED_SIGNAL}: "
    assert [message.recipient.address for message in signal.messages] == [SIGNAL]
    world.clock.advance(61.0)
    await terminal.answer("r")
    assert len(signal.messages) == 2
    world.clock.advance(121.0)
    await terminal.answer("c")
    assert terminal.prompt == f"Code sent to {MASKED}: "
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_channel_is_chosen_by_its_name(world: World) -> None:
    give_signal(world)
    world.add_gateway("signal-1")
    terminal = await world.begin().answer(PIN)
    world.clock.advance(31.0)
    await terminal.answer("c sms")
    assert terminal.prompt == f"Code sent to {MASKED}: "
    assert len(world.texts) == 2


async def test_after_a_failover_c_goes_on_from_where_the_code_went(world: World) -> None:
    give_signal(world)
    world.add_gateway("signal-1")
    world.gateway.will(DEAD)
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == f"Code sent to {MASKED_SIGNAL}: "
    world.clock.advance(31.0)
    await terminal.answer("c")
    assert terminal.prompt == f"Code sent to {MASKED}: "


async def test_a_channel_whose_gateway_is_dead_falls_over_to_the_others(world: World) -> None:
    give_signal(world)
    world.add_gateway("signal-1").will(DEAD)
    terminal = await world.begin().answer(PIN)
    world.clock.advance(31.0)
    await terminal.answer("c")
    assert terminal.prompt == f"Code sent to {MASKED}: "
    assert len(world.texts) == 2


async def test_without_another_channel_c_says_so_and_sends_nothing(world: World) -> None:
    terminal = await world.begin().answer(PIN, "c")
    assert terminal.notes == ["There is no such other channel."]
    assert terminal.prompt == f"Code was already sent to {MASKED}: "
    assert len(world.texts) == 1


async def test_an_unknown_channel_is_no_channel(world: World) -> None:
    give_signal(world)
    terminal = await world.begin().answer(PIN, "c telegram")
    assert terminal.notes == ["There is no such other channel."]


async def test_changing_the_channel_does_not_get_around_the_cool_down(world: World) -> None:
    give_signal(world)
    terminal = await world.begin().answer(PIN, "c")
    assert terminal.prompt == "No new code for 30 s. Code: "
    assert len(world.texts) == 1


async def test_a_login_survives_a_dead_gateway(world: World) -> None:
    app = world.add_app()
    world.gateway.will(DEAD)
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == "No code could be sent. Authenticator code: "
    await terminal.answer(app.code)
    assert terminal.outcome is Result.SUCCESS


async def test_with_a_dead_gateway_wrong_codes_are_few_and_counted(world: World) -> None:
    await world.add_recovery_codes()
    world.gateway.will(DEAD)
    terminal = await world.begin().answer(PIN, WRONG_CODE)
    assert terminal.prompt == "Wrong code, 2 tries left. Code: "
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Wrong code, 1 try left. Code: "
    await terminal.answer(WRONG_CODE)
    assert terminal.outcome is Result.MAXTRIES
    assert world.failures().in_all == 3
    assert world.journal.of(LoginDenied)[-1].reason == "too many wrong codes"


async def test_a_gateway_that_is_back_is_tried_again_on_demand(world: World) -> None:
    world.add_app()
    world.gateway.will(DEAD, DEAD)
    terminal = await world.begin().answer(PIN, "r")
    assert terminal.prompt == "No code could be sent. Authenticator code: "
    await terminal.answer("")
    assert terminal.prompt == "Authenticator code: "
    await terminal.answer("r")
    assert terminal.prompt == f"Code sent to {MASKED}: "
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_a_dead_gateway_ends_the_login_of_who_has_nothing_else(world: World) -> None:
    world.gateway.will(DEAD)
    assert (await world.begin().answer(PIN)).outcome is Result.UNAVAILABLE


async def test_a_cool_down_does_not_keep_an_app_from_letting_in(world: World) -> None:
    app = world.add_app()
    await world.begin(rhost="192.0.2.1").answer(PIN)
    terminal = await world.begin(rhost="192.0.2.2").answer(PIN)
    assert terminal.prompt == "No code for 30 s. Authenticator code: "
    await terminal.answer(app.code)
    assert terminal.outcome is Result.SUCCESS


async def test_without_a_pin_a_limit_ends_the_login_for_everybody(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    world.add_app()
    await world.begin(rhost="192.0.2.1").answer("r")
    terminal = await world.begin(rhost="192.0.2.2").answer("r")
    assert terminal.outcome is Result.AUTH_ERR


async def test_without_a_pin_a_dead_gateway_is_survived_too(world: World) -> None:
    world.set_policy(factors=frozenset({Factor.CODE}))
    app = world.add_app()
    world.gateway.will(DEAD)
    terminal = await world.begin().answer("r")
    assert terminal.prompt == "No code could be sent. Authenticator or recovery code: "
    await terminal.answer(app.code)
    assert terminal.outcome is Result.SUCCESS


async def test_with_an_app_first_no_code_is_sent_until_asked_for(world: World) -> None:
    world.set_policy(first=CodeKind.AUTHENTICATOR)
    app = world.add_app()
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == "Authenticator code (r: send one): "
    assert world.texts == []
    await terminal.answer(app.code)
    assert terminal.outcome is Result.SUCCESS


async def test_with_an_app_first_a_code_is_sent_when_asked_for(world: World) -> None:
    world.set_policy(first=CodeKind.AUTHENTICATOR)
    world.add_app()
    terminal = await world.begin().answer(PIN, "r")
    assert terminal.prompt == f"Code sent to {MASKED}: "
    again = await world.begin().answer(PIN)
    assert again.prompt == f"Code was already sent to {MASKED}: "
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def test_with_an_app_first_who_has_none_is_sent_a_code(world: World) -> None:
    world.set_policy(first=CodeKind.AUTHENTICATOR)
    assert (await world.begin().answer(PIN)).prompt == f"Code sent to {MASKED}: "


async def test_where_nothing_is_sent_the_app_is_asked_for_and_r_sends_nothing(
    world: World,
) -> None:
    world.set_policy(codes=NO_SENT)
    app = world.add_app()
    await world.add_recovery_codes()
    terminal = await world.begin().answer(PIN)
    assert terminal.prompt == "Authenticator or recovery code: "
    await terminal.answer("r")
    assert terminal.notes == ["No codes are sent here."]
    assert terminal.prompt == "Authenticator or recovery code: "
    await terminal.answer(app.code)
    assert terminal.outcome is Result.SUCCESS
    assert world.texts == []


async def test_where_nothing_is_sent_who_has_nothing_is_denied_and_told(world: World) -> None:
    world.set_policy(codes=NO_SENT)
    terminal = await world.begin().answer(PIN)
    assert terminal.outcome is Result.AUTH_ERR
    assert terminal.notes == ["No code can be asked for. Ask an administrator."]
    assert "has no others" in world.journal.of(LoginDenied)[-1].reason


@pytest.mark.parametrize("user", [USER, "nobody"])
async def test_where_nothing_is_sent_and_no_pin_asked_everybody_gets_one_prompt(
    world: World, user: str
) -> None:
    world.set_policy(codes=NO_SENT, factors=frozenset({Factor.CODE}))
    terminal = world.begin(user)
    assert terminal.prompt == "Authenticator or recovery code: "
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "Wrong code, 2 tries left. Code: "
    await terminal.answer("")
    assert terminal.prompt == "Authenticator or recovery code: "


async def test_a_code_that_was_sent_under_another_policy_is_worth_nothing(world: World) -> None:
    await world.begin().answer(PIN)
    world.set_policy(codes=NO_SENT)
    world.add_app()
    terminal = await world.begin().answer(PIN, world.code)
    assert terminal.outcome is None


async def test_two_attempts_go_on_with_another_code_when_none_can_be_sent(world: World) -> None:
    app = world.add_app()
    world.gateway.will(DEAD)
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    assert terminal.outcome is Result.UNAVAILABLE
    assert terminal.notes == ["Nothing was sent. Log in again with PIN and another code."]
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + app.code)
    assert terminal.outcome is Result.SUCCESS


async def test_two_attempts_where_nothing_is_sent_say_what_to_type(world: World) -> None:
    world.set_policy(codes=NO_SENT)
    terminal = await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    assert terminal.notes == ["Log in again with PIN and code in one."]
    assert terminal.outcome is Result.AUTH_ERR


async def test_words_do_nothing_for_who_proved_an_older_pin(world: World) -> None:
    world.add_app()
    for word in ("?", "c", "r", ""):
        world.users.unlock(USER, 0)
        terminal = await world.begin().answer(PIN)
        with world.store.change() as change:
            change.put_enrolment(
                Enrolment(USER, (parse_phone(PHONE),), world.hasher.encoded("Wirsing-31"))
            )
        await terminal.answer(word)
        assert terminal.outcome is Result.AUTH_ERR
        world.enrol()


async def test_a_transaction_id_names_no_challenge_where_nothing_is_sent(world: World) -> None:
    world.set_policy(transaction_id=True)
    app = world.add_app()
    await world.begin().answer(PIN)
    world.set_policy(codes=NO_SENT)
    for token in world.source.tokens:
        result = await world.logins.verify(token, app.code, lambda _user: True)
        assert result is Result.AUTH_ERR
