# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A table of what was tried and what held, after the tests that say how much they try.

A test that takes the fixture `tried` has a row: its name as a sentence, how many attacks, faults or
inputs it tried, and how many of them held. A test that fails held none, whatever it counted.
`pytest --tally` prints the table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

_KEY = "tried"


@dataclass(slots=True)
class Tried:
    """How much a test tries; call it with how many more."""

    count: int = field(default=0)

    def __call__(self, more: int = 1) -> None:
        """Count attempts, before they are made."""
        self.count += more


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Iterator[Tried]:
    """Count what this test tries, for the table."""
    tally = Tried()
    yield tally
    if tally.count == 0:
        pytest.fail("the test took the fixture `tried` and counted nothing")
    request.node.user_properties.append((_KEY, tally.count))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that prints the table."""
    parser.addoption("--tally", action="store_true", help="print what was tried and what held")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    if not config.getoption("--tally"):
        return
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
    ]
    rows = rows_of(reports)
    tried_in_all = sum(row[1] for row in rows)
    held_in_all = sum(row[2] for row in rows)
    terminalreporter.section("tried and held")
    for sentence, count, held in (*rows, ("in all", tried_in_all, held_in_all)):
        word = "" if held == count else "  DID NOT HOLD"
        terminalreporter.write_line(f"{sentence:<86.86} {count:>9,} {held:>9,}{word}")


def rows_of(reports: Iterable[pytest.TestReport]) -> list[tuple[str, int, int]]:
    """Return (sentence, tried, held) for each test, its parameters taken together."""
    failed = {report.nodeid for report in reports if report.failed}
    rows: dict[str, tuple[int, int]] = {}
    for report in reports:
        # The count is complete only when the fixture has ended.
        count = dict(report.user_properties).get(_KEY) if report.when == "teardown" else None
        if not isinstance(count, int):
            continue
        sentence = sentence_of(report.nodeid)
        before = rows.get(sentence, (0, 0))
        held = 0 if report.nodeid in failed else count
        rows[sentence] = before[0] + count, before[1] + held
    return [(sentence, *counts) for sentence, counts in rows.items()]


def sentence_of(node: str) -> str:
    """Return a test's name as a sentence, with the file that has it."""
    path, _, name = node.partition("::")
    words = name.partition("[")[0].rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return f"{path.rpartition('/')[2].removeprefix('test_').removesuffix('.py')}: {words}"
