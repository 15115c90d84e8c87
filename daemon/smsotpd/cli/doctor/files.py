# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine owners and modes: who else could change what runs as root, or read secrets."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.host import Host

CHECK = "files"
_SYSTEM_PYTHON = "/usr/bin/python3"
_PRINT_PATH = "import sys; print('\\n'.join(sys.path))"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file shall be.

    Attributes:
        owner: its name; `root`, or the daemon's user.
        mode: the bits that it may have at most.
        pattern: of the files in it that hold secrets.
    """

    path: str
    owner: str
    group: str
    mode: int
    harm: str
    pattern: str = "*"


_PRIVATE = (
    Wanted("var/lib/smsotp", "smsotp", "smsotp", 0o700, "PIN hashes and gateway secrets"),
    Wanted("etc/smsotp/gateways.d", "root", "smsotp", 0o750, "gateway secrets", "*.toml"),
    Wanted("etc/smsotp/credentials", "root", "root", 0o700, "secrets of the gateways"),
)


def file_findings(host: Host, *, owner: int = 0) -> Iterator[Finding]:
    """Return what others than root could change or read.

    Args:
        owner: who owns what is root's; root, except in a test that is not.
    """
    yield from _private_findings(host)
    for path in sorted(_public_paths(host)):
        yield from _root_alone(path, host, owner)


def _private_findings(host: Host) -> Iterator[Finding]:
    for wanted in _PRIVATE:
        top = host.places.root / wanted.path
        for path in (top, *sorted(top.glob(wanted.pattern))):
            try:
                status = path.lstat()
            except OSError:
                continue
            if stat.S_ISLNK(status.st_mode):
                continue
            shown = f"/{path.relative_to(host.places.root)}"
            allowed = wanted.mode & (0o777 if path == top or path.is_dir() else 0o666)
            excess = stat.S_IMODE(status.st_mode) & ~allowed & 0o7777
            if excess:
                yield Finding(
                    CHECK,
                    Severity.ERROR,
                    shown,
                    f"Others may read or change {shown}, where {wanted.harm} are kept.",
                    commands=(f"chmod {allowed:o} {shown}",),
                )
            if _name(status.st_uid) not in {wanted.owner, "root"}:
                yield Finding(
                    CHECK,
                    Severity.ERROR,
                    shown,
                    f"{shown} belongs to {_name(status.st_uid)} instead of {wanted.owner}.",
                    commands=(f"chown {wanted.owner}:{wanted.group} {shown}",),
                )
            elif wanted.owner != "root" and path == top and _name(status.st_uid) == "root":
                yield Finding(
                    CHECK,
                    Severity.ERROR,
                    shown,
                    f"{shown} belongs to root, so the daemon cannot write there.",
                    commands=(f"chown {wanted.owner}:{wanted.group} {shown}",),
                )


def _public_paths(host: Host) -> set[Path]:
    """Return what decides which code runs as root in a login, and what the daemon is told."""
    root, places = host.places.root, host.places
    found = {root / "etc/smsotp", root / "etc/smsotp/smsotpd.toml", places.policies}
    found.update(places.policies.glob("*.toml"))
    found.add(places.pam)
    found.update(places.pam.glob("*"))
    found.add(places.entry)
    done = host.run(_SYSTEM_PYTHON, "-I", "-c", _PRINT_PATH)
    for line in done.output.splitlines():
        if line.startswith("/"):
            directory = root / line.lstrip("/")
            found.add(directory)
            found.update((directory / "pam_smsotp").glob("**/*"))
            found.add(directory / "pam_smsotp")
    existing = {path for path in found if path.exists()}
    for path in tuple(existing):
        existing.update(parent for parent in path.parents if parent.is_relative_to(root))
    return existing


def _root_alone(path: Path, host: Host, owner: int) -> Iterator[Finding]:
    status = path.stat()
    shown = f"/{path.relative_to(host.places.root)}".replace("/.", "/")
    if status.st_uid != owner:
        yield Finding(
            CHECK,
            Severity.ERROR,
            shown,
            f"{shown} belongs to {_name(status.st_uid)}, who can change what runs as root at a "
            "login.",
            commands=(f"chown root {shown}",),
        )
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_mode & stat.S_IWOTH and not sticky:
        yield Finding(
            CHECK,
            Severity.ERROR,
            shown,
            f"Everybody can change {shown}, and with it what runs as root at a login.",
            commands=(f"chmod o-w {shown}",),
        )
    if status.st_mode & stat.S_IWGRP and (members := _members(status.st_gid)):
        yield Finding(
            CHECK,
            Severity.ERROR,
            shown,
            f"{', '.join(members)} can change {shown}, and with it what runs as root at a login.",
            commands=(f"chmod g-w {shown}",),
        )


def _members(group: int) -> list[str]:
    """Return the users of a group but root."""
    if group == 0:
        return []
    try:
        listed = set(grp.getgrgid(group).gr_mem)
    except KeyError:
        listed = set()
    listed |= {entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == group}
    return sorted(listed - {"root"})


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}" if uid != os.geteuid() else "root"
