# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""No code, PIN, message text or full number in an event, an exception or a printed form."""

from dataclasses import fields, is_dataclass
from typing import Final

import pytest

from smsotpd.core.challenge import ChallengeKey
from smsotpd.core.errors import SmsOtpError
from smsotpd.core.events import RequestFailed, StoreFailed
from smsotpd.core.outcome import Deferred, ErrorClass, Unknown
from smsotpd.core.policy import Factor, Mode
from smsotpd.core.secret import Secret
from smsotpd.core.sending import Sent
from smsotpd.core.throttle import Failures
from smsotpd.core.transaction import StepKind
from tests.fakes.world import PHONE, PIN, WRONG_CODE, World

NEW_PIN: Final = "Wirsing-31"
WRONG_PIN: Final = "Blumenkohl8"


def texts_of(value: object) -> list[str]:
    """Return every text within a value, hidden fields included."""
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts_of(getattr(value, field.name))]
    if isinstance(value, tuple | list | frozenset):
        return [text for item in value for text in texts_of(item)]
    return [str(value)]


def secrets_of(world: World) -> list[str]:
    """Return all that must not be seen."""
    ids = [token for token in world.source.tokens if token not in names_of(world)]
    digits = PHONE.removeprefix("+49")
    return [
        *world.source.codes,
        *world.texts,
        *ids,
        PIN,
        NEW_PIN,
        WRONG_PIN,
        PHONE,
        digits,
        *world.more_secrets,
    ]


def names_of(world: World) -> set[str]:
    """Return the names of transactions, which are no secret."""
    return {event.login.transaction for event in world.journal.events if hasattr(event, "login")}


async def live_through_more_ways(world: World) -> None:
    """Log in by each kind of code that is not sent, once rightly and once wrongly."""
    world.users.unlock("anna", 0)
    offer = world.authenticators.add("anna", 6, 0)
    world.more_secrets += [offer.seed, offer.uri]
    app, codes = world.add_app(), await world.add_recovery_codes()
    glass = await world.break_glasses.make("anna", 60, "phone lost", 0)
    world.more_secrets += [app.code, *codes, glass, *(code.replace("-", "") for code in codes)]
    for code in (app.code, codes[0], glass):
        await world.begin(rhost="192.0.2.9").answer(NEW_PIN, code)
        await world.begin(rhost="192.0.2.9").answer(NEW_PIN, code)
        world.users.unlock("anna", 0)
    world.more_secrets.append(await world.break_glasses.make("anna", 60, "phone lost", 0))
    world.clock.advance(61.0)
    world.break_glasses.expire()
    world.more_secrets.append(invitation := await world.invitations.make("carla", 600, 0))
    world.more_secrets.append(invitation.replace("-", ""))
    terminal = await world.begin("carla").answer(invitation, "+4915112345678")
    await terminal.answer(world.source.codes[-1], NEW_PIN, NEW_PIN)
    for user in ("dora", "emil"):
        world.more_secrets.append(await world.invitations.make(user, 600, 0))
    world.invitations.revoke("dora", 0)
    world.clock.advance(601.0)
    world.invitations.expire()


async def live_through_everything(world: World) -> None:
    """Let something of every kind happen."""
    world.set_policy(transaction_id=True)
    second = world.add_gateway("second")
    world.gateway.will(Deferred(ErrorClass.TEMPORARY, "503"), Unknown("timed out"))
    terminal = await world.begin().answer(PIN)
    await terminal.answer(WRONG_CODE, "")
    world.clock.advance(60.0)
    await terminal.answer("r", second.messages[-1].text.partition(" ")[0])
    if terminal.steps[-1].kind is not StepKind.OUTCOME:
        await terminal.answer(world.source.codes[-1])
    await world.begin().answer(WRONG_PIN)
    await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    await world.begin(mode=Mode.TWO_ATTEMPT).answer(f"{PIN}000000")
    world.clock.advance(60.0)
    await world.begin(mode=Mode.TWO_ATTEMPT).answer(PIN + world.source.codes[-1])
    await world.begin(mode=Mode.CHANGE_PIN).answer(PIN, NEW_PIN, PIN, NEW_PIN, NEW_PIN)
    name = await world.users.enrol("ben", "sms", PHONE, Secret(PIN), 0, verify=True)
    world.users.confirm(name, world.source.codes[-1])
    await world.gateways.test("first", PHONE, 0)
    world.gateways.configure("third", "fake", {}, {"TOKEN": Secret("t")}, 0, keep_secrets=False)
    world.begin().cancel()
    await live_through_more_ways(world)
    world.put_failures(Failures(9, 99))
    await world.begin().answer(WRONG_PIN)
    await world.begin("ben", service="sudo").answer(PIN)
    await world.begin("ben", service="login").answer(PIN)


