# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a real XMPP client receives, fact by fact."""

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final, Self

_RECEIVER: Final = Path(__file__).with_name("receiver.py")
_PATIENCE: Final = 15.0


class Inbox:
    """A client that is logged in until the `with` block ends."""

    def __init__(self, address: str, port: int, password: str) -> None:
        self._arguments = (address, str(port))
        self._password = password
        self._facts: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        # slixmpp warns of its slow stringprep, and of asyncio's future: no matter here.
        command = [sys.executable, "-W", "ignore", str(_RECEIVER), *self._arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._process.stdin
        self._process.stdin.write(f"{self._password}\n".encode())
        self._process.stdin.close()
        assert self.next() == {"event": "ready"}
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(_PATIENCE)
        assert self._process.stdout
        self._process.stdout.close()

    def next(self) -> dict[str, str]:
        """Return the next fact.

        Raises:
            queue.Empty: nothing came for a long time.
        """
        return self._facts.get(timeout=_PATIENCE)

    def is_empty(self) -> bool:
        """Tell whether nothing more came by now."""
        return self._facts.empty()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._facts.put(json.loads(line))
