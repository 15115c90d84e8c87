# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Tell the system log about the terminal's own failures.

The datagram goes to the log's socket directly: the C library's syslog() has one state for the
whole process, and Python's syslog module would replace the host's identity and facility in it.
"""

from __future__ import annotations

# The C part alone: `socket` brings selectors and enum along, 4 ms at every login (ADR 0003).
import _socket
import os

SOCKET = "/dev/log"
# Facility authpriv (10) times 8, plus the severity: RFC 3164, 4.1.1.
WARNING = 10 * 8 + 4
DEBUG = 10 * 8 + 7


def write(priority: int, text: str) -> None:
    """Write one line; a log that is absent or full stops nobody's login.

    Args:
        priority: WARNING or DEBUG.
        text: a fact; never an answer, a prompt or a daemon's text.
    """
    # A service name comes from the application: a newline in it must not begin a second entry.
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    line = f"<{priority}>pam_smsotp[{os.getpid()}]: {printable}"
    try:
        log = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
        try:
            log.settimeout(0)
            log.connect(SOCKET)
            log.send(line.encode("ascii", "backslashreplace"), _socket.MSG_NOSIGNAL)
        finally:
            log.close()
    except OSError:
        return
