# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which rule decides what a login is asked for, and that none but the documented one does."""

import ipaddress
from dataclasses import replace

import pytest

from smsotpd.core.origin import address_of
from smsotpd.core.policy import AllowedUntil, Factor, Mode, Policy, Unenrolled
from smsotpd.core.ruling import Facts, Ruling, Treatment, rule

OFFICE = (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8::/32"))
CODE = frozenset({Factor.CODE})
GENEROUS = Policy(
    trusted_networks=OFFICE,
    exempt_groups=frozenset({"robots"}),
    required_groups=frozenset({"admins"}),
    remember_seconds=3600.0,
    unenrolled=Unenrolled.IGNORE,
)
STRANGER = Facts(is_enrolled=False, today="2027-02-01")


def at(rhost: str, **known: object) -> Facts:
    facts = Facts(rhost=rhost, address=address_of(rhost))
    return replace(facts, **known)  # type: ignore[arg-type]  # fields of Facts


def outcome(ruling: Ruling) -> tuple[Treatment, str]:
    return ruling.treatment, ruling.deciding.key


def test_without_exceptions_everything_is_asked_for() -> None:
    assert outcome(rule(Policy(), at("192.0.2.7"))) == (Treatment.EVERYTHING, "factors")
    assert Policy().is_plain
    assert not GENEROUS.is_plain


@pytest.mark.parametrize(
    "rhost", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "2001:db8::1%eth0"]
)
def test_a_trusted_address_is_asked_for_the_pin_and_not_for_the_code(rhost: str) -> None:
    ruling = rule(GENEROUS, at(rhost))
    assert outcome(ruling) == (Treatment.PIN_ALONE, "trusted_networks")
    assert " is in " in ruling.deciding.finding


@pytest.mark.parametrize(
    "rhost",
    [
        "",
        "192.0.3.7",
        "2001:db9::1",
        "::ffff:192.0.3.7",
        "host.office.example.org",
        "192.0.2.7.evil.example",
        "192.0.2.7 ",
        "192.0.2.07",
        "3221225991",
        "0xc0000207",
        "192.0.2.7, 203.0.113.9",
        "::c000:207",
        "localhost",
    ],
)
def test_no_other_remote_host_is_trusted(rhost: str) -> None:
    assert rule(GENEROUS, at(rhost)).treatment is Treatment.EVERYTHING


def test_why_a_name_and_a_local_login_are_not_trusted_is_said() -> None:
    named, local = rule(GENEROUS, at("office")), rule(GENEROUS, at(""))
    findings = [[check.finding for check in ruling.checks] for ruling in (named, local)]
    assert any("UseDNS" in finding for finding in findings[0])
    assert "a local login comes from no network" in findings[1]


def test_with_the_code_alone_the_rest_of_the_stack_decides_and_never_we() -> None:
    policy = replace(GENEROUS, factors=CODE)
    assert rule(policy, at("192.0.2.7")).treatment is Treatment.NOTHING
    assert rule(policy, at("", is_remembered=True)).treatment is Treatment.NOTHING


def test_who_is_locked_gains_nothing_from_a_better_place() -> None:
    policy = replace(GENEROUS, factors=CODE)
    assert outcome(rule(policy, at("192.0.2.7", is_held=True))) == (Treatment.EVERYTHING, "user")
    # With a PIN, the PIN is judged under the lock.
    assert rule(GENEROUS, at("192.0.2.7", is_held=True)).treatment is Treatment.PIN_ALONE


def test_a_remembered_host_is_asked_for_the_pin_alone() -> None:
    ruling = rule(GENEROUS, at("203.0.113.9", is_remembered=True))
    assert outcome(ruling) == (Treatment.PIN_ALONE, "remember_hours")
    forgetful = replace(GENEROUS, remember_seconds=0.0)
    assert rule(forgetful, at("203.0.113.9", is_remembered=True)).treatment is Treatment.EVERYTHING


def test_an_exempt_group_is_not_asked_at_all_enrolled_or_not() -> None:
    robots = frozenset({"robots", "users"})
    for is_enrolled in (True, False):
        ruling = rule(GENEROUS, at("", groups=robots, is_enrolled=is_enrolled))
        assert outcome(ruling) == (Treatment.NOTHING, "exempt_groups")
        assert ruling.deciding.finding == "member of robots"


@pytest.mark.parametrize("groups", [frozenset({"admins", "robots"}), None])
def test_a_required_group_or_an_unknown_one_knows_no_exception(
    groups: frozenset[str] | None,
) -> None:
    required = at("192.0.2.7", groups=groups, is_remembered=True)
    assert outcome(rule(GENEROUS, required)) == (Treatment.EVERYTHING, "required_groups")
    unenrolled = replace(required, is_enrolled=False)
    assert outcome(rule(GENEROUS, unenrolled)) == (Treatment.EVERYTHING, "unenrolled")


def test_where_only_exempt_groups_are_named_an_unknown_one_knows_no_exception() -> None:
    policy = replace(GENEROUS, required_groups=frozenset())
    ruling = rule(policy, at("192.0.2.7", groups=None))
    assert outcome(ruling) == (Treatment.EVERYTHING, "exempt_groups")


def test_a_disabled_user_is_exempt_from_nothing() -> None:
    disabled = at("192.0.2.7", groups=frozenset({"robots"}), is_disabled=True, is_remembered=True)
    assert outcome(rule(GENEROUS, disabled)) == (Treatment.EVERYTHING, "user")


def test_a_trusted_network_is_for_enrolled_users_only() -> None:
    policy = replace(GENEROUS, unenrolled=Unenrolled.DENY)
    stranger = at("192.0.2.7", is_enrolled=False)
    assert outcome(rule(policy, stranger)) == (Treatment.EVERYTHING, "unenrolled")


@pytest.mark.parametrize(
    ("today", "treatment"),
    [
        ("2027-01-30", Treatment.NOTHING),
        ("2027-01-31", Treatment.NOTHING),
        ("2027-02-01", Treatment.EVERYTHING),
        ("2028-01-01", Treatment.EVERYTHING),
    ],
)
def test_a_roll_out_ends_with_its_last_day(today: str, treatment: Treatment) -> None:
    policy = replace(GENEROUS, unenrolled=AllowedUntil("2027-01-31"))
    assert rule(policy, replace(STRANGER, today=today)).treatment is treatment


def test_a_required_group_has_no_roll_out() -> None:
    policy = replace(GENEROUS, unenrolled=AllowedUntil("2027-12-31"))
    stranger = replace(STRANGER, groups=frozenset({"admins"}))
    assert rule(policy, stranger).treatment is Treatment.EVERYTHING


def test_only_root_begins_an_enrolment_and_only_in_a_conversation() -> None:
    policy = Policy(unenrolled=Unenrolled.ENROL, factors=CODE)
    assert rule(policy, STRANGER).treatment is Treatment.ENROLMENT
    for fact in ({"is_root": False}, {"mode": Mode.TWO_ATTEMPT}, {"mode": Mode.CHANGE_PIN}):
        stranger = replace(STRANGER, **fact)
        assert rule(policy, stranger).treatment is Treatment.EVERYTHING
