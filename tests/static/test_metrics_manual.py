# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The manual lists what `status --prometheus` prints, and nothing else."""

import re
from pathlib import Path

from smsotpd.core.metrics import FAMILIES

MANUAL = Path(__file__).parents[2] / "docs/man/smsotpctl.rst"


def test_the_manual_lists_every_metric() -> None:
    listed = re.findall(r"^        (smsotp_\w+)", MANUAL.read_text(), re.MULTILINE)

    assert listed == [family.name for family in FAMILIES]
