# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the command line touches on this machine, gathered so that tests can bring their own."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAM_SECONDS = 30
# Programs are ours to choose, not the caller's: a fixed path and a fixed language.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended and what it printed."""

    code: int
    output: str
    errors: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Directories and files on this machine."""

    pam: Path = Path("/etc/pam.d")
    vendor_pam: Path = Path("/usr/lib/pam.d")
    backups: Path = Path("/var/backups/pam-smsotp")
    policies: Path = Path("/etc/smsotp/smsotpd.d")
    entry: Path = Path("/usr/lib/pam-smsotp/pam_smsotp.py")
    libraries: tuple[Path, ...] = (Path("/lib"), Path("/usr/lib"))
    systemd: Path = Path("/run/systemd/system")
    root: Path = Path("/")

    @property
    def is_the_system(self) -> bool:
        """Tell whether libpam looks for service files in the same places."""
        return self.pam == Places().pam


@dataclass(frozen=True, slots=True)
class Host:
    """This machine: its files, its programs and who runs us."""

    places: Places = field(default_factory=Places)

    def run(self, *command: str) -> Finished:
        """Run a program with an empty environment; a missing one ends with code 127."""
        try:
            done = subprocess.run(  # noqa: S603  # fixed commands; the service name was checked
                command,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PROGRAM_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            return Finished(127, "", f"{command[0]}: not found")
        except subprocess.TimeoutExpired:
            return Finished(124, "", f"{command[0]}: no answer within {_PROGRAM_SECONDS} s")
        return Finished(done.returncode, done.stdout, done.stderr)

    def has_account(self, user: str) -> bool:
        """Tell whether a user is known to this machine, from whatever directory."""
        try:
            pwd.getpwnam(user)
        except (KeyError, ValueError):
            return False
        return True

    @property
    def is_root(self) -> bool:
        """Tell whether we may change system files."""
        return os.geteuid() == 0

    @property
    def has_systemd(self) -> bool:
        """Tell whether systemd runs this machine (sd_booted(3))."""
        return self.places.systemd.is_dir()

    @property
    def ourselves(self) -> Sequence[str]:
        """Return the command that runs this very `smsotpctl`, whatever PATH says."""
        return (sys.executable, "-I", "-m", "smsotpd.cli")
