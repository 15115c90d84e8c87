# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The daemon's unit on a booted host."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

_DROP_IN: Final = "/etc/systemd/system/smsotpd.service.d/this-test.conf"


def asked(server: Machine, name: str) -> str:
    """Return a property of the unit."""
    command = ["systemctl", "show", "--value", f"--property={name}", "smsotpd"]
    return server.run(command).stdout.strip()


@contextmanager
def drop_in(server: Machine, settings: str) -> Iterator[None]:
    """Run the daemon with other settings of its unit for the time of a `with` block."""
    server.write_text(_DROP_IN, f"[Service]\n{settings}\n")
    restart(server)
    try:
        yield
    finally:
        server.run(["rm", _DROP_IN])
        restart(server)


def restart(server: Machine) -> None:
    """Start the daemon as its unit is now, and wait until it is ready."""
    server.run(["systemctl", "daemon-reload"])
    server.run(["systemctl", "reset-failed", "smsotpd"], check=False)
    server.run(["systemctl", "restart", "smsotpd"])


def wait_for_the_next(server: Machine, pid: str, seconds: float) -> None:
    """Wait until systemd has put another daemon in the place of that one."""

    def is_there() -> bool:
        return asked(server, "ActiveState") == "active" and asked(server, "MainPID") != pid

    wait_until(is_there, seconds, "systemd has started the daemon again")
