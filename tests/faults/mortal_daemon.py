# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon, killed by SIGKILL at a place of its work that a test names.

    python -m tests.faults.mortal_daemon FILE -m smsotpd.main ARGUMENTS

At SIGUSR1 it reads FILE, which holds a place (`before-commit`, `after-commit`, `before-reply` or
`after-reply`) and a number, and counts from then on. A commit that writes nothing counts, too.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smsotpd.dbus.server import Server
from smsotpd.main import main
from smsotpd.store.change import SqliteChange

PLACES = ("before-commit", "after-commit", "before-reply", "after-reply")


@dataclass(slots=True)
class Fate:
    """Where the daemon dies, and how often it still comes past there before."""

    place: str = ""
    left: int = 0

    def meet(self, place: str) -> None:
        """Come past a place."""
        if place == self.place:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def mortal(work: Callable[..., Any], name: str, fate: Fate) -> Callable[..., Any]:
    """Return the work with a place to die before it and one after it."""

    def work_or_die(*arguments: Any, **named: Any) -> Any:
        fate.meet(f"before-{name}")
        result = work(*arguments, **named)
        fate.meet(f"after-{name}")
        return result

    return work_or_die


def run() -> int:
    """Run the daemon until its time has come."""
    file, fate = Path(sys.argv[1]), Fate()

    def take(_number: int, _frame: object) -> None:
        place, number = file.read_text().split()
        fate.place, fate.left = place, int(number)

    signal.signal(signal.SIGUSR1, take)
    setattr(SqliteChange, "commit", mortal(SqliteChange.commit, "commit", fate))  # noqa: B010  # mypy takes no other
    setattr(Server, "_reply", mortal(Server._reply, "reply", fate))  # noqa: B010  # as above
    sys.argv = ["smsotpd", *sys.argv[4:]]
    return main()


if __name__ == "__main__":
    sys.exit(run())
