# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A program with one password field, compiled here and run in a machine."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.testhost.machine import Machine

SOURCE: Final = Path(__file__).with_suffix(".c")
INSIDE: Final = "/usr/local/bin/single_prompt"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one login showed and whether it was granted."""

    granted: bool
    shown: tuple[str, ...]


def install(machine: Machine, scratch: Path) -> None:
    """Compile the program and put it into a machine.

    Args:
        machine: where it shall run; its libpam is the one it is linked with there.
        scratch: a directory for what the compiler writes.
    """
    program = scratch / "single_prompt"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", "-O2", *warnings, "-o", program, SOURCE, "-lpam"], check=True)
    machine.copy_in(program, INSIDE, mode=0o755)


def attempt(
    machine: Machine, service: str, user: str, password: str, origin: Sequence[str] = ()
) -> Attempt:
    """Log in once, the password in the single field.

    Args:
        machine: where.
        service: of /etc/pam.d.
        user: the account.
        password: all that the user typed.
        origin: remote host, and terminal, if any.
    """
    done = machine.run([INSIDE, service, user, *origin], input=password, check=False)
    return Attempt(done.returncode == 0, tuple(done.stdout.splitlines()))
