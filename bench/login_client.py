# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that log in one login after the other, each over a connection of its own, as PAM does.

    python -m bench.login_client SOCKET OUTBOX CLIENTS SECONDS FIRST_USER USERS

Prints JSON: the seconds it took, and for each login the milliseconds of connect and Begin, of the
PIN's Respond, and of the code's.
"""

import json
import re
import sys
import threading
import time
from pathlib import Path

from bench.busy_daemon import PIN, phone, user
from pam_smsotp import bus as terminal_bus
from pam_smsotp.daemon import Daemon

_CODE = re.compile(r"\b(\d{6})\b")


class Phones:
    """The phones of all users: reads the outbox as it grows."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox
        self._at = outbox.stat().st_size if outbox.exists() else 0
        self._codes: dict[str, str] = {}
        self._lock = threading.Lock()

    def code_for(self, number: str) -> str:
        """Return the code that was sent to a phone, and forget it."""
        with self._lock:
            if number not in self._codes:
                self._read()
            return self._codes.pop(number)

    def _read(self) -> None:
        with self._outbox.open("rb") as file:
            file.seek(self._at)
            new = file.read()
        whole = new.rpartition(b"\n")[0] + b"\n"
        self._at += len(whole)
        for line in whole.splitlines():
            message = json.loads(line)
            found = _CODE.search(message["text"])
            if found:
                self._codes[message["recipient"]] = found[1]


def log_in(number: int, phones: Phones) -> tuple[float, float, float]:
    """Log a user in and return the three times."""
    began = time.perf_counter()
    with terminal_bus.Bus(60.0) as bus:
        bus.connect()
        daemon = Daemon.find(bus)
        name, _ = daemon.begin({"user": user(number), "service": "sshd", "flags": []})
        asked = time.perf_counter()
        steps = daemon.respond(name, PIN)
        sent = time.perf_counter()
        if steps[-1][0] != "hidden":
            raise SystemExit(f"bench: no code was sent: {steps}")
        steps = daemon.respond(name, phones.code_for(phone(number)))
        done = time.perf_counter()
    if steps[-1] != ("outcome", "PAM_SUCCESS"):
        raise SystemExit(f"bench: not granted: {steps}")
    return (asked - began) * 1000, (sent - asked) * 1000, (done - sent) * 1000


def main() -> None:
    """Run the clients."""
    socket, outbox, clients, seconds, first, users = sys.argv[1:]
    terminal_bus.SOCKET = socket
    phones, rows, failures = Phones(Path(outbox)), [], []
    until = time.monotonic() + float(seconds)
    share = int(users) // int(clients)

    def run(client: int) -> None:
        at = 0
        while time.monotonic() < until:
            try:
                rows.append(log_in(int(first) + client * share + at % share, phones))
            except BaseException as error:  # noqa: BLE001  # told below; a thread has no other way
                failures.append(f"{type(error).__name__}: {error}")
                return
            at += 1

    begun = time.monotonic()
    threads = [threading.Thread(target=run, args=(client,)) for client in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])
    print(json.dumps({"seconds": time.monotonic() - begun, "logins": rows}))


if __name__ == "__main__":
    main()
