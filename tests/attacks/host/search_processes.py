# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Search what /proc shows of processes inside a machine.

    search_processes.py watch FILE          append every command line and environment, over and over
    search_processes.py memory PID… < FILE  print the lines of FILE that a process has in its memory

Standard library only. Patterns come by standard input: on the command line they would be found.
"""

import sys
import time
from pathlib import Path
from typing import BinaryIO

SECONDS_BETWEEN = 0.02


def watch(path: Path) -> None:
    """Append what is new to a file until killed."""
    seen: set[bytes] = set()
    with path.open("ab", buffering=0) as file:
        while True:
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ", "comm", "status"):
                    text = _read(process / name)
                    if text not in seen:
                        seen.add(text)
                        file.write(text + b"\n")
            time.sleep(SECONDS_BETWEEN)


def memory(pid: int, patterns: list[bytes]) -> set[bytes]:
    """Return the patterns that the process has anywhere in memory that it may write."""
    found: set[bytes] = set()
    maps = _read(Path(f"/proc/{pid}/maps")).decode(errors="replace")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as mem:
        for line in maps.splitlines():
            place, rights, *rest = line.split()
            if not rights.startswith("rw") or rest[-1:] == ["[vvar]"]:
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            content = _part(mem, start, end - start)
            found |= {pattern for pattern in patterns if pattern in content}
    return found


def _part(mem: BinaryIO, start: int, length: int) -> bytes:
    try:
        mem.seek(start)
        return mem.read(length)
    except OSError:
        return b""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(Path(sys.argv[2]))
    wanted = sys.stdin.buffer.read().split(b"\n")
    for each in sys.argv[2:]:
        for pattern in memory(int(each), [pattern for pattern in wanted if pattern]):
            sys.stdout.buffer.write(pattern + b"\n")
