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


def last_login(records: Records, service: str) -> str:
    """Return the journal's place of the newest login to the service; empty if there was none.

    A place and not a time: the clock may be set while somebody waits, and a login of yesterday must
    not count since the clock was wrong then.
    """
    found = records.newest(_logins(service), 1)
    return found[-1].cursor if found else ""


def await_login(
    records: Records, service: str, before: str, deadline: float, *, can_ask: Callable[[], bool]
) -> Seen:
    """Wait for a login to the service.

    Args:
        before: the last login that does not count, as `last_login` returns it.
        deadline: of the monotonic clock.
        can_ask: somebody may type y or n meanwhile.
    """
    listening = can_ask()
    while (left := deadline - time.monotonic()) > 0:
        if last_login(records, service) not in {"", before}:
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


def _logins(service: str) -> Wanted:
    return Wanted(service=service, events=frozenset({"login-granted"}))
