# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How many messages a modem may be given in a minute, and how many it was: pure."""

from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 60.0


class Pace:
    """The messages of the last minute; every moment is one of the monotonic clock."""

    def __init__(self, per_minute: int) -> None:
        self._given_at: deque[float] = deque(maxlen=per_minute)
        self._most = per_minute

    def note(self, now: float) -> None:
        """Note that a message is given to the modem."""
        self._given_at.append(now)

    def pause(self, now: float) -> float:
        """Return for how many seconds no other may follow; nothing or less if one may at once."""
        if len(self._given_at) < self._most:
            return 0.0
        return self._given_at[0] + WINDOW_SECONDS - now

    def has_spare(self, now: float) -> bool:
        """Tell whether another may go that holds no code: a quarter is kept for those that do."""
        return self.recent(now) < self._most - self._most // 4

    def recent(self, now: float) -> int:
        """Return how many the modem was given within the last minute."""
        return sum(at > now - WINDOW_SECONDS for at in tuple(self._given_at))
