# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The processes of a machine's container, as this host sees them."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path


def init_of(container: int) -> int:
    """Return the pid, on this host, of the systemd that a container has booted; 0 for not yet.

    Args:
        container: pid of the `unshare` that made the container's namespaces; its child is
            boot.sh, the child of that systemd-nspawn, and of that the machine's process 1.
    """
    for script in _children(container):
        for candidate in (each for nspawn in _children(script) for each in _children(nspawn)):
            # On its way up, systemd-nspawn forks a process that still sees this host's files;
            # to enter that one would be to ask this host.
            if _comm(candidate) == "systemd" and _is_first_of_its_namespace(candidate):
                return candidate
    return 0


def end(container: subprocess.Popen[bytes]) -> None:
    """Kill a container and wait until none of its processes is left."""
    # The first process of its PID namespace: the kernel ends all others before it reports
    # the end of that one to `unshare`, which then ends too.
    for first in _children(container.pid) or [container.pid]:
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)
    container.wait()


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in listed.split()]


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _is_first_of_its_namespace(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    pids = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return pids.split()[-1] == "1"
