# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sudo's PAM service, switched on and off by smsotpctl."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from smsotpd.cli.pam.terminal import Terminal, terminals_in
from tests.testhost.machine import Machine

PATH = "/etc/pam.d/sudo"


def enable(
    machine: Machine, service: str, *options: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Let a service ask for the code, for good."""
    command = ["smsotpctl", "service", "enable", service, "--confirm", *options]
    return machine.run(command, check=check)


@contextmanager
def sudo_disabled(machine: Machine) -> Iterator[Terminal]:
    """Switch sudo's second step off for the time of a `with` block; hand out its terminal."""
    [terminal] = terminals_in(machine.read_text(PATH))
    machine.run(["smsotpctl", "service", "disable", "sudo"])
    try:
        yield terminal
    finally:
        machine.run(["smsotpctl", "service", "disable", "sudo"])
        enable(machine, "sudo", "--terminal", terminal)


@contextmanager
def sudoers(machine: Machine, text: str) -> Iterator[None]:
    """Replace sudo's rules for the time of a `with` block."""
    path = "/etc/sudoers"
    before = machine.read_text(path)
    machine.write_text(path, text, mode=0o440)
    try:
        machine.run(["visudo", "--check"])
        yield
    finally:
        machine.write_text(path, before, mode=0o440)
