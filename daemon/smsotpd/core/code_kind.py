# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of codes that may be typed where a code is asked for."""

from enum import StrEnum


class CodeKind(StrEnum):
    """Where a code comes from."""

    SENT = "sent"
    AUTHENTICATOR = "authenticator"
    RECOVERY = "recovery"
    BREAK_GLASS = "break-glass"
