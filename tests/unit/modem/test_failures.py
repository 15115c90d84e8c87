# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every error code has a class, and says what is wrong."""

import pytest

from smsotpd.core.outcome import Accepted
from smsotpd.modem.errors import CmeError, CmsError, CommandError
from smsotpd.modem.failures import Kind, Remedy, failure_of

DOUBTFUL = {255, 332, 500, 513}


@pytest.mark.parametrize("kind", [CmsError, CmeError])
def test_every_code_becomes_an_outcome_that_names_it(kind: type[CmsError | CmeError]) -> None:
    for code in range(-1, 1000):
        failure = failure_of(kind(code))
        assert str(code) in failure.text
        if not isinstance(failure.outcome, Accepted):
            assert failure.outcome.detail == failure.text


def test_only_what_may_have_been_sent_is_in_doubt() -> None:
    found = {code for code in range(1000) if failure_of(CmsError(code)).kind is Kind.DOUBT}
    assert found == DOUBTFUL


def test_nothing_that_may_have_been_sent_is_sent_again() -> None:
    for code in DOUBTFUL:
        assert failure_of(CmsError(code)).remedy is Remedy.NONE


def test_a_duplicate_was_sent() -> None:
    assert failure_of(CmsError(197)).outcome == Accepted()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (515, Remedy.WAIT), (314, Remedy.WAIT), (21, Remedy.ONCE), (127, Remedy.ONCE),
        (549, Remedy.ONCE), (322, Remedy.CLEAN), (198, Remedy.WITHOUT_VALIDITY),
        (145, Remedy.WITHOUT_CLASS), (38, Remedy.NONE), (304, Remedy.NONE),
    ],
)  # fmt: skip
def test_what_helps_is_tried(code: int, remedy: Remedy) -> None:
    assert failure_of(CmsError(code)).remedy is remedy


def test_a_bare_error_is_tried_once_more() -> None:
    assert failure_of(CommandError()).remedy is Remedy.ONCE
