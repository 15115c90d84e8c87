# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon, killed by SIGKILL at a place of its work that a test names.

    python -m tests.faults.mortal_daemon PLACE NUMBER -m smsotpd.main ARGUMENTS

PLACE is `before-commit`, `after-commit`, `before-reply` or `after-reply`; NUMBER says at which one.
Replies to the bus driver are none; a commit that writes nothing counts, too.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from smsotpd.dbus.server import Server
from smsotpd.main import main
from smsotpd.store.change import SqliteChange

PLACES = ("before-commit", "after-commit", "before-reply", "after-reply")


def mortal(work: Callable[..., Any], name: str, place: str, number: int) -> Callable[..., Any]:
    """Return the work with a death before or after it, at its so-manieth time."""
    times = itertools.count(1)

    def work_or_die(*arguments: Any, **named: Any) -> Any:
        is_time = next(times) == number
        if is_time and place == f"before-{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*arguments, **named)
        if is_time and place == f"after-{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return work_or_die


def run() -> int:
    """Run the daemon until its time has come."""
    place, number = sys.argv[1], int(sys.argv[2])
    setattr(SqliteChange, "commit", mortal(SqliteChange.commit, "commit", place, number))  # noqa: B010  # mypy takes no other
    setattr(Server, "_reply", mortal(Server._reply, "reply", place, number))  # noqa: B010  # as above
    sys.argv = ["smsotpd", *sys.argv[5:]]
    return main()


if __name__ == "__main__":
    sys.exit(run())
