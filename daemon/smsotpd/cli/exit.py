# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The exit codes of `smsotpctl`, as its man page lists them."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1  # it was tried and did not work: a test message not accepted, a file not written
    USAGE = 2  # a wrong option or value; click uses 2 as well
    NOT_AUTHORIZED = 3
    NOT_FOUND = 4
    EXISTS = 5
    REFUSED = 6  # understood, and not done as things stand
    UNAVAILABLE = 7  # the daemon cannot be reached, is busy, or cannot do it now
    ABORTED = 8  # a question was answered with no, or Ctrl-C
    INTERNAL = 70  # a fault of ours (EX_SOFTWARE of sysexits.h)
