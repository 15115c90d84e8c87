# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Time sshd's refusals inside a machine, in rounds that take each user once in random order.

    timed_refusals.py ROUNDS < users.json    {"kind of user": ["name", "answer"], ...}

Prints a JSON object: for each kind of user the seconds from the answer to the refusal, and all
that ssh showed, in the order of the rounds. Standard library only: it runs where nothing of the
tests is installed.
"""

import json
import os
import pty
import random  # noqa: TID251  # an order to measure in, no credential
import select
import sys
import time
from typing import Final

SSH: Final = (
    "ssh", "-oPreferredAuthentications=keyboard-interactive", "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "-oNumberOfPasswordPrompts=1",
)  # fmt: skip
PROMPT: Final = b"PIN: "
SECONDS: Final = 30.0


def refusal(name: str, answer: str) -> tuple[float, str]:
    """Log in with a wrong answer; return the seconds until ssh said so, and what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("ssh", [*SSH, f"{name}@localhost", "true"])  # noqa: S606  # no shell wanted; the machine's own
    try:
        shown = _read_until(terminal, PROMPT)
        begun = time.monotonic()
        os.write(terminal, answer.encode() + b"\n")
        shown += _read_until(terminal, b"denied")
        taken = time.monotonic() - begun
        shown += _read_until(terminal, None)
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return taken, shown.decode(errors="replace").replace(name, "NAME")


def _read_until(terminal: int, word: bytes | None) -> bytes:
    shown = b""
    while word is None or word not in shown:
        ready, _, _ = select.select([terminal], [], [], SECONDS)
        if not ready:
            raise TimeoutError(shown)
        try:
            part = os.read(terminal, 4096)
        except OSError:  # EIO: ssh has ended
            part = b""
        if not part:
            if word is not None:
                raise EOFError(shown)
            break
        shown += part
    return shown


def main() -> None:
    """Take all samples."""
    users: dict[str, tuple[str, str]] = json.load(sys.stdin)
    found: dict[str, list[tuple[float, str]]] = {kind: [] for kind in users}
    for name, answer in users.values():
        refusal(name, answer)  # warms what is cached
    for _ in range(int(sys.argv[1])):
        for kind in random.sample(sorted(users), len(users)):
            found[kind].append(refusal(*users[kind]))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
