# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Hosts from which a user proved every factor not long ago."""

from dataclasses import dataclass

from smsotpd.core.moment import Moment, may_have_passed


@dataclass(frozen=True, slots=True)
class RememberedHost:
    """One user at one service from one address.

    Attributes:
        address: of the remote host; never a name, never empty.
        since: when every factor was proven.
        seconds: how long the policy of that time lets it count.
    """

    user: str
    service: str
    address: str
    since: Moment
    seconds: float


def still_counts(host: RememberedHost | None, seconds: float, now: Moment) -> bool:
    """Tell whether a host is still remembered under a policy that remembers for so long by now."""
    if host is None:
        return False
    return not may_have_passed(host.since, min(host.seconds, seconds), now)
