# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which gateways carry which messages, first choice first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smsotpd.core.health import WELL, Health, is_open
from smsotpd.core.moment import Moment
from smsotpd.core.recipient import Recipient


@dataclass(frozen=True, slots=True)
class Route:
    """An ordered choice of gateways for some recipients.

    Attributes:
        gateways: names, first choice first.
        channel: of the recipients it is for; empty for every channel.
        prefixes: beginnings of their numbers, without plus sign; empty for every number.
        groups: of which the user must be in one; empty for every user.
    """

    gateways: tuple[str, ...]
    channel: str = ""
    prefixes: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()

    def takes(self, recipient: Recipient, groups: frozenset[str]) -> bool:
        """Tell whether the route is for a recipient whose user is in these groups."""
        number = recipient.address.removeprefix("+")
        return (
            self.channel in {"", recipient.channel}
            and (not self.prefixes or number.startswith(self.prefixes))
            and (not self.groups or not self.groups.isdisjoint(groups))
        )


def choose(
    routes: Sequence[Route],
    recipient: Recipient,
    groups: frozenset[str],
    enabled: Sequence[str],
) -> list[str]:
    """Return the names to try: those of the first route that takes the recipient and has any.

    Where no route takes the recipient, every enabled gateway of its channel is tried, by name.

    Args:
        enabled: names of the enabled gateways of the recipient's channel.
    """
    taken = [route.gateways for route in routes if route.takes(recipient, groups)]
    for names in taken:
        usable = [name for name in names if name in enabled]
        if usable:
            return usable
    return [] if taken else sorted(enabled)


def by_health(names: Sequence[str], health: Mapping[str, Health], now: Moment) -> list[str]:
    """Return the names with those at the end that failed of late.

    None is left out: a login whose gateways all failed tries them all the same.
    """
    return sorted(names, key=lambda name: is_open(health.get(name, WELL), now))
