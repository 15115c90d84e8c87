# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A limit of memory for the daemon of a booted host, kept by the kernel.

Where the machine has cgroup v2's memory controller, its systemd sets it. Elsewhere (this host keeps
the controller in a hierarchy of v1) this host puts the process into a group of its own.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.host.unit import asked
from tests.testhost.machine import Machine

_LIMIT: Final = """
set -eu
mount -t cgroup -o memory none /mnt
mkdir -p "/mnt/$1"
echo "$2" >"/mnt/$1/memory.limit_in_bytes"
echo "$3" >"/mnt/$1/cgroup.procs"
"""
_FREE: Final = 'mount -t cgroup -o memory none /mnt && rmdir "/mnt/$1"'


@contextmanager
def limited(server: Machine, size: int) -> Iterator[None]:
    """Let the running daemon take no more than so many bytes beside what it has."""
    if "memory" in server.read_text("/sys/fs/cgroup/cgroup.controllers").split():
        now = int(asked(server, "MemoryCurrent"))
        server.run(["systemctl", "set-property", "--runtime", "smsotpd", f"MemoryMax={now + size}"])
        yield
        server.run(["systemctl", "set-property", "--runtime", "smsotpd", "MemoryMax=512M"])
        return
    group = f"{server.name}-memory"
    # What it has already stays accounted where it was.
    _privately(_LIMIT, group, str(size), str(pid_here(server, asked(server, "MainPID"))))
    yield
    _privately(_FREE, group)


def pid_here(server: Machine, inside: str) -> int:
    """Return the pid on this host of a process of a machine."""
    namespace = Path(f"/proc/{server.init}/ns/pid").readlink()
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            status = (directory / "status").read_text()
            if (directory / "ns/pid").readlink() != namespace:
                continue
        except OSError:
            continue  # it ended
        [pids] = [line for line in status.splitlines() if line.startswith("NSpid:")]
        if pids.split()[-1] == inside:
            return int(directory.name)
    raise LookupError(f"no process {inside} in {server.name}")


def _privately(script: str, *arguments: str) -> None:
    private = ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh"]
    subprocess.run([*private, *arguments], check=True)
