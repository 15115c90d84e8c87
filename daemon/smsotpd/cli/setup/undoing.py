# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Undo what setup changed at sshd and PAM, also from a timer after setup itself is gone.

What was there before is on disk before anything changes, so that whoever undoes it needs nothing
from the process that changed it.
"""

import base64
import json
from pathlib import Path

import click

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Host
from smsotpd.cli.output import printable
from smsotpd.cli.pam import change, rollback
from smsotpd.cli.pam.files import sync_directory, write_file
from smsotpd.cli.pam.sshd import DROP_IN

_RELOAD_WORDS = ("systemctl", "reload", "ssh.service")


def drop_in_path(host: Host) -> Path:
    """Return where our settings of sshd are."""
    return host.places.root / DROP_IN.lstrip("/")


def remember(host: Host, service: str, *, is_on: bool) -> None:
    """Note what stands there now, for the way back.

    Args:
        is_on: the service asks for the code already, and shall go on with it.
    """
    path = drop_in_path(host)
    before = path.read_bytes() if path.is_file() else None
    encoded = None if before is None else base64.b64encode(before).decode()
    noted = {"drop_in": encoded, "is_on": is_on}
    host.places.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(_note(host, service), json.dumps(noted).encode(), 0o600)


def is_remembered(host: Host, service: str) -> bool:
    """Tell whether a way back is noted."""
    return _note(host, service).is_file()


def arm(host: Host, service: str, seconds: int) -> None:
    """Have all of it undone in so many seconds.

    Raises:
        CliError: it could not be arranged.
    """
    rollback.arm(host, service, seconds, undo=("setup", "--undo", service))


def undo(host: Host, service: str) -> None:
    """Put sshd's settings and the service's stack back.

    Each is tried whatever becomes of the other.

    Raises:
        CliError: there is nothing to undo, or the stack could not be restored.
    """
    note = _note(host, service)
    if not note.is_file():
        raise CliError(
            f"nothing that setup did to {service} waits to be made good",
            remedy=f"to take it back all the same: smsotpctl service disable {service}",
            exit_code=Exit.NOT_FOUND,
        )
    noted = json.loads(note.read_text())
    text, was_on = noted["drop_in"], noted["is_on"]
    before = None if text is None else base64.b64decode(text)
    path = drop_in_path(host)
    now = path.read_bytes() if path.is_file() else None
    if now != before:
        if before is None:
            path.unlink()
            sync_directory(path.parent)
        else:
            write_file(path, before, 0o644)
        _reload_or_say(host)
    if was_on:
        rollback.disarm_timer_only(host, service)
    else:
        _switch_off(host, service)
    note.unlink(missing_ok=True)


def _switch_off(host: Host, service: str) -> None:
    try:
        change.disable(host, service)
    except CliError as error:
        if error.exit_code is not Exit.NOT_FOUND:
            raise


def keep(host: Host, service: str) -> None:
    """Make all of it good.

    Raises:
        CliError: it was undone already.
    """
    change.confirm(host, service)
    _note(host, service).unlink(missing_ok=True)


def reload_sshd(host: Host) -> None:
    """Make a running sshd read its settings.

    Raises:
        CliError: they are wrong, or sshd does not take them.
    """
    checked = host.run("sshd", "-t")
    if checked.code:
        complaint = (checked.errors.strip().splitlines() or ["no reason given"])[-1]
        raise CliError(f"sshd does not take its settings: {complaint}", remedy="see: sshd -t")
    if host.run("systemctl", "is-active", "--quiet", "ssh.service").code:
        return  # Started by its socket, or not at all: it reads them when it starts.
    done = host.run(*_RELOAD_WORDS)
    if done.code:
        raise CliError(f"sshd could not be reloaded: {done.errors.strip()}")


def _reload_or_say(host: Host) -> None:
    """Reload sshd; the stack must be put back even if that fails."""
    try:
        reload_sshd(host)
    except CliError as error:
        click.echo(f"smsotpctl: {printable(error.text)}", err=True)


def _note(host: Host, service: str) -> Path:
    return host.places.backups / f"setup-{service}.json"
