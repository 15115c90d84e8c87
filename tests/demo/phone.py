# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The user's phone: what the outbox took, shown as it comes."""

import json
import re
import sys
import threading
from types import TracebackType
from typing import Final, Self

from tests.demo.stage import DemoError
from tests.testhost.machine import Machine

OUTBOX: Final = "/var/lib/smsotp/outbox"
LOOK_SECONDS: Final = 0.3


def messages(machine: Machine) -> list[str]:
    """Return the texts of all messages, oldest first; root alone may read them."""
    read = machine.run(["cat", OUTBOX], check=False)
    return [json.loads(line)["text"] for line in read.stdout.splitlines()]


def newest_code(machine: Machine) -> str:
    """Return the code in the newest message.

    Raises:
        DemoError: nothing came.
    """
    for text in reversed(messages(machine)):
        if found := re.search(r"\b\d{6,10}\b", text):
            return found[0]
    raise DemoError("no message came to the phone")


class Display:
    """Show each message beside whatever else is on the terminal, for the time of a block."""

    def __init__(self, machine: Machine) -> None:
        """Take the messages that are there as read."""
        self._machine = machine
        self._seen = len(messages(machine))
        self._switched_off = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._switched_off.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._switched_off.wait(LOOK_SECONDS):
            come = messages(self._machine)
            for text in come[self._seen :]:
                # The terminal is raw meanwhile: a line feed alone would not go back.
                sys.stdout.write(f"\r\n    [the phone of alice: {text}]\r\n")
                sys.stdout.flush()
            self._seen = len(come)
