# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What this machine needs before it can boot another."""

import os
import shutil
from typing import Final

from tests.testhost.tree import KEYRING

PROGRAMS: Final = ("mmdebstrap", "systemd-nspawn", "nsenter", "setpriv", "unshare", "apt-get")


def missing() -> str:
    """Say what is missing and what to do about it; nothing if all is there."""
    if os.geteuid() != 0:
        return "booting a Debian in a container needs root: run the tests as root"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if not KEYRING.exists():
        absent.append("debian-archive-keyring")
    if absent:
        return f"{', '.join(absent)} not found: run tests/prepare on a Debian machine"
    return ""
