# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Calling for what only root can do for a lost modem, as cutting its power: by touching a file.

systemd watches the file (smsotp-modem-recover@.path) and runs a script of the administrator's. Root
learns nothing from us but that it was touched: no content, no name, no word of a modem's.
"""

import os
from pathlib import Path
from typing import Final

DIRECTORY_NAME: Final = "modem-recovery"

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class RecoveryFiles:
    """One file for each modem that may want help."""

    def __init__(self, state: Path) -> None:
        self._directory = state / DIRECTORY_NAME

    def call(self, label: str) -> None:
        """Touch a modem's file.

        Raises:
            OSError: it cannot be written.
        """
        self._directory.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self._directory / label, _FLAGS, 0o600)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"\n")
        finally:
            os.close(descriptor)
