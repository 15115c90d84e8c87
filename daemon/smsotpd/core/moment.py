# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Points in time that no jump of the wall clock can fool."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """Say when something happened, by two clocks.

    Attributes:
        wall: seconds since 1970, as the system believes; may jump either way.
        boot: seconds since boot, suspended time included (CLOCK_BOOTTIME); never jumps.
        boot_id: which boot `boot` counts from; two moments compare by `boot` only if it is equal.
    """

    wall: float
    boot: float
    boot_id: str


def may_have_passed(since: Moment, duration: float, now: Moment) -> bool:
    """Tell whether `duration` seconds may be over: the answer for what must not live too long.

    The stricter clock wins: either is enough, and what began in another boot is over.
    """
    if since.boot_id != now.boot_id:
        return True
    return now.boot - since.boot >= duration or now.wall - since.wall >= duration


def has_passed(since: Moment, duration: float, now: Moment) -> bool:
    """Tell whether `duration` seconds are surely over: the answer for what must not end too soon.

    Within one boot the boot-time clock alone decides, as setting the wall clock forward must not
    end a lock. Across boots only the wall clock is left.
    """
    if since.boot_id == now.boot_id:
        return now.boot - since.boot >= duration
    return now.wall - since.wall >= duration
