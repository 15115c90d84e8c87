# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How many calls may be in progress: root's apart from all others', and those few for each user.

Logins over the network, sudo and greeters call as root. Whatever other users of this machine do,
they take no place from those.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from smsotpd.core.errors import BusyError

ROOT: Final = 0
MOST_OF_ROOT: Final = 1024
MOST_OF_OTHERS: Final = 64
MOST_OF_ONE_USER: Final = 8
# Of a connection of which the bus was asked whose it is, and has not yet answered.
MOST_OF_A_STRANGER: Final = 8
# A screen locker needs five calls to let its user in. Whoever makes thousands fills the journal,
# which then drops what others do.
CALLS_PER_SECOND: Final = 10.0
CALLS_AT_ONCE: Final = 100.0
# Of all users but root: one may command thousands of uids (subuid(5)).
CALLS_PER_SECOND_OF_OTHERS: Final = 50.0
CALLS_AT_ONCE_OF_OTHERS: Final = 500.0
_OTHERS: Final = "others"
_MOST_REMEMBERED: Final = 2048


class Places:
    """Count calls while they are in progress, and those of other users than root over time."""

    def __init__(self) -> None:
        self._taken: Counter[Hashable] = Counter()
        self._all = _Pace(CALLS_PER_SECOND_OF_OTHERS, CALLS_AT_ONCE_OF_OTHERS)
        self._each: dict[int, _Pace] = {}

    @contextmanager
    def of_stranger(self, connection: str) -> Iterator[None]:
        """Take a place until it is known who calls.

        Raises:
            BusyError: that connection has enough calls in progress.
        """
        with self._taking({connection: MOST_OF_A_STRANGER}):
            yield

    @contextmanager
    def of_user(self, uid: int, now: float) -> Iterator[None]:
        """Take a place for a user's call.

        Args:
            now: in seconds, of a clock that never jumps.

        Raises:
            BusyError: the user, or all of them together, have enough calls in progress.
        """
        rooms: dict[Hashable, int] = {ROOT: MOST_OF_ROOT}
        if uid != ROOT:
            self._require_pace(uid, now)
            rooms = {uid: MOST_OF_ONE_USER, _OTHERS: MOST_OF_OTHERS}
        with self._taking(rooms):
            yield

    @contextmanager
    def _taking(self, rooms: dict[Hashable, int]) -> Iterator[None]:
        if any(self._taken[room] >= most for room, most in rooms.items()):
            raise BusyError("too many calls are in progress; try again")
        self._taken.update(rooms.keys())
        try:
            yield
        finally:
            self._taken.subtract(rooms.keys())
            for room in rooms:
                if not self._taken[room]:
                    del self._taken[room]

    def _require_pace(self, uid: int, now: float) -> None:
        if len(self._each) >= _MOST_REMEMBERED:
            self._each = {uid: pace for uid, pace in self._each.items() if pace.spent(now)}
        each = self._each.setdefault(uid, _Pace(CALLS_PER_SECOND, CALLS_AT_ONCE))
        # In this order: what is refused to one user costs the others nothing.
        if not (each.spend(now) and self._all.spend(now)):
            raise BusyError("too many calls in a short time; try again in a moment")


class _Pace:
    """So many calls a second in the long run, and so many at once."""

    def __init__(self, per_second: float, at_once: float) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._spent = 0.0
        self._since = 0.0

    def spent(self, now: float) -> float:
        """Return how many of the calls at once are used up."""
        return max(0.0, self._spent - (now - self._since) * self._per_second)

    def spend(self, now: float) -> bool:
        """Count a call, unless it is one too many; tell whether it was counted."""
        spent = self.spent(now) + 1.0
        if spent > self._at_once:
            return False
        self._spent, self._since = spent, now
        return True
