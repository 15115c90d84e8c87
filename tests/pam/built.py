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
DRIVERS: Final = ROOT / "tests" / "pam"
FUZZ_TARGET: Final = ROOT / "tests/fuzz/native_replies.c"

NATIVE: Final = "pam_smsotp.so"
SANITIZED: Final = "pam_smsotp.sanitized.so"
RACE_CHECKED: Final = "pam_smsotp.race_checked.so"
DRIVER: Final = "pam_driver"
SANITIZED_DRIVER: Final = "pam_driver.sanitized"
THREAD_DRIVER: Final = "thread_driver"
SANITIZED_THREAD_DRIVER: Final = "thread_driver.sanitized"
RACE_CHECKED_THREAD_DRIVER: Final = "thread_driver.race_checked"
FUZZER: Final = "fuzz_native_replies"

_STRICT: Final = ("-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread")
_SANITIZERS: Final = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_RACES: Final = "-fsanitize=thread"
# All but the six functions that PAM calls.
_PARTS: Final = sorted(path for path in SOURCE.glob("*.c") if path.name != "module.c")
_HOW: Final[dict[str, tuple[str | Path, ...]]] = {
    NATIVE: ("make", "-s", "-C", SOURCE),
    # Fortified functions would hide from the sanitizers what they do.
    SANITIZED: (
        "make", "-s", "-C", SOURCE, "CPPFLAGS=", "LDFLAGS=",
        f"CFLAGS=-O1 -g -fno-omit-frame-pointer {' '.join(_SANITIZERS)}",
    ),
    RACE_CHECKED: (
        "make", "-s", "-C", SOURCE, "CPPFLAGS=", "LDFLAGS=", f"CFLAGS=-O1 -g {_RACES}",
    ),
    DRIVER: ("cc", *_STRICT, DRIVERS / "pam_driver.c", "-lpam"),
    SANITIZED_DRIVER: ("cc", *_STRICT, *_SANITIZERS, DRIVERS / "pam_driver.c", "-lpam"),
    THREAD_DRIVER: ("cc", *_STRICT, DRIVERS / "thread_driver.c", "-lpam"),
    SANITIZED_THREAD_DRIVER: ("cc", *_STRICT, *_SANITIZERS, DRIVERS / "thread_driver.c", "-lpam"),
    RACE_CHECKED_THREAD_DRIVER: (
        "cc", *_STRICT, _RACES, DRIVERS / "thread_driver.c", "-lpam",
    ),
    FUZZER: (
        "clang", "-std=c11", "-D_GNU_SOURCE", *_STRICT, *_SANITIZERS, "-fsanitize=fuzzer",
        FUZZ_TARGET, *_PARTS, "-lsystemd",
    ),
}  # fmt: skip
_SOURCES: Final = (Path(__file__), FUZZ_TARGET, *DRIVERS.glob("*.c"), *SOURCE.iterdir())


def built(name: str) -> Path:
    """Return a compiled file."""
    # A module that was compiled in the source's folder is no source.
    sources = sorted(path for path in _SOURCES if path.suffix != ".so")
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    folder = ROOT / "build" / "native" / state.hexdigest()[:16]
    target = folder / name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{name}.{os.getpid()}"
        output = [f"OUTPUT={unfinished}"] if name.endswith(".so") else ["-o", unfinished]
        subprocess.run([*_HOW[name], *output], check=True)
        unfinished.rename(target)
    return target
