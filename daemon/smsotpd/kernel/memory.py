# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""This process's memory, closed to others."""

import ctypes
import os
from typing import Final

from smsotpd.core.errors import UnavailableError

_PR_SET_DUMPABLE: Final = 4
_NO: Final = 0


def close_to_others() -> None:
    """Let the kernel dump this process nowhere, and no other process of its user read its memory.

    A limit of 0 for core files does not hold for a program that core_pattern names (core(5)).
    What is started from here is another program, with memory of its own (prctl(2)).

    Raises:
        UnavailableError: the kernel refuses.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_DUMPABLE, _NO, 0, 0, 0) != 0:
        why = os.strerror(ctypes.get_errno())
        raise UnavailableError(f"the kernel does not close this process's memory: {why}")
