# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Let polkit ask for a password on this terminal, as over ssh there is no desktop that could."""

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_AGENT = "/usr/bin/pkttyagent"
_SECONDS = 5.0


@contextmanager
def polkit_agent(*, can_ask: bool, program: str = _AGENT) -> Iterator[None]:
    """Run pkttyagent(1) for this process, unless nobody could answer or it is not installed.

    Without `--fallback`, although a desktop's own agent would come first with it: polkit 122 passes
    a fallback over where the caller belongs to no login that logind knows (runuser, a unit).
    """
    if not can_ask or not os.path.exists(program):  # noqa: PTH110  # a fixed path, asked once
        yield
        return
    ready, registered = os.pipe()
    process = os.getpid()
    words = [program, "--process", str(process), "--notify-fd", str(registered)]
    try:
        # What it asks, it asks on the terminal itself.
        agent = subprocess.Popen(  # noqa: S603  # a fixed program
            words, pass_fds=[registered], stdin=subprocess.DEVNULL
        )
    finally:
        os.close(registered)
    try:
        # It closes its end once polkit knows of it (pkttyagent(1)).
        select.select([ready], [], [], _SECONDS)
        yield
    finally:
        os.close(ready)
        agent.terminate()
        agent.wait()
