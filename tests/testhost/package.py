# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Our own package: found in `dist/`, installed in a machine."""

from pathlib import Path
from typing import Final

from tests.testhost.machine import Machine
from tests.testhost.tree import ROOT

DIST: Final = ROOT / "dist"


def built_package(name: str = "pam-smsotp") -> Path:
    """Return a package that `make deb` built.

    Raises:
        FileNotFoundError: there is none, or it is not clear which one is meant.
    """
    found = sorted(DIST.glob(f"{name}_*.deb"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise FileNotFoundError(f"one {name}_*.deb expected in {DIST}, found {names}: make deb")
    return found[0]


def install(machine: Machine, *packages: Path) -> None:
    """Install package files as an administrator does: by apt, which checks what they depend on."""
    inside = [f"/root/{package.name}" for package in packages]
    for package, path in zip(packages, inside, strict=True):
        machine.copy_in(package, path)
    machine.run(
        ["apt-get", "install", "--yes", "--no-install-recommends", *inside],
        env={"DEBIAN_FRONTEND": "noninteractive"},
        timeout=180.0,
    )
