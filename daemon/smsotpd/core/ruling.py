# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a policy asks of one login, and which of its keys decides: pure, for logins and `explain`.

The order is the precedence: disabled users, required groups, exempt groups, users who are not
enrolled, trusted networks, remembered hosts. Nothing here lets anybody in: the most that is left
out is the code after a PIN, or our whole verdict in favour of the rest of the PAM stack.
"""

from dataclasses import dataclass
from enum import Enum

from smsotpd.core.origin import Address
from smsotpd.core.policy import AllowedUntil, Factor, Mode, Policy, Unenrolled


class Treatment(Enum):
    """What is asked of a login."""

    EVERYTHING = "every factor is asked for"
    PIN_ALONE = "the PIN alone is asked for"
    NOTHING = "nothing is asked; the rest of the PAM stack decides (PAM_IGNORE)"
    ENROLMENT = "the user is led through the enrolment"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a login before it begins.

    Attributes:
        rhost: as the program says; empty for a local login.
        address: that rhost is; None for a name, and for a local login.
        groups: of the user; None if nobody says.
        is_disabled: by an administrator.
        is_held: locked, or disabled, for too many guesses.
        is_remembered: whether the host is, for long enough under this policy.
        is_root: whether root began the login: what others say of it proves nothing.
        today: as 2027-01-31.
    """

    rhost: str = ""
    address: Address | None = None
    groups: frozenset[str] | None = frozenset()
    is_enrolled: bool = True
    is_disabled: bool = False
    is_held: bool = False
    is_remembered: bool = False
    is_root: bool = True
    mode: Mode = Mode.CONVERSATION
    today: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        key: of the policy; `user` for what stands in no policy.
    """

    key: str
    finding: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is asked of a login; the last check decided it."""

    treatment: Treatment
    checks: tuple[Check, ...]

    @property
    def deciding(self) -> Check:
        """Return the check that decided."""
        return self.checks[-1]


def rule(policy: Policy, facts: Facts) -> Ruling:
    """Return what a policy asks of a login."""
    if facts.is_disabled:
        disabled = Check("user", "disabled by an administrator; every answer is denied")
        return Ruling(Treatment.EVERYTHING, (disabled,))
    is_required, is_exempt, checks = _groups(policy, facts)
    if is_exempt:
        return Ruling(Treatment.NOTHING, checks)
    if not facts.is_enrolled:
        treatment, check = _unenrolled(policy, facts, is_required=is_required)
        return Ruling(treatment, (*checks, check))
    if is_required:
        return Ruling(Treatment.EVERYTHING, checks)
    return _places(policy, facts, checks)


def _groups(policy: Policy, facts: Facts) -> tuple[bool, bool, tuple[Check, ...]]:
    """Tell whether everything is required of the user, and if not, whether nothing is."""
    required, exempt = policy.required_groups, policy.exempt_groups
    if not policy.names_groups:
        return False, False, ()
    if facts.groups is None:
        finding = "nobody says in time which groups the user is in; no exception is made"
        return True, False, (Check("required_groups" if required else "exempt_groups", finding),)
    checks = []
    if required:
        checks.append(_member("required_groups", required, facts.groups))
        if required & facts.groups:
            return True, False, tuple(checks)
    if exempt:
        checks.append(_member("exempt_groups", exempt, facts.groups))
    return False, bool(exempt & facts.groups), tuple(checks)


def _member(key: str, names: frozenset[str], groups: frozenset[str]) -> Check:
    common = ", ".join(sorted(names & groups))
    return Check(key, f"member of {common}" if common else "member of none of these")


def _unenrolled(policy: Policy, facts: Facts, *, is_required: bool) -> tuple[Treatment, Check]:
    key = "unenrolled"
    match policy.unenrolled:
        case Unenrolled.IGNORE if not is_required:
            return Treatment.NOTHING, Check(key, "not enrolled, and such users are ignored")
        case AllowedUntil(day) if not is_required and facts.today <= day:
            return Treatment.NOTHING, Check(key, f"not enrolled, and allowed until {day}")
        case AllowedUntil(day) if not is_required:
            finding = f"not enrolled, which was allowed until {day}; every answer is denied"
        case Unenrolled.ENROL if is_required:
            finding = "not enrolled, and an administrator enrols members of required groups"
        case Unenrolled.ENROL if Factor.PIN in policy.factors:
            # Nobody has proven anything yet, and there is no PIN to prove it by.
            finding = "not enrolled, and enrols only where factors are the code alone"
        case Unenrolled.ENROL if facts.is_root and facts.mode is Mode.CONVERSATION:
            return Treatment.ENROLMENT, Check(key, "not enrolled, and may enrol now")
        case Unenrolled.ENROL:
            finding = "not enrolled, and this way in leads through no enrolment"
        case Unenrolled.DENY:
            finding = "not enrolled; every answer is denied"
        case _:
            finding = "not enrolled, and in a required group; every answer is denied"
    return Treatment.EVERYTHING, Check(key, finding)


def _places(policy: Policy, facts: Facts, before: tuple[Check, ...]) -> Ruling:
    """Look at where an enrolled user comes from."""
    checks = list(before)
    less = Treatment.PIN_ALONE if Factor.PIN in policy.factors else Treatment.NOTHING
    if less is Treatment.NOTHING and facts.is_held:
        # Whose guesses are refused must not get around them from a better place.
        checks.append(Check("user", "locked for too many guesses; every answer is denied"))
        return Ruling(Treatment.EVERYTHING, tuple(checks))
    if policy.trusted_networks:
        is_trusted, finding = _trusted(policy, facts)
        checks.append(Check("trusted_networks", finding))
        if is_trusted:
            return Ruling(less, tuple(checks))
    if policy.remember_seconds:
        finding = "a remembered host" if facts.is_remembered else "no remembered host"
        checks.append(Check("remember_hours", finding))
        if facts.is_remembered:
            return Ruling(less, tuple(checks))
    checks.append(Check("factors", ", ".join(sorted(policy.factors, reverse=True))))
    return Ruling(Treatment.EVERYTHING, tuple(checks))


def _trusted(policy: Policy, facts: Facts) -> tuple[bool, str]:
    address = facts.address
    if not facts.rhost:
        return False, "a local login comes from no network"
    if address is None:
        return False, "the remote host is named, not addressed (UseDNS); a name proves nothing"
    for network in policy.trusted_networks:
        if address.version == network.version and address in network:
            return True, f"{address} is in {network}"
    return False, f"{address} is in none of these"
