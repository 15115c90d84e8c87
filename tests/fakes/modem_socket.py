# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A scripted modem behind an abstract socket, which is what ModemManager's test interface opens.

`python -m tests.fakes.modem_socket NAME SECONDS` serves one that works, and takes so long for each
message, until interrupted.
"""

import contextlib
import os
import select
import socket
import sys
import threading
from types import TracebackType
from typing import Self

from tests.fakes.scripted_modem import Script, ScriptedModem


class ModemSocket:
    """Let whoever connects to the socket speak to the modem, one after the other."""

    def __init__(self, modem: ScriptedModem, name: str) -> None:
        self.name = f"abstract:{name}"
        self._modem = modem
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._listening.bind(f"\0{self.name}")
        self._listening.listen(4)
        self._listening.settimeout(0.05)
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._listening.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listening.accept()
                with connection, contextlib.suppress(OSError):
                    self._carry(connection)

    def _carry(self, connection: socket.socket) -> None:
        """Carry octets both ways until either end is gone; an unplugged modem ends it, too."""
        port = os.open(self._modem.link, os.O_RDWR | os.O_NOCTTY)
        try:
            while not self._stopping.is_set():
                ready, _, _ = select.select([port, connection.fileno()], [], [], 0.05)
                if port in ready:
                    connection.sendall(os.read(port, 4096))
                if connection.fileno() in ready:
                    octets = connection.recv(4096)
                    if not octets:
                        return
                    os.write(port, octets)
        finally:
            os.close(port)


def main() -> None:
    """Serve a modem that works until interrupted."""
    with (
        ScriptedModem(Script(result_seconds=float(sys.argv[2])), verbose=True) as modem,
        ModemSocket(modem, sys.argv[1]) as served,
        contextlib.suppress(KeyboardInterrupt),
    ):
        sys.stdout.write(f"{served.name}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
