# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logins that are asked for less than every factor: trusted networks, remembered hosts, groups."""

import ipaddress
from dataclasses import replace

import pytest

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.errors import NotAuthorizedError, NotFoundError
from smsotpd.core.events import CodeSkipped, LoginGranted
from smsotpd.core.policy import AllowedUntil, Factor, Mode, Unenrolled
from smsotpd.core.secret import Secret
from smsotpd.core.throttle import NO_FAILURES
from smsotpd.core.transaction import Context, Result, Step, StepKind
from tests.fakes.world import PIN, RHOST, World

HERE = (ipaddress.ip_network(f"{RHOST}/32"),)
ELSEWHERE = "203.0.113.9"
CODE = frozenset({Factor.CODE})
USER_UID = 1000


@pytest.fixture
def trusting(world: World) -> World:
    world.set_policy(trusted_networks=HERE)
    return world


@pytest.fixture
def remembering(world: World) -> World:
    world.set_policy(remember_seconds=8 * 3600.0)
    return world


async def log_in(world: World, rhost: str = RHOST, service: str = "login") -> None:
    terminal = await world.begin(service=service, rhost=rhost).answer(PIN)
    await terminal.answer(world.code)
    assert terminal.outcome is Result.SUCCESS


async def is_asked_for_a_code(world: World, rhost: str = RHOST, service: str = "login") -> bool:
    """Tell whether the PIN is not enough; fails if even that is not asked for."""
    terminal = await world.begin(service=service, rhost=rhost).answer(PIN)
    if terminal.outcome is Result.SUCCESS:
        return False
    assert terminal.outcome is None
    terminal.cancel()
    with world.store.change() as change:
        change.drop_challenges_of("anna")
        change.put_cooldown("anna", None)
    return True


async def test_from_a_trusted_network_the_pin_is_enough_and_the_journal_says_why(
    trusting: World,
) -> None:
    assert not await is_asked_for_a_code(trusting)
    assert trusting.texts == []
    (skipped,) = trusting.journal.of(CodeSkipped)
    assert (skipped.rule, skipped.reason) == ("trusted_networks", f"{RHOST} is in {RHOST}/32")
    assert len(trusting.journal.of(LoginGranted)) == 1


async def test_from_a_trusted_network_a_wrong_pin_is_a_wrong_pin(trusting: World) -> None:
    for user in ("anna", "nobody"):
        terminal = await trusting.begin(user).answer("Blumenkohl8")
        assert terminal.outcome is Result.AUTH_ERR
        assert trusting.failures(user).in_all == 1
    assert trusting.journal.of(CodeSkipped) == []


async def test_a_login_by_pin_alone_clears_the_failures_like_any_other(trusting: World) -> None:
    await trusting.begin().answer("Blumenkohl8")
    await trusting.begin().answer(PIN)
    assert trusting.failures() == NO_FAILURES


async def test_from_elsewhere_and_at_the_console_the_code_is_asked_for(trusting: World) -> None:
    for rhost in (ELSEWHERE, "", "host.example.org"):
        assert await is_asked_for_a_code(trusting, rhost)


async def test_in_two_attempts_the_pin_alone_is_enough_and_a_wrong_code_is_not_passed_over(
    trusting: World,
) -> None:
    terminal = await trusting.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    assert terminal.outcome is Result.SUCCESS
    terminal = await trusting.begin(mode=Mode.TWO_ATTEMPT).answer(f"{PIN}123456")
    assert terminal.outcome is Result.AUTH_ERR


def test_with_the_code_alone_a_trusted_network_leaves_the_login_to_the_stack(
    trusting: World,
) -> None:
    trusting.set_policy(factors=CODE)
    terminal = trusting.begin()
    assert terminal.outcome is Result.IGNORE
    assert len(trusting.logins) == 0
    assert [event.rule for event in trusting.journal.of(CodeSkipped)] == ["trusted_networks"]


async def test_a_host_from_which_everything_was_proven_is_asked_for_the_pin_alone(
    remembering: World,
) -> None:
    assert await is_asked_for_a_code(remembering)
    await log_in(remembering)
    assert not await is_asked_for_a_code(remembering)
    assert not await is_asked_for_a_code(remembering, f"::ffff:{RHOST}")
    assert await is_asked_for_a_code(remembering, ELSEWHERE)
    assert await is_asked_for_a_code(remembering, service="sudo")


async def test_a_host_is_remembered_over_a_restart_of_the_daemon_and_no_longer_than_told(
    remembering: World,
) -> None:
    await log_in(remembering)
    remembering.restart()
    remembering.clock.advance(8 * 3600 - 1)
    assert not await is_asked_for_a_code(remembering)  # which does not begin the time anew
    remembering.clock.advance(1)
    assert await is_asked_for_a_code(remembering)


async def test_a_policy_that_remembers_for_less_holds_for_what_was_remembered_before(
    remembering: World,
) -> None:
    await log_in(remembering)
    remembering.set_policy(remember_seconds=3600.0)
    remembering.clock.advance(3600)
    assert await is_asked_for_a_code(remembering)


async def test_neither_a_pin_alone_nor_a_first_attempt_makes_a_host_remembered(
    remembering: World,
) -> None:
    await remembering.begin().answer(PIN)
    await remembering.begin(mode=Mode.TWO_ATTEMPT, service="ftp").answer(PIN)
    remembering.set_policy(trusted_networks=HERE)
    await remembering.begin().answer(PIN)
    with remembering.store.change() as change:
        assert change.remembered_of("anna") == []


async def test_two_attempts_remember_as_well(remembering: World) -> None:
    await remembering.begin(mode=Mode.TWO_ATTEMPT).answer(PIN)
    terminal = remembering.begin(mode=Mode.TWO_ATTEMPT)
    await terminal.answer(PIN + remembering.code)
    assert terminal.outcome is Result.SUCCESS
    assert not await is_asked_for_a_code(remembering)


