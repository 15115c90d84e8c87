# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Our own package: found in `dist/`, installed in a machine."""

from pathlib import Path
from typing import Final

from tests.testhost.machine import Machine
from tests.testhost.tree import ROOT

DIST: Final = ROOT / "dist"
INSIDE: Final = "/root/pam-smsotp.deb"


def built_package() -> Path:
    """Return the package that `make deb` built.

    Raises:
        FileNotFoundError: there is none, or it is not clear which one is meant.
    """
    found = sorted(DIST.glob("pam-smsotp_*.deb"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise FileNotFoundError(f"one pam-smsotp_*.deb expected in {DIST}, found {names}: make deb")
    return found[0]


def install(machine: Machine, package: Path) -> None:
    """Install a package file as an administrator does: by apt, which checks what it depends on."""
    machine.copy_in(package, INSIDE)
    machine.run(
        ["apt-get", "install", "--yes", "--no-install-recommends", INSIDE],
        env={"DEBIAN_FRONTEND": "noninteractive"},
        timeout=180.0,
    )
