# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Notice a Ctrl-C that the host has blocked.

sudo blocks SIGINT and SIGQUIT while PAM works, so a wait must look for them. Importing Python's
signal module, even `_signal`, would replace the host's own disposition of SIGINT until the
interpreter ends; the kernel's status file tells the same and touches nothing. The signal stays
pending: the host meets it next, and sudo then asks no second time.
"""

from __future__ import annotations

import os

STATUS = "/proc/thread-self/status"
# Bit n-1 is signal n: SIGHUP 1, SIGINT 2, SIGQUIT 3, SIGTERM 15 (proc(5), SigPnd and ShdPnd).
STOP_SIGNALS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14


def is_pending() -> bool:
    """Say whether a stop signal is blocked and waits; False where there is no /proc."""
    try:
        descriptor = os.open(STATUS, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return has_stop_signal(os.read(descriptor, 8192))
    except OSError:
        return False
    finally:
        os.close(descriptor)


def has_stop_signal(status: bytes) -> bool:
    """Say whether a /proc status text lists a pending stop signal."""
    for line in status.splitlines():
        name, _, mask = line.partition(b":")
        if name in {b"SigPnd", b"ShdPnd"} and int(mask, 16) & STOP_SIGNALS:
            return True
    return False
