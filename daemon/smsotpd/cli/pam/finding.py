# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an examination of this machine's PAM files can find."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against a service's asking for the code.

    Attributes:
        text: what is wrong; remedy: what to do about it.
        forceable: with --force it may wait; then logins are denied until it is mended, but nobody
            gets in who should not.
    """

    text: str
    remedy: str
    forceable: bool = False
