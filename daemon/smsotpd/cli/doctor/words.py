# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor's words about stacks: whole sentences, in one place."""

from enum import Enum, auto
from typing import Final

from smsotpd.cli.doctor.cases import Ours
from smsotpd.cli.doctor.finding import Severity
from smsotpd.cli.doctor.judgement import Gap, Judgement
from smsotpd.cli.doctor.policy_values import Leeway

NOT_ASKED: Final = "It asks for no code; logins go as they would without pam-smsotp."
NOBODY: Final = "Nobody gets in."

# Whether the right code alone, the password alone, and both together let in.
_WAYS: Final = {
    (True, False, True): "PIN and code let in, without the password.",
    (False, False, True): "The password and then the code let in; neither does alone.",
    (True, True, True): "Either the code or the password lets in; the code is no second step.",
    (False, True, True): "The password lets in, whether the code is right or not.",
    (False, False, False): NOBODY,
}
_ANYBODY: Final = "Anybody gets in, whatever is typed."
_DOWN: Final = {
    True: "While the daemon is down, the password is enough.",
    False: "While the daemon is down, nobody gets in by this service.",
}
_ASIDE: Final = {
    True: "Users whom the policy leaves aside need the password.",
    False: "Users whom the policy leaves aside do not get in.",
}


class _Left(Enum):
    """What is left where no code is asked for."""

    PIN = auto()
    PASSWORD = auto()
    NOTHING = auto()
    NOBODY = auto()


_REMEMBERED: Final = {
    _Left.PIN: "For {hours} h after a whole login, the PIN is enough from the same address.",
    _Left.PASSWORD: (
        "For {hours} h after a whole login, the password is enough from the same address."
    ),
    _Left.NOTHING: (
        "For {hours} h after a whole login, any password is enough from the same address."
    ),
    _Left.NOBODY: "For {hours} h after a whole login, nobody gets in from the same address.",
}
_TRUSTED: Final = {
    _Left.PIN: "From {networks}, the PIN is enough.",
    _Left.PASSWORD: "From {networks}, the password is enough.",
    _Left.NOTHING: "From {networks}, any password is enough.",
    _Left.NOBODY: "From {networks}, nobody gets in who is enrolled.",
}
_EXEMPT: Final = "The policy leaves aside members of {groups}."
_ALLOWED_UNTIL: Final = "allow-until "
_UNENROLLED: Final = {
    "ignore": "The policy leaves aside users who are not enrolled.",
    _ALLOWED_UNTIL: "The policy leaves aside users who are not enrolled, until {day}.",
}
_REQUIRED: Final = "Members of {groups} are asked for everything wherever they come from."


def sentence(judgement: Judgement, leeway: Leeway) -> str:
    """Say who gets in."""
    if Gap.ANYBODY in judgement.gaps:
        return _ANYBODY
    way = (
        judgement.lets_in(Ours.RIGHT, right_password=False),
        judgement.lets_in(Ours.WRONG, right_password=True),
        judgement.lets_in(Ours.RIGHT, right_password=True),
    )
    said = [_WAYS.get(way, _WAYS[True, True, True] if way[1] else _WAYS[True, False, True])]
    if said[0] != NOBODY:
        said.append(_DOWN[judgement.lets_in(Ours.DOWN, right_password=True)])
        said.append(_ASIDE[judgement.lets_in(Ours.ASIDE, right_password=True)])
        said += _said_of(leeway, _left(judgement, leeway))
    return " ".join(said)


def _left(judgement: Judgement, leeway: Leeway) -> _Left:
    if leeway.has_pin:
        return _Left.PIN
    if judgement.lets_in(Ours.ASIDE, right_password=False):
        return _Left.NOTHING
    is_in = judgement.lets_in(Ours.ASIDE, right_password=True)
    return _Left.PASSWORD if is_in else _Left.NOBODY


def _said_of(leeway: Leeway, left: _Left) -> list[str]:
    """Say whom the policy asks for less."""
    said = []
    if leeway.networks:
        said.append(_TRUSTED[left].format(networks=", ".join(leeway.networks)))
    if leeway.remember_hours:
        said.append(_REMEMBERED[left].format(hours=leeway.remember_hours))
    if leeway.groups:
        said.append(_EXEMPT.format(groups=", ".join(leeway.groups)))
    if leeway.unenrolled == "ignore":
        said.append(_UNENROLLED[leeway.unenrolled])
    elif leeway.unenrolled.startswith(_ALLOWED_UNTIL):
        day = leeway.unenrolled.removeprefix(_ALLOWED_UNTIL)
        said.append(_UNENROLLED[_ALLOWED_UNTIL].format(day=day))
    if said and leeway.required:
        said.append(_REQUIRED.format(groups=", ".join(leeway.required)))
    return said


GAPS: Final = {
    Gap.ANYBODY: (
        Severity.ERROR,
        "Anybody gets into {service}, with a wrong code and a wrong password.",
    ),
    Gap.ASIDE: (
        Severity.ERROR,
        "Users whom the policy leaves aside get into {service} with any password.",
    ),
    Gap.NOT_ASKED: (
        Severity.ERROR,
        "{service} never asks for a code, although our module stands in its stack.",
    ),
    Gap.WRONG_CODE: (
        Severity.ERROR,
        "{service} lets in whoever has the password, although the code was wrong.",
    ),
    Gap.SKIPPED: (
        Severity.ERROR,
        "{service} lets in whoever has the password without asking for a code.",
    ),
    Gap.DOWN: (
        Severity.ERROR,
        "While the daemon is down, {service} lets in by the password alone.",
    ),
    Gap.NOBODY: (
        Severity.ERROR,
        "Nobody gets into {service}, not even with the right code and the right password.",
    ),
    Gap.CREDENTIALS: (
        Severity.ERROR,
        "{service} fails after a right code, when the program sets the user's credentials.",
    ),
    Gap.EARLY_CODE: (
        Severity.WARNING,
        "{service} goes on to the code after a wrong password, so that anybody may cost messages.",
    ),
    Gap.EXEMPT: (
        Severity.WARNING,
        "Whoever satisfies a rule of its own in the stack of {service} gets in without a code.",
    ),
}
