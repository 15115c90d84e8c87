# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Wait until a second login shows that it works, or the administrator says so, or time is up."""

import select
import sys
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from smsotpd.cli.records import Records, Wanted

_LOOK_SECONDS: Final = 1.0


class Seen(Enum):
    """What ended the wait."""

    LOGIN = "login"
    YES = "yes"
    NO = "no"
    TIME_IS_UP = "time is up"


def await_login(
    records: Records, service: str, since: float, deadline: float, *, can_ask: Callable[[], bool]
) -> Seen:
    """Wait for a login to the service.

    Args:
        since: seconds since 1970; logins before do not count.
        deadline: of the monotonic clock.
        can_ask: somebody may type y or n meanwhile.
    """
    wanted = Wanted(service=service, events=frozenset({"login-granted"}), since=since)
    listening = can_ask()
    while (left := deadline - time.monotonic()) > 0:
        if records.newest(wanted, 1):
            return Seen.LOGIN
        if not listening:
            time.sleep(min(_LOOK_SECONDS, left))
            continue
        ready, _, _ = select.select([sys.stdin], [], [], min(_LOOK_SECONDS, left))
        if ready:
            line = sys.stdin.readline()
            word = line.strip().lower()
            if word in {"y", "yes"}:
                return Seen.YES
            if word or not line:
                return Seen.NO
    return Seen.TIME_IS_UP
