# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A clock that stands still until it is moved, or until somebody waits."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from smsotpd.core.moment import Moment

Meanwhile = Callable[[], object]

NOON: Final = Moment(wall=1_700_000_000.0, boot=5_000.0, boot_id="boot-1")


class FakeClock:
    """Wall and boot-time clock by hand; whoever sleeps moves it, the earliest sleeper first.

    Attributes:
        slept: all waits that were asked for, in seconds.
        meanwhile: called once, in the middle of the next wait.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.meanwhile: Meanwhile | None = None
        self._now = NOON
        self._wake_ups: list[float] = []

    def now(self) -> Moment:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        wake_up = self._now.boot + seconds
        self._wake_ups.append(wake_up)
        try:
            await asyncio.sleep(0)
            while self._now.boot < wake_up:
                if wake_up == min(self._wake_ups):
                    self.advance(wake_up - self._now.boot)
                else:
                    await asyncio.sleep(0)
        finally:
            self._wake_ups.remove(wake_up)

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self._now = replace(self._now, wall=self._now.wall + seconds, boot=self._now.boot + seconds)

    def set_wall_clock(self, seconds: float) -> None:
        """Jump with the wall clock alone, forward or back, as an administrator or NTP does."""
        self._now = replace(self._now, wall=self._now.wall + seconds)

    def reboot(self, seconds: float = 60.0) -> None:
        """Start another boot, so much later by the wall clock."""
        boot_id = f"{self._now.boot_id}+"
        self._now = Moment(self._now.wall + seconds, 10.0, boot_id)
