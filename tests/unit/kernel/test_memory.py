# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon's memory is dumped nowhere."""

import subprocess
import sys

from tests.static.tree import ROOT

ASKED = """
import ctypes
from smsotpd.kernel.memory import close_to_others

PR_GET_DUMPABLE = 3
ask = ctypes.CDLL(None).prctl
print(ask(PR_GET_DUMPABLE, 0, 0, 0, 0))
close_to_others()
print(ask(PR_GET_DUMPABLE, 0, 0, 0, 0))
"""


def test_a_process_that_closed_its_memory_is_dumped_nowhere() -> None:
    # Not in this process: nothing opens the memory again.
    ran = subprocess.run(
        [sys.executable, "-c", ASKED],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "daemon")},
    )
    assert ran.stdout.split() == ["1", "0"]