async def test_no_event_holds_anything_secret(world: World) -> None:
    await live_through_everything(world)
    kinds = {type(event).__name__ for event in world.journal.events}
    assert kinds == {
        *("LoginGranted", "LoginDenied", "LoginCancelled", "CodeSent", "CodeFailed"),
        *("CodeNotSent", "UserLocked", "EnrolmentChanged", "GatewayChanged"),
        *("RecoveryCodeUsed", "BreakGlassMade", "BreakGlassUsed", "BreakGlassExpired"),
        *("InvitationMade", "InvitationUsed", "InvitationRevoked", "InvitationExpired"),
    }
    shown = "\n".join(
        text for event in world.journal.events for text in (*texts_of(event), repr(event))
    )
    found = [secret for secret in secrets_of(world) if secret in shown]
    assert found == []
    assert "+49 ••• ••89" in shown


async def test_nothing_that_is_stored_prints_anything_secret(world: World) -> None:
    await live_through_everything(world)
    await world.begin().answer(PIN)
    world.users.unlock("anna", 0)
    await world.begin(service="sudo").answer(PIN)
    printed = repr(world.stored())
    assert [secret for secret in secrets_of(world) if secret in printed] == []


async def test_no_code_is_stored_even_in_what_is_not_printed(world: World) -> None:
    await world.begin().answer(PIN)
    challenge = world.challenge()
    assert challenge is not None
    assert challenge.key == ChallengeKey("anna", "login", "192.0.2.7")
    for text in texts_of(challenge):
        assert world.code not in text
    assert len(challenge.digest) == 32


async def test_equal_codes_have_different_digests(world: World) -> None:
    challenges = []
    for rhost in ("a", "b"):
        world.source.codes.clear()
        world.users.unlock("anna", 0)
        await world.begin(rhost=rhost).answer(PIN)
        challenges.append(world.challenge(rhost=rhost))
    first, second = challenges
    assert first is not None
    assert second is not None
    assert world.texts[0] == world.texts[1]
    assert first.digest != second.digest


async def test_no_object_at_work_prints_anything_secret(world: World) -> None:
    world.set_policy(transaction_id=True)
    change = await world.begin(mode=Mode.CHANGE_PIN).answer(PIN, NEW_PIN)
    await world.begin().answer(PIN)
    name = await world.users.enrol("ben", "sms", PHONE, Secret(PIN), 0, verify=True)
    printed = [
        repr(world.logins._open.named(change.name)),
        repr(world.users._pending[name]),
        repr(world.gateway.messages),
        repr(Sent("+49", is_new=True, transaction_id=world.source.tokens[-1])),
        repr(
            await world.logins._dialogue._proofs.pin(
                world.logins._open.owned_by(":1.7")[0].login, PIN
            )
        ),
    ]
    hashes = [text for text in texts_of(world.users.show("anna").enrolment) if text[:4] == "salt"]
    assert hashes
    names = {change.name, *names_of(world), *world.logins._open._by_name}
    secrets = [secret for secret in secrets_of(world) if secret not in names]
    assert [secret for secret in (*secrets, *hashes) if secret in "\n".join(printed)] == []


@pytest.mark.parametrize(
    ("user", "phone", "pin"),
    [
        ("ben", PHONE[:-1] + "x", PIN),
        ("ben", PHONE, "123"),
        ("ben", PHONE, "1234"),
        ("ben", PHONE, f"{PIN}\n"),
        ("ben\n", PHONE, PIN),
        ("ben", PHONE + "," + PHONE, PIN),
        ("anna", PHONE * 3, ""),
    ],
)
async def test_no_error_repeats_what_was_given(
    world: World, user: str, phone: str, pin: str
) -> None:
    with pytest.raises(SmsOtpError) as caught:
        await world.users.enrol(user, "sms", phone, Secret(pin), 0, verify=False)
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert phone not in shown
    assert not pin or pin not in shown


async def test_no_error_at_a_code_repeats_it(world: World) -> None:
    name = await world.users.enrol("ben", "sms", PHONE, Secret(PIN), 0, verify=True)
    for _ in range(4):
        with pytest.raises(SmsOtpError) as caught:
            world.users.confirm(name, WRONG_CODE)
        assert WRONG_CODE not in repr(caught.value)


async def test_a_message_names_user_host_service_and_minutes_where_the_text_asks(
    world: World,
) -> None:
    message = "{otp}/{user}/{host}/{service}/{minutes}/{phone}"
    texts = type(world.settings.default_policy.texts)(message=message)
    world.set_policy(texts=texts, code_digits=8, factors=frozenset({Factor.CODE}))
    await world.begin().answer("r")
    (code,) = world.source.codes
    assert len(code) == 8
    assert world.texts == [f"{code}/anna/host.example.org/login/5/{{phone}}"]


def test_events_that_the_adapters_record_are_plain_values() -> None:
    assert texts_of(StoreFailed("disk is full")) == ["disk is full"]
    assert texts_of(RequestFailed("Begin", "KeyError")) == ["Begin", "KeyError"]
