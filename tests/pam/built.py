# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Compile the terminal in C and the scripted PAM application, once per state of the sources."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "pam_smsotp" / "native"
DRIVER_SOURCE: Final = ROOT / "tests/pam/pam_driver.c"

NATIVE: Final = "pam_smsotp.so"
SANITIZED: Final = "pam_smsotp.sanitized.so"
DRIVER: Final = "pam_driver"
SANITIZED_DRIVER: Final = "pam_driver.sanitized"

_STRICT: Final = ("-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread")
_SANITIZERS: Final = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_HOW: Final[dict[str, tuple[str | Path, ...]]] = {
    NATIVE: ("make", "-s", "-C", SOURCE),
    # Fortified functions would hide from the sanitizers what they do.
    SANITIZED: (
        "make", "-s", "-C", SOURCE, "CPPFLAGS=", "LDFLAGS=",
        f"CFLAGS=-O1 -g -fno-omit-frame-pointer {' '.join(_SANITIZERS)}",
    ),
    DRIVER: ("cc", *_STRICT, DRIVER_SOURCE),
    SANITIZED_DRIVER: ("cc", *_STRICT, *_SANITIZERS, DRIVER_SOURCE),
}  # fmt: skip


def built(name: str) -> Path:
    """Return a compiled file."""
    sources = [Path(__file__), DRIVER_SOURCE, *sorted(SOURCE.iterdir())]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources if path.is_file()))
    folder = ROOT / "build" / "native" / state.hexdigest()[:16]
    target = folder / name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{name}.{os.getpid()}"
        output = [f"OUTPUT={unfinished}"] if name.endswith(".so") else ["-o", unfinished, "-lpam"]
        subprocess.run([*_HOW[name], *output], check=True)
        unfinished.rename(target)
    return target
