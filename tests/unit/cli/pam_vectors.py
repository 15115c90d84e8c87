# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The PAM service files that Debian 12 and 13 install, as vectors."""

from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2] / "vectors" / "pam.d"
RELEASES = ("debian12", "debian13")

UNDERSTOOD = (
    "cinnamon-screensaver", "cockpit", "gdm-password", "i3lock", "lightdm", "login",
    "mate-screensaver", "proftpd", "sddm", "sshd", "sudo", "sudo-i", "swaylock", "vsftpd",
    "xscreensaver",
)  # fmt: skip


def read(release: str, name: str) -> str:
    return (ROOT / release / name).read_text("utf-8")


def reader(release: str) -> Callable[[str], str]:
    return lambda name: read(release, name)
