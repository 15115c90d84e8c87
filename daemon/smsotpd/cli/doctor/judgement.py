# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Judge a stack: who gets in by what, with our module and without."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from smsotpd.cli.doctor.cases import (
    PASSWORD_MODULES,
    Case,
    IsInstalled,
    Others,
    Ours,
    cases,
    is_ours,
    returns_in,
)
from smsotpd.cli.pam.dispatch import Verdict, authenticate, set_credentials
from smsotpd.cli.pam.handlers import Chain
from smsotpd.cli.pam.returns import IGNORE


class Gap(Enum):
    """What is wrong with a stack."""

    ANYBODY = "anybody"
    WRONG_CODE = "wrong code"
    DOWN = "down"
    ASIDE = "aside"
    NOT_ASKED = "not asked"
    SKIPPED = "skipped"
    NOBODY = "nobody"
    CREDENTIALS = "credentials"
    EARLY_CODE = "early code"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Trial:
    """One case and what came of it."""

    case: Case
    verdict: Verdict
    asked: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What holds for a stack.

    Attributes:
        granted: for each case in words, whether somebody may get in without any rule that decides
            by reasons of its own being content.
        gaps: what is wrong, worst first.
    """

    granted: dict[tuple[Ours, bool], bool]
    gaps: tuple[Gap, ...]

    def lets_in(self, ours: Ours, *, right_password: bool) -> bool:
        """Tell whether the case ends with the user being in."""
        return self.granted[ours, right_password]


def judge(chain: Chain, is_installed: IsInstalled) -> Judgement:
    """Try all cases on a stack that has our module somewhere."""
    trials = {
        (ours, password): [
            _try(case, chain, is_installed) for case in cases(chain, ours, right_password=password)
        ]
        for ours in Ours
        for password in (True, False)
    }
    granted = {
        key: any(
            trial.verdict.is_granted for trial in tried if trial.case.others is not Others.PASS
        )
        for key, tried in trials.items()
    }
    return Judgement(granted, tuple(_gaps(chain, trials, granted, is_installed)))


def _try(case: Case, chain: Chain, is_installed: IsInstalled) -> Trial:
    verdict = authenticate(chain, returns_in(case, chain, is_installed))
    return Trial(case, verdict, any(is_ours(handler) for handler, _ in verdict.called))


def _gaps(
    chain: Chain,
    trials: dict[tuple[Ours, bool], list[Trial]],
    granted: dict[tuple[Ours, bool], bool],
    is_installed: IsInstalled,
) -> Iterator[Gap]:
    every = [trial for tried in trials.values() for trial in tried]
    best = trials[Ours.RIGHT, True] + trials[Ours.RIGHT, False]
    # A module that decides nothing must not be what lets in.
    nobody = not any(trial.verdict.is_granted for trial in best if trial.case.bystanders == IGNORE)
    if any(granted[ours, False] for ours in (Ours.WRONG, Ours.DOWN)):
        yield Gap.ANYBODY
    elif granted[Ours.ASIDE, False]:
        yield Gap.ASIDE
    if chain.is_unreadable:
        yield Gap.NOBODY
        return
    if not any(trial.asked for trial in every):
        yield Gap.NOT_ASKED
    elif granted[Ours.WRONG, True]:
        asked = any(
            trial.asked and trial.verdict.is_granted
            for trial in trials[Ours.WRONG, True]
            if trial.case.others is not Others.PASS
        )
        yield Gap.WRONG_CODE if asked else Gap.SKIPPED
    elif granted[Ours.DOWN, True] and not _may_stand_aside(trials):
        yield Gap.DOWN
    if nobody:
        yield Gap.NOBODY
    elif not _sets_credentials(chain, best, is_installed):
        yield Gap.CREDENTIALS
    if _sends_early(trials):
        yield Gap.EARLY_CODE
    if not (granted[Ours.WRONG, True] or granted[Ours.WRONG, False]) and any(
        trial.verdict.is_granted
        for password in (True, False)
        for trial in trials[Ours.WRONG, password]
    ):
        yield Gap.EXEMPT


def _may_stand_aside(trials: dict[tuple[Ours, bool], list[Trial]]) -> bool:
    """Tell whether the administrator wrote fail=ignore, so that the case is wanted."""
    aside = {trial.case.ours for trial in trials[Ours.ASIDE, True]}
    return {trial.case.ours for trial in trials[Ours.DOWN, True]} == aside


def _sets_credentials(chain: Chain, best: list[Trial], is_installed: IsInstalled) -> bool:
    """Tell whether pam_setcred works after a login, in the same process and in another."""
    for trial in best:
        if not trial.verdict.is_granted:
            continue
        returns = returns_in(trial.case, chain, is_installed, credentials=True)
        before = trial.verdict
        if not set_credentials(chain, returns, before).is_granted:
            return False
        if not set_credentials(chain, returns, None).is_granted:
            return False
    return True


def _sends_early(trials: dict[tuple[Ours, bool], list[Trial]]) -> bool:
    """Tell whether a code is asked for although the password before it was wrong."""
    refused = trials[Ours.RIGHT, False]
    needs_both = not any(trial.verdict.is_granted for trial in refused)
    first_wrong = [
        trial
        for trial in refused
        if trial.asked and trial.case.others is Others.IGNORE and _password_came_first(trial)
    ]
    return needs_both and bool(first_wrong)


def _password_came_first(trial: Trial) -> bool:
    from_stack = [handler for handler, _ in trial.verdict.called]
    ours = next(index for index, handler in enumerate(from_stack) if is_ours(handler))
    return any(handler.module_name in PASSWORD_MODULES for handler in from_stack[:ours])
