# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The composition root: the only place that knows all the parts."""

from smsotpd.main.program import main

__all__ = ["main"]
