# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The files under version control, by kind."""

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
UNIT: Final = ROOT / "packaging/usr/lib/systemd/system/smsotpd.service"
BUS_CONTRACT: Final = ROOT / "packaging/usr/share/dbus-1/interfaces/org.smsotp1.xml"
POLKIT_ACTIONS: Final = ROOT / "packaging/usr/share/polkit-1/actions/org.smsotp1.policy"
CATALOGUE: Final = ROOT / "packaging/usr/lib/systemd/catalog/smsotp.catalog"
GERMAN_CATALOGUE: Final = CATALOGUE.with_name("smsotp.de.catalog")
MAN_PAGES: Final = ROOT / "docs/man"

# Made, not written; a release archive has no list of what belongs to it.
_MADE: Final = {".git", "build", "dist", "__pycache__"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Return every file that is, or would be, under version control."""
    return tuple(sorted(path for path in _listed() if path.is_file()))


def python_files(*folders: str) -> list[Path]:
    """Return the Python files under the given folders of the tree."""
    return [
        path
        for path in files()
        if (path.suffix == ".py" or first_line(path).startswith("#!/usr/bin/python3"))
        and (not folders or path.relative_to(ROOT).parts[0] in folders)
    ]


def shell_scripts() -> list[Path]:
    """Return the scripts that /bin/sh or bash runs, among them the package's maintainer scripts."""
    return [path for path in files() if first_line(path).startswith(("#!/bin/sh", "#!/bin/bash"))]


def first_line(path: Path) -> str:
    """Return a text file's first line; nothing of a binary file."""
    head = path.read_bytes()[:200]
    return "" if b"\0" in head else head.decode(errors="replace").partition("\n")[0]


def is_vector(path: Path) -> bool:
    """Tell whether a file is somebody else's text that a test reads, and thus no work of ours."""
    return path.is_relative_to(ROOT / "tests/vectors")


def is_in_another_language(path: Path) -> bool:
    """Tell whether a file holds translations."""
    return path.suffix == ".po" or path.name.endswith(".de.catalog")


def text_of(path: Path) -> str:
    """Return what a file says; nothing of a binary file."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode()


def _listed() -> Iterator[Path]:
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        yield from (ROOT / name for name in listed.stdout.split("\0") if name)
        return
    for path in ROOT.rglob("*"):
        if not _MADE & set(path.relative_to(ROOT).parts):
            yield path
