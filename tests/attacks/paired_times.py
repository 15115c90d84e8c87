# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whether times that were taken in rounds, one of each kind a round, tell the kinds apart.

Wilcoxon's signed-rank test of the differences within each round: what slows the whole machine
down slows a round down and drops out, and no single slow sample weighs more than its rank. Source:
Conover, Practical Nonparametric Statistics, 5.7; the normal approximation holds from 20 rounds on.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Final

# Said before anything is measured. In one sample, the chance that equal kinds are called different
# is below SIGNIFICANCE for all pairs together (Bonferroni); a difference below SMALLEST_SECONDS is
# called none, since the way to sshd alone varies by more. An alarm is confirmed by a second sample,
# of other users, in which the same pair must differ in the same direction: for equal kinds that
# happens with a chance below SIGNIFICANCE * SIGNIFICANCE / 2, once in 20 000 runs.
SIGNIFICANCE: Final = 0.01
SMALLEST_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Difference:
    """How much longer one kind takes than another.

    Attributes:
        seconds: median of the differences within the rounds.
        chance: that equal kinds differ by as much.
    """

    kinds: tuple[str, str]
    seconds: float
    chance: float


def differences(times: Mapping[str, Sequence[float]]) -> list[Difference]:
    """Return the difference of each pair of kinds."""
    found = []
    for one, other in itertools.combinations(sorted(times), 2):
        within = [a - b for a, b in zip(times[one], times[other], strict=True)]
        found.append(Difference((one, other), median(within), chance_of(within)))
    return found


def telling(times: Mapping[str, Sequence[float]]) -> list[Difference]:
    """Return the differences by which somebody could tell two kinds apart."""
    found = differences(times)
    return [
        each
        for each in found
        if each.chance < SIGNIFICANCE / len(found) and abs(each.seconds) >= SMALLEST_SECONDS
    ]


def confirmed(
    alarms: Sequence[Difference], times: Mapping[str, Sequence[float]]
) -> list[Difference]:
    """Return those of the alarms that a second sample, taken for their sake, shows again."""
    asked = {each.kinds: each.seconds for each in alarms}
    return [
        each
        for each in differences(times)
        if each.kinds in asked
        and each.chance < SIGNIFICANCE / len(asked)
        and abs(each.seconds) >= SMALLEST_SECONDS
        and math.copysign(1, each.seconds) == math.copysign(1, asked[each.kinds])
    ]


def chance_of(within: Sequence[float]) -> float:
    """Return the two-sided chance of such signed ranks if neither kind took longer."""
    ranked = sorted((each for each in within if each), key=abs)
    count = len(ranked)
    if not count:
        return 1.0
    positive = sum(rank for rank, each in enumerate(ranked, 1) if each > 0)
    expected = count * (count + 1) / 4
    deviation = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    return 2 * (1 - NormalDist().cdf(abs(positive - expected) / deviation))