async def test_local_logins_names_and_callers_other_than_root_are_not_remembered(
    remembering: World,
) -> None:
    for rhost, uid in (("", 0), ("host.example.org", 0), (RHOST, USER_UID)):
        terminal = await remembering.begin(rhost=rhost, uid=uid).answer(PIN)
        await terminal.answer(remembering.code)
        assert terminal.outcome is Result.SUCCESS
    with remembering.store.change() as change:
        assert change.remembered_of("anna") == []


@pytest.mark.parametrize(
    "change", ["number", "pin", "own pin", "unlock", "disable", "remove", "drop", "forget"]
)
async def test_a_host_is_forgotten_when_the_enrolment_changes(
    remembering: World, change: str
) -> None:
    users = remembering.users
    await users.enrol("anna", "xmpp", "anna@example.org", Secret(""), 0, verify=False)
    await log_in(remembering)
    match change:
        case "number":
            await users.enrol("anna", "sms", "+431234567", Secret(""), 0, verify=False)
        case "pin":
            await users.set_pin("anna", Secret(PIN), 0)
        case "own pin":
            terminal = remembering.begin(mode=Mode.CHANGE_PIN)
            await terminal.answer(PIN, "Wirsing-31", "Wirsing-31")
            assert terminal.outcome is Result.SUCCESS
        case "unlock":
            users.unlock("anna", 0)
        case "disable":
            users.disable("anna", 0)
        case "remove":
            users.remove("anna", 0)
        case "drop":
            users.drop_recipient("anna", "xmpp", 0)
        case _:
            assert users.forget_hosts("anna", 0) == 1
    with remembering.store.change() as stored:
        assert stored.remembered_of("anna") == []


def test_hosts_of_nobody_cannot_be_forgotten(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.users.forget_hosts("ben", 0)


def test_a_member_of_an_exempt_group_is_left_to_the_stack(world: World) -> None:
    world.set_policy(exempt_groups=frozenset({"robots"}))
    world.accounts.by_user["anna"] = frozenset({"robots"})
    assert world.begin().steps == (Step(StepKind.OUTCOME, Result.IGNORE),)
    world.accounts.by_user["anna"] = None
    assert world.begin().prompt == "PIN: "
    world.accounts.by_user["anna"] = frozenset({"robots"})
    world.enrol(disabled=True)
    assert world.begin().prompt == "PIN: "


async def test_groups_are_looked_up_where_they_matter_and_for_whom_one_may_act(
    world: World,
) -> None:
    world.accounts.by_user["anna"] = frozenset({"robots"})
    context = Context("anna", "login")
    assert await world.logins.groups(context, lambda _user: True) is None
    world.set_policy(required_groups=frozenset({"admins"}))
    assert await world.logins.groups(context, lambda _user: True) == frozenset({"robots"})
    with pytest.raises(NotAuthorizedError):
        await world.logins.groups(context, lambda _user: False)


def test_during_a_roll_out_a_user_is_told_how_to_enrol(world: World) -> None:
    world.set_policy(unenrolled=AllowedUntil("2026-01-02"))
    note, outcome = world.begin("ben").steps
    assert note == Step(
        StepKind.INFO, "You need a code here after 2026-01-02; enrol: smsotpctl self enrol"
    )
    assert outcome == Step(StepKind.OUTCOME, Result.IGNORE)
    assert world.begin().prompt == "PIN: "
    world.today = "2026-01-03"
    assert world.begin("ben").prompt == "PIN: "


async def test_where_codes_are_skipped_a_pin_is_still_changed_by_the_pin(world: World) -> None:
    world.set_policy(exempt_groups=frozenset({"robots"}), unenrolled=Unenrolled.IGNORE)
    world.accounts.by_user["anna"] = frozenset({"robots"})
    assert world.begin(mode=Mode.CHANGE_PIN).prompt == "Current PIN: "
    assert world.begin("ben", mode=Mode.CHANGE_PIN).outcome is Result.IGNORE


async def test_an_explanation_says_what_would_happen_and_where_it_stands(world: World) -> None:
    world.set_policy(trusted_networks=HERE, required_groups=frozenset({"admins"}))
    sources = {"policy.default.trusted_networks": "a.toml:3", "policy.ftp.required_groups": "b:1"}
    world.settings = replace(world.settings, sources=sources)
    explanation = await world.admission.explain("anna", "ftp", RHOST)
    assert [(check.key, source) for check, source in explanation.checks] == [
        ("required_groups", "b:1"),
        ("trusted_networks", "a.toml:3"),
    ]
    assert explanation.treatment.value == "the PIN alone is asked for"
    assert explanation.mode is Mode.CONVERSATION
    assert world.journal.of(CodeSkipped) == []


async def test_an_explanation_names_the_codes_that_count_and_what_the_user_has(
    world: World,
) -> None:
    world.add_app()
    await world.add_recovery_codes()
    world.set_policy(codes=frozenset({CodeKind.SENT, CodeKind.RECOVERY}))
    found = await world.admission.explain("anna", "sshd", "")
    assert found.codes == (CodeKind.SENT, CodeKind.RECOVERY)
    assert found.first is CodeKind.SENT
    assert found.at_hand == ("sent", "recovery: 10 left")
    assert (await world.admission.explain("ben", "sshd", "")).at_hand == ()
    await world.invitations.make("ben", 600, 0)
    assert (await world.admission.explain("ben", "sshd", "")).at_hand == ("invitation",)
    world.users.disable("anna", 0)
    assert (await world.admission.explain("anna", "sshd", "")).at_hand == ()
