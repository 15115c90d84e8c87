# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a dialogue as they travel over the bus."""

from smsotpd.core.transaction import Steps


def encoded_steps(steps: Steps) -> list[list[str]]:
    """Return what the contract calls a(ss)."""
    return [[step.kind.value, str(step.text)] for step in steps]
