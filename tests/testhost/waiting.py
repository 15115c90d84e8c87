# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true, with a deadline."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

POLL_SECONDS: Final = 0.05

Answer = TypeVar("Answer")


def wait_until(predicate: Callable[[], Answer], seconds: float, what: str) -> Answer:
    """Ask again and again until the answer is true, and return it.

    Args:
        predicate: asked at least once, at most twenty times a second.
        seconds: how long to go on asking.
        what: the fact waited for, for the message of the failure.

    Raises:
        AssertionError: it did not become true in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        if answer := predicate():
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)
