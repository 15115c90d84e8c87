# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The test that judges times: it sees what is there, and does not see what is not."""

import random  # noqa: TID251  # invented times, no credential
from collections.abc import Callable

import pytest

from tests.attacks.paired_times import SMALLEST_SECONDS, Difference, chance_of, confirmed, telling

KINDS = ("a", "b", "c", "d", "e")


def rounds(
    source: random.Random, count: int, extra: float, noise: Callable[[], float]
) -> dict[str, list[float]]:
    """Invent times on a machine whose load drifts; kind `a` takes longer."""
    load = [1 + 0.5 * abs(source.gauss()) for _ in range(count)]
    return {
        kind: [0.08 * each + noise() + (extra if kind == "a" else 0.0) for each in load]
        for kind in KINDS
    }


@pytest.mark.parametrize("count", [30, 100])
def test_equal_kinds_are_called_different_less_often_than_was_said(count: int) -> None:
    source = random.Random(7)
    runs = 300
    wrong = sum(
        bool(telling(rounds(source, count, 0.0, lambda: source.expovariate(200))))
        for _ in range(runs)
    )
    assert wrong / runs <= 0.02


@pytest.mark.parametrize(("count", "extra"), [(100, 0.005), (30, 0.01)])
def test_a_kind_that_takes_longer_is_found(count: int, extra: float) -> None:
    source = random.Random(11)
    runs = 100
    found = sum(
        {"a"} == set.intersection(*(set(each.kinds) for each in told))
        for _ in range(runs)
        if (told := telling(rounds(source, count, extra, lambda: source.expovariate(200))))
    )
    assert found / runs >= 0.9


@pytest.mark.parametrize("count", [30, 100])
def test_a_second_sample_confirms_hardly_any_false_alarm(count: int) -> None:
    source = random.Random(5)
    by_chance = telling_rounds(source, count)
    again = [rounds(source, count, 0.0, lambda: source.expovariate(200)) for _ in range(300)]
    assert sum(bool(confirmed(by_chance, each)) for each in again) <= 300 * 0.02


def telling_rounds(source: random.Random, count: int) -> list[Difference]:
    """Return the alarms of equal kinds of which one differs by chance."""
    while True:
        alarms = telling(rounds(source, count, 0.0, lambda: source.expovariate(200)))
        if alarms:
            return alarms


@pytest.mark.parametrize(("count", "extra"), [(100, 0.005), (30, 0.01)])
def test_a_kind_that_takes_longer_is_confirmed(count: int, extra: float) -> None:
    source = random.Random(13)

    def slow() -> dict[str, list[float]]:
        return rounds(source, count, extra, lambda: source.expovariate(200))

    assert sum(bool(confirmed(telling(slow()), slow())) for _ in range(100)) >= 90


def test_the_other_direction_confirms_nothing() -> None:
    source = random.Random(17)
    slow = rounds(source, 100, 0.05, lambda: source.expovariate(200))
    fast = rounds(source, 100, -0.05, lambda: source.expovariate(200))
    assert telling(slow)
    assert confirmed(telling(slow), fast) == []


def test_one_slow_sample_tells_nothing() -> None:
    times = {"a": [0.1] * 29 + [9.0], "b": [0.1] * 30}
    assert telling(times) == []


def test_a_difference_that_is_sure_and_tiny_tells_nothing() -> None:
    source = random.Random(3)
    times = {kind: [0.1 + source.random() / 1e4 for _ in range(100)] for kind in "ab"}
    times["a"] = [each + SMALLEST_SECONDS / 2 for each in times["a"]]
    assert telling(times) == []


def test_the_chance_is_that_of_the_tables() -> None:
    """Ten rounds with a sum of 8 for the rarer sign: 0.05 two-sided in every table."""
    within = [1, 2, -3, 4, -5, 6, 7, 8, 9, 10]
    assert chance_of(within) == pytest.approx(0.0469, abs=0.003)
