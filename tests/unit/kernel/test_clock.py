# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Both clocks run, and belong to one boot."""

from pathlib import Path

from smsotpd.kernel.clock import KernelClock


def test_both_clocks_run() -> None:
    clock = KernelClock()
    first, second = clock.now(), clock.now()
    assert second.boot >= first.boot > 0
    assert second.wall >= 1_700_000_000
    assert first.boot_id == second.boot_id


def test_the_boot_is_the_kernels_or_what_we_are_told() -> None:
    kernels = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert KernelClock().now().boot_id == kernels
    assert KernelClock("6530d8aa").now().boot_id == "6530d8aa"


async def test_sleeping_takes_its_time() -> None:
    clock = KernelClock()
    before = clock.now().boot
    await clock.sleep(0.02)
    assert clock.now().boot - before >= 0.02
