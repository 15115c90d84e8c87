# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A terminal that belongs to the machine, driven by pexpect on this host.

With a terminal of this host's, a program inside would find no name for it, and PAM_TTY would
not be what a user at the machine has.
"""

import fcntl
import os
import struct
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pexpect
import ptyprocess  # type: ignore[import-untyped]  # it ships no type information

TIOCSPTLCK: Final = 0x40045431  # <asm-generic/ioctls.h>; termios does not have it
TIOCGPTN: Final = 0x80045430


class Terminal(pexpect.spawn):  # type: ignore[misc]  # pexpect ships no type information
    """A pexpect.spawn whose terminal comes from another mount namespace."""

    def __init__(
        self, argv: Sequence[str], *, pts: Path, env: Mapping[str, str], timeout: float
    ) -> None:
        """Start a command on a new terminal.

        Args:
            argv: the command line that enters the machine.
            pts: the machine's /dev/pts, as seen from this host.
            env: the command's environment.
            timeout: seconds that `expect` waits unless told otherwise.
        """
        self._pts = pts
        super().__init__(
            argv[0],
            list(argv[1:]),
            timeout=timeout,
            env=dict(env),
            encoding="utf-8",
            codec_errors="replace",
        )

    def _spawnpty(
        self, args: Sequence[bytes], *, env: Mapping[str, str], **_options: object
    ) -> ptyprocess.PtyProcess:
        """Start the command where pexpect would ask this host for a terminal."""
        master = os.open(self._pts / "ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
        (number,) = struct.unpack("i", fcntl.ioctl(master, TIOCGPTN, struct.pack("i", 0)))
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200, 0, 0))
        slave = os.open(self._pts / str(number), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        pid = os.posix_spawn(
            args[0],
            list(args),
            env,
            file_actions=[(os.POSIX_SPAWN_DUP2, slave, standard) for standard in (0, 1, 2)],
            setsid=True,
        )
        os.close(slave)
        return ptyprocess.PtyProcess(pid, master)
