# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Undo a change by itself unless somebody confirms it.

A transient timer of systemd does it, so that neither a killed `smsotpctl` nor a lost terminal
leaves a machine that nobody can log in to. A restart forgets the timer, and may be what somebody
does who cannot log in; so a note on disk says what to undo, and smsotp-rollback.service does it
before the next login.
"""

import json
from pathlib import Path

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Host
from smsotpd.cli.pam.files import sync_directory, write_file

SHORTEST_SECONDS = 30
LONGEST_SECONDS = 3600
DEFAULT_SECONDS = 120


def arm(host: Host, service: str, seconds: int, undo: tuple[str, ...] = ()) -> None:
    """Have the service disabled in so many seconds.

    Args:
        undo: the words behind `smsotpctl` that undo it; `service disable` unless given.

    Raises:
        CliError: it could not be arranged.
    """
    if not host.has_systemd:
        raise RefusalError(
            "systemd does not run here, so the change could not undo itself",
            remedy="to make it at once for good, add --confirm",
        )
    if host.run(*host.ourselves, "--version").code:
        raise CliError(f"“{' '.join(host.ourselves)}” does not run, so no change could undo itself")
    words = undo or ("service", "disable", service)
    note = _note(host, service)
    host.places.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    note.parent.mkdir(mode=0o700, exist_ok=True)
    write_file(note, json.dumps({"undo": words}).encode(), 0o600)
    # A timer that runs already gives way to this one, which undoes at least as much. And left over
    # from a roll-back that failed, a unit of that name would be in the way.
    host.run("systemctl", "stop", _units(service)[0])
    host.run("systemctl", "reset-failed", *_units(service))
    done = host.run(
        "systemd-run",
        f"--unit={_name(service)}",
        f"--description=Undo pam-smsotp for {service} unless confirmed",
        f"--on-active={seconds}s",
        "--timer-property=AccuracySec=1s",
        "--collect",
        "--quiet",
        *host.ourselves,
        *words,
    )
    if done.code:
        _forget(host, service)
        raise CliError(f"the roll-back could not be arranged: {done.errors.strip()}")


def disarm(host: Host, service: str) -> None:
    """Stop the roll-back; no error if there is none."""
    if host.has_systemd:
        host.run("systemctl", "stop", *_units(service))
    _forget(host, service)


def is_armed(host: Host, service: str) -> bool:
    """Tell whether the service will be disabled unless somebody confirms it."""
    return _note(host, service).exists() or _is_under_way(host, service)


def disarm_timer_only(host: Host, service: str) -> None:
    """Stop the timer but not its service, which may be what is running us."""
    if host.has_systemd:
        host.run("systemctl", "stop", _units(service)[0])
    _forget(host, service)


def forgotten(host: Host) -> list[str]:
    """Return the services that nobody confirmed and that no timer will undo any more, sorted."""
    directory = _notes(host)
    names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    return [name for name in names if not name.startswith(".") and not _is_under_way(host, name)]


def undo_forgotten(host: Host, service: str) -> None:
    """Do what the timer of a service would have done.

    Raises:
        CliError: it could not be undone; it will be tried again after the next restart.
    """
    note = _note(host, service)
    try:
        words = json.loads(note.read_text())["undo"]
        done = host.run(*host.ourselves, *map(str, words))
    except (ValueError, KeyError, TypeError):
        # A note is written wholly or not at all; of what somebody edited, only the name counts.
        done = host.run(*host.ourselves, "service", "disable", service)
    if done.code not in {Exit.DONE, Exit.NOT_FOUND}:
        raise CliError(
            f"{service} could not be undone: {done.errors.strip()}",
            remedy=f"mend it, then: smsotpctl service disable {service}",
        )
    _forget(host, service)


def _is_under_way(host: Host, service: str) -> bool:
    if not host.has_systemd:
        return False
    return host.run("systemctl", "is-active", "--quiet", *_units(service)).code == 0


def _forget(host: Host, service: str) -> None:
    note = _note(host, service)
    if note.exists():
        note.unlink(missing_ok=True)
        sync_directory(note.parent)


def _notes(host: Host) -> Path:
    return host.places.backups / "unconfirmed"


def _note(host: Host, service: str) -> Path:
    return _notes(host) / service


def _name(service: str) -> str:
    return f"pam-smsotp-rollback-{service}"


def _units(service: str) -> tuple[str, str]:
    return f"{_name(service)}.timer", f"{_name(service)}.service"
