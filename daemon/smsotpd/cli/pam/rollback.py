# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Undo a change by itself unless somebody confirms it.

A transient timer of systemd does it, so that neither a killed `smsotpctl` nor a lost terminal
leaves a machine that nobody can log in to.
"""

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.host import Host

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
    # Left over from a roll-back that failed, a unit of that name would be in the way.
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
        *(undo or ("service", "disable", service)),
    )
    if done.code:
        raise CliError(f"the roll-back could not be arranged: {done.errors.strip()}")


def disarm(host: Host, service: str) -> None:
    """Stop the roll-back; no error if there is none."""
    if host.has_systemd:
        host.run("systemctl", "stop", *_units(service))


def is_armed(host: Host, service: str) -> bool:
    """Tell whether the service will be disabled unless somebody confirms it."""
    if not host.has_systemd:
        return False
    return host.run("systemctl", "is-active", "--quiet", _units(service)[0]).code == 0


def disarm_timer_only(host: Host, service: str) -> None:
    """Stop the timer but not its service, which may be what is running us."""
    if host.has_systemd:
        host.run("systemctl", "stop", _units(service)[0])


def _name(service: str) -> str:
    return f"pam-smsotp-rollback-{service}"


def _units(service: str) -> tuple[str, str]:
    return f"{_name(service)}.timer", f"{_name(service)}.service"
