# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Both clocks of the machine."""

import asyncio
import time
from pathlib import Path

from smsotpd.core.moment import Moment

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class KernelClock:
    """Tell the time by wall and boot-time clock; the port `Clock`."""

    def __init__(self, boot_id: str = "") -> None:
        """Take the boot's id from whoever may read it: a sandbox hides all of /proc/sys."""
        self._boot_id = boot_id or _BOOT_ID.read_text().strip()

    def now(self) -> Moment:
        """Return the present."""
        return Moment(
            wall=time.clock_gettime(time.CLOCK_REALTIME),
            boot=time.clock_gettime(time.CLOCK_BOOTTIME),
            boot_id=self._boot_id,
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, and let every other login go on."""
        await asyncio.sleep(seconds)
