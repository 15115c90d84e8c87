# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a machine leaves on this host: an empty directory and control groups.

Mounts and processes end with the machine's namespaces. A test run that was killed cannot take
away the rest; the next one does.
"""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

# Mounted aside, because this host may have another hierarchy, or none, at the usual place.
REMOVE_GROUPS = """
mount -t cgroup2 cgroup2 /sys/fs/cgroup
[ ! -d "/sys/fs/cgroup/$1" ] || find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} +
"""


class LeftoverError(Exception):
    """Something of a machine that has ended is still in use."""


def clear(runs: Path) -> None:
    """Remove what machines left whose test run is no longer there."""
    for directory in runs.glob("smsotp-*-*/"):
        owner = directory.name.split("-")[1]
        if owner != str(os.getpid()) and not Path("/proc", owner).exists():
            # Groups that are still emptying are left to the run after this one.
            with suppress(LeftoverError):
                remove(directory)
                directory.with_suffix(".console").unlink(missing_ok=True)


def remove(directory: Path) -> None:
    """Remove a machine's directory and its control groups.

    Raises:
        LeftoverError: processes of the machine are still ending.
    """
    private = ["unshare", "--mount", "--propagation=private"]
    removed = subprocess.run(
        [*private, "sh", "-euc", REMOVE_GROUPS, "sh", directory.name],
        check=False,
        capture_output=True,
        text=True,
    )
    if removed.returncode != 0:
        raise LeftoverError(f"the control groups of {directory.name} remain: {removed.stderr}")
    directory.rmdir()
