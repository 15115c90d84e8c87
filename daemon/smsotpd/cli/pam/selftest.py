# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Look before leaping: what would make a service unsafe or lock everybody out of it."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host
from smsotpd.cli.pam.block import Stack
from smsotpd.cli.pam.files import PamDirectory
from smsotpd.cli.pam.known import KNOWN, reason_against
from smsotpd.cli.pam.sshd import DROP_IN, missing_lines, sshd_settings
from smsotpd.cli.pam.stack import included_names
from smsotpd.cli.pam.sudoers import complaint_about_secure_path

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against enabling a service.

    Attributes:
        text: what is wrong; remedy: what to do about it.
        forceable: with --force it may wait; then logins are denied until it is mended, but nobody
            gets in who should not.
    """

    text: str
    remedy: str
    forceable: bool = False


class Daemon(Protocol):
    """What the self-test asks the daemon."""

    def status(self) -> dict[str, object]:
        """Answer at all."""

    def list_gateways(self) -> list[dict[str, object]]:
        """Name the gateways."""

    def list_users(self) -> list[dict[str, object]]:
        """Name the enrolled users."""


def place_findings(
    service: str, host: Host, directory: PamDirectory, *, unknown_allowed: bool
) -> Iterator[Finding]:
    """Find out whether our module may run in this service at all."""
    if reason := reason_against(service):
        yield Finding(f"{service} must not run our module: {reason}", "leave it as it is")
        return
    if service not in KNOWN and not unknown_allowed:
        yield Finding(
            f"{service} is not among the services known to be safe ({', '.join(KNOWN)})",
            "if its program is not set-user-ID and starts with an environment that users cannot "
            "choose, add --force-unknown",
        )
    for program in KNOWN[service].programs if service in KNOWN else ():
        path = host.places.root / program.lstrip("/")
        if path.exists() and path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
            yield Finding(
                f"{program} is set-user-ID and keeps the caller's environment",
                f"dpkg-statoverride --update --add root root 0755 {program}",
            )
    for other in includers(service, directory):
        reason = reason_against(other)
        if reason or (other not in KNOWN and not unknown_allowed):
            yield Finding(
                f"/etc/pam.d/{other} includes {service}, and {other} "
                + (f"must not run our module: {reason}" if reason else "is not known to be safe"),
                "enable only the services that you mean, one by one",
            )
    if service in {"sudo", "sudo-i"}:
        yield from _sudo_findings(host)
    if service == "sshd":
        yield from _sshd_findings(host)


def includers(service: str, directory: PamDirectory) -> list[str]:
    """Return the services that include this one, directly or not, sorted."""
    includes = {
        name: included_names(_text_or_nothing(directory, name)) for name in directory.names()
    }
    found: set[str] = set()
    frontier = {service}
    while frontier:
        frontier = {name for name, names in includes.items() if names & frontier} - found
        found |= frontier
    return sorted(found - {service})


def machine_findings(host: Host) -> Iterator[Finding]:
    """Find out whether what the stack will name is installed, and root's alone."""
    patterns = ("security/pam_python.so", "*/security/pam_python.so")
    roots = host.places.libraries
    if not any(any(root.glob(pattern)) for root in roots for pattern in patterns):
        yield Finding("pam_python.so is not installed", "apt-get install libpam-python")
    entry = host.places.entry
    try:
        for path in (entry, *entry.parents):
            if not path.is_relative_to(host.places.root):
                break
            status = path.stat()
            if status.st_uid != os.geteuid() or status.st_mode & _WRITABLE_BY_OTHERS:
                yield Finding(
                    f"{path} can be written by others than root",
                    f"chown root:root {path}; chmod go-w {path}",
                )
    except OSError:
        yield Finding(f"{entry} is missing", "apt-get install --reinstall pam-smsotp")


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


def _sudo_findings(host: Host) -> Iterator[Finding]:
    version = host.run("sudo", "-V")
    sudoers = host.run("cvtsudoers", "-f", "json", "/etc/sudoers")
    if version.code or sudoers.code:
        yield Finding("sudo's rules could not be read", "see: visudo -c")
        return
    if complaint := complaint_about_secure_path(version.output, sudoers.output):
        yield Finding(
            f"sudo would let the caller's PATH reach our module: {complaint}",
            "with visudo, have one line “Defaults secure_path=…” for everybody",
        )


def _sshd_findings(host: Host) -> Iterator[Finding]:
    done = host.run("sshd", "-T")
    if done.code:
        complaint = (done.errors.strip().splitlines() or ["no reason given"])[-1]
        yield Finding(f"sshd's configuration could not be read: {complaint}", "see: sshd -t")
        return
    if missing := missing_lines(sshd_settings(done.output)):
        yield Finding(
            f"sshd would never show our prompts: it lacks “{'” and “'.join(missing)}”",
            f"write “{'” and “'.join(missing)}” into {DROP_IN}, one a line, then: "
            "systemctl reload ssh",
        )


def _text_or_nothing(directory: PamDirectory, name: str) -> str:
    try:
        return directory.read_text(name)
    except CliError:
        return ""
