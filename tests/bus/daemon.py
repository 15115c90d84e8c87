# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The real daemon on a private bus, with a directory of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bus.private_bus import ROOT

SECONDS = 20.0
UNIT = ROOT / "packaging/usr/lib/systemd/system/smsotpd.service"


def unit_environment() -> dict[str, str]:
    """Return the variables that the shipped unit gives the daemon."""
    lines = UNIT.read_text().splitlines()
    settings = (
        line.removeprefix("Environment=") for line in lines if line.startswith("Environment=")
    )
    return dict(setting.split("=", 1) for setting in settings)


class Daemon:
    """A running smsotpd; `stop` it."""

    interpreter: Sequence[str] = (sys.executable,)
    more_arguments: Sequence[str] = ()

    def __init__(self, address: str, directory: Path) -> None:
        self.address = address
        self.directory = directory
        self.configuration = directory / "etc"
        self.state = directory / "state"
        self.outbox = self.state / "outbox"
        self.configuration.mkdir(exist_ok=True)
        self.state.mkdir(exist_ok=True, mode=0o700)
        self.notices: list[str] = []
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(directory / f"notify-{time.monotonic_ns()}"))
        # As systemd does, read at once: the kernel queues ten datagrams, then the daemon waits.
        self._reader = threading.Thread(target=self._read_notices)
        self._reader.start()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}/daemon",
            "DBUS_SYSTEM_BUS_ADDRESS": self.address,
            "NOTIFY_SOCKET": self._notify.getsockname(),
            "WATCHDOG_USEC": "600000",
            **unit_environment(),
        }
        arguments = ["--config", str(self.configuration), "--state", str(self.state)]
        return subprocess.Popen(
            [*self.interpreter, "-m", "smsotpd.main", *arguments, *self.more_arguments],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        """Wait until the daemon says that it is ready."""
        self.wait_for_notice("READY=1")

    def wait_for_notice(self, notice: str, times: int = 1) -> None:
        """Wait until the daemon has told systemd something that often.

        Raises:
            TimeoutError: it did not, or ended before it did.
        """
        wait_until(lambda: self.notices.count(notice) >= times or self.process.poll() is not None)
        if self.notices.count(notice) < times:
            raise TimeoutError(f"the daemon ended before it said {notice}")

    def _read_notices(self) -> None:
        while text := self._notify.recv(4096).decode():
            self.notices += text.splitlines()

    def reload(self) -> None:
        """Send SIGHUP and wait until the daemon has read its configuration."""
        ready = self.notices.count("READY=1")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_notice("READY=1", ready + 1)

    def kill(self) -> None:
        """End the daemon at once, as a crash would."""
        self.process.kill()
        self.process.wait(SECONDS)

    def restart(self) -> None:
        """Start the daemon again after it ended."""
        self._close_output()
        self.notices.clear()
        self.process = self._start()
        self.wait_ready()

    def stop(self) -> int:
        """End the daemon as systemd does; return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(SECONDS)
        self._close_output()
        if self._reader.is_alive():
            self._notify.shutdown(socket.SHUT_RD)
            self._reader.join()
            self._notify.close()
        return status

    def messages(self) -> list[dict[str, str]]:
        """Return all messages in the outbox, oldest first."""
        if not self.outbox.exists():
            return []
        return [json.loads(line) for line in self.outbox.read_text().splitlines()]

    def codes(self) -> list[str]:
        """Return the codes that were sent, oldest first; a message about something has none."""
        first = (message["text"].split()[0] for message in self.messages())
        return [word for word in first if word.isdecimal()]

    def code(self) -> str:
        """Return the newest code that was sent."""
        return self.codes()[-1]

    def descriptors(self) -> int:
        """Return how many file descriptors the daemon has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def _close_output(self) -> None:
        if self.process.stderr is not None:
            self.process.stderr.close()


def wait_until(happened: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Poll until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.01)
