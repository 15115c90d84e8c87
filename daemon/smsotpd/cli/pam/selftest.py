# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Look before leaping: what would lock everybody out of a service once it asks for the code."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host
from smsotpd.cli.pam.block import Stack
from smsotpd.cli.pam.finding import Finding
from smsotpd.cli.pam.terminal import Terminal, installed_libraries

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Daemon(Protocol):
    """What the self-test asks the daemon."""

    def status(self) -> dict[str, object]:
        """Answer at all."""

    def list_gateways(self) -> list[dict[str, object]]:
        """Name the gateways."""

    def list_users(self) -> list[dict[str, object]]:
        """Name the enrolled users."""


def machine_findings(host: Host, terminal: Terminal) -> Iterator[Finding]:
    """Find out whether what the stack will name is installed, and root's alone."""
    libraries = installed_libraries(host, terminal)
    if not libraries:
        yield Finding(f"{terminal.library} is not installed", f"apt-get install {terminal.package}")
    if terminal is Terminal.NATIVE:
        for library in libraries:
            yield from _ownership_findings(host, library)
        return
    try:
        yield from _ownership_findings(host, host.places.entry)
    except OSError:
        yield Finding(f"{host.places.entry} is missing", "apt-get install --reinstall pam-smsotp")


def daemon_findings(daemon: Daemon, stack: Stack) -> Iterator[Finding]:
    """Find out whether anybody could log in once the service is enabled."""
    try:
        daemon.status()
        gateways, users = daemon.list_gateways(), daemon.list_users()
    except CliError as error:
        yield Finding(error.text, error.remedy, forceable=True)
        return
    if not any(gateway.get("enabled") for gateway in gateways):
        yield Finding(
            "no gateway is enabled, so no code could be sent",
            "smsotpctl gateway configure NAME",
            forceable=True,
        )
    able = [
        user
        for user in users
        if user.get("state") == "active" and (stack is Stack.AFTER or user.get("has_pin"))
    ]
    if not able:
        yield Finding(
            "nobody is enrolled" + ("" if stack is Stack.AFTER else " with a PIN")
            + ", so nobody could log in",
            "smsotpctl user enrol USER",
            forceable=True,
        )  # fmt: skip


def _ownership_findings(host: Host, file: Path) -> Iterator[Finding]:
    for path in (file, *file.parents):
        if not path.is_relative_to(host.places.root):
            break
        status = path.stat()
        if status.st_uid != os.geteuid() or status.st_mode & _WRITABLE_BY_OTHERS:
            yield Finding(
                f"{path} can be written by others than root",
                f"chown root:root {path}; chmod go-w {path}",
            )
