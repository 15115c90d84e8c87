# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The table of what was tried and what held."""

from typing import Literal

import pytest

from tests.tally import Tried, rows_of


def report(
    node: str,
    when: Literal["setup", "call", "teardown"],
    outcome: Literal["passed", "failed", "skipped"] = "passed",
    count: int | None = None,
) -> pytest.TestReport:
    properties = [] if count is None else [("tried", count)]
    location = ("file", 0, node)
    return pytest.TestReport(node, location, {}, outcome, None, when, user_properties=properties)


def test_what_passes_held_as_often_as_it_was_tried(tried: Tried) -> None:
    tried()
    reports = [report("tests/attacks/test_a.py::test_no_way_in[x]", "teardown", count=500)]
    assert rows_of(reports) == [("a: no way in", 500, 500)]


def test_what_fails_held_nothing() -> None:
    node = "tests/attacks/test_a.py::test_no_way_in"
    reports = [report(node, "call", "failed"), report(node, "teardown", count=500)]
    assert rows_of(reports) == [("a: no way in", 500, 0)]


def test_parameters_of_one_test_share_a_row() -> None:
    reports = [
        report(f"tests/attacks/test_a.py::test_no_way_in[{each}]", "teardown", count=3)
        for each in "xyz"
    ]
    assert rows_of(reports) == [("a: no way in", 9, 9)]


def test_a_test_that_counts_nothing_has_no_row() -> None:
    assert rows_of([report("tests/a/test_a.py::test_else", "teardown")]) == []
