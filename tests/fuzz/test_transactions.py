# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any history of logins: no two grants of one code, and no more answers than allowed."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.tally import Tried
from tests.unit.core.test_transactions_machine import Histories


def test_no_history_grants_twice_or_judges_too_much(tried: Tried) -> None:
    class Counted(Histories):
        def __init__(self) -> None:
            tried()
            super().__init__()

    run_state_machine_as_test(Counted, settings=settings(stateful_step_count=50))
