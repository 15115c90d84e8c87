# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine the daemon: its unit, its configuration, its bus name, its gateways, its users."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from smsotpd.cli.client import AdminClient, Entry
from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host

UNIT = "smsotpd.service"
_PROPERTIES = (
    "LoadState", "ActiveState", "UnitFileState", "Result", "DropInPaths", "WatchdogUSec",
    "NeedDaemonReload", "NRestarts", "MemoryMax", "EffectiveMemoryMax",
)  # fmt: skip
_POLICY = "usr/share/dbus-1/system.d/org.smsotp1.conf"
_ACTIVATION = "usr/share/dbus-1/system-services/org.smsotp1.service"
_REINSTALL = ("apt-get install --yes --reinstall pam-smsotp",)
_MANY_RESTARTS = 3


class Connect(Protocol):
    """The way to the daemon."""

    def __call__(self) -> AbstractContextManager[AdminClient]:
        """Connect for the length of a `with` statement."""


def unit_properties(host: Host) -> dict[str, str]:
    """Return what systemd says of the daemon's unit."""
    done = host.run("systemctl", "show", f"--property={','.join(_PROPERTIES)}", UNIT)
    pairs = (line.partition("=") for line in done.output.splitlines())
    return {name: value for name, _, value in pairs}


def unit_findings(host: Host) -> Iterator[Finding]:
    """Return what is wrong with the unit."""
    if not host.has_systemd:
        yield _unit(Severity.WARNING, "systemd does not run here, so nothing starts the daemon.")
        return
    found = unit_properties(host)
    if found.get("LoadState") == "masked":
        yield _unit(
            Severity.ERROR,
            "The unit is masked: no login can start the daemon, and all are denied.",
            f"systemctl unmask {UNIT}",
            f"systemctl start {UNIT}",
        )
        return
    if found.get("LoadState") == "not-found":
        yield _unit(Severity.ERROR, "The unit is not installed.", *_REINSTALL)
        return
    if found.get("NeedDaemonReload") == "yes":
        yield _unit(
            Severity.WARNING,
            "The unit's files have changed since systemd read them.",
            "systemctl daemon-reload",
            f"systemctl try-restart {UNIT}",
        )
    if found.get("ActiveState") == "failed":
        yield _unit(
            Severity.ERROR,
            f"The daemon has failed ({found.get('Result', 'no result')}); "
            f"journalctl --unit {UNIT} says why.",
            f"systemctl restart {UNIT}",
        )
    elif found.get("ActiveState") == "inactive":
        yield _unit(Severity.NOTE, "The daemon does not run; the next login starts it.")
    restarts = found.get("NRestarts", "0")
    if restarts.isdecimal() and int(restarts) >= _MANY_RESTARTS:
        yield _unit(
            Severity.WARNING,
            f"systemd has restarted the daemon {restarts} times; journalctl --unit {UNIT} says "
            "why.",
            f"systemctl restart {UNIT}",
        )
    if found.get("WatchdogUSec") in {"0", "infinity"}:
        yield _unit(
            Severity.WARNING,
            "No watchdog is set, so a daemon that hangs is not restarted.",
            remedy="take WatchdogSec= out of the drop-in that changes it",
        )
    if drop_ins := found.get("DropInPaths"):
        yield _unit(Severity.NOTE, f"Drop-ins change the unit: {drop_ins}.")


def configuration_findings(host: Host) -> Iterator[Finding]:
    """Return what the daemon says of its configuration."""
    done = host.run("smsotpd", "--check")
    if done.code:
        for complaint in done.errors.strip().splitlines() or ["no reason given"]:
            yield Finding(
                "configuration",
                Severity.ERROR,
                "/etc/smsotp",
                f"The daemon would not start with this configuration: {complaint}",
                "correct the line, then: systemctl reload-or-restart smsotpd",
            )


def bus_findings(host: Host) -> Iterator[Finding]:
    """Return what is wrong with the files of the bus."""
    for path, harm in (
        (_POLICY, "The policy of the bus is missing, so the daemon cannot own its name."),
        (_ACTIVATION, "The activation file is missing, so no login can start the daemon."),
    ):
        if not (host.places.root / path).is_file():
            yield Finding("bus", Severity.ERROR, f"/{path}", harm, commands=_REINSTALL)
    own = host.places.root / "etc/dbus-1/system.d"
    for file in sorted(own.glob("*.conf")):
        if "org.smsotp1" in file.read_text(errors="replace"):
            yield Finding(
                "bus",
                Severity.WARNING,
                f"/{file.relative_to(host.places.root)}",
                "A policy of this machine changes who may own or call org.smsotp1.",
                "see whether it is meant so; the shipped policy needs no addition",
            )


def daemon_findings(connect: Connect, *, needed: bool) -> Iterator[Finding]:
    """Return what the running daemon says of itself, its gateways and its users.

    Args:
        needed: a service asks for codes.
    """
    worst = Severity.ERROR if needed else Severity.WARNING
    try:
        with connect() as daemon:
            daemon.status()
            gateways, users = daemon.list_gateways(), daemon.list_users()
            yield from _gateway_findings(daemon, gateways, worst)
    except CliError as error:
        yield Finding("daemon", worst, UNIT, f"{error.text[:1].upper()}{error.text[1:]}.",
                      error.remedy)  # fmt: skip
        return
    if not any(user.get("state") == "active" for user in users):
        yield Finding(
            "users",
            worst,
            "smsotpctl user list",
            "Nobody is enrolled who could log in by a code.",
            "smsotpctl user enrol USER",
        )
    for user in users:
        if user.get("state") != "active":
            name = str(user.get("user"))
            yield Finding(
                "users",
                Severity.NOTE,
                name,
                f"{name} cannot log in now: {user.get('state')}.",
                "if it was the user who failed: ",
                (f"smsotpctl user unlock {name}",),
            )


def _gateway_findings(
    daemon: AdminClient, gateways: list[Entry], worst: Severity
) -> Iterator[Finding]:
    enabled = [str(gateway["name"]) for gateway in gateways if gateway.get("enabled")]
    if not enabled:
        yield Finding(
            "gateways",
            worst,
            "smsotpctl gateway list",
            "No gateway is enabled, so no code can be sent.",
            "smsotpctl gateway configure NAME, or smsotpctl gateway enable NAME",
        )
        return
    down = []
    for name in enabled:
        try:
            found = daemon.gateway_status(name)
        except CliError as error:
            down.append((name, error.text))
            continue
        if found.get("breaker") == "open" or found.get("condition") == "down":
            down.append((name, str(found.get("summary") or "its last messages failed")))
    severity = worst if len(down) == len(enabled) else Severity.WARNING
    for name, reason in down:
        yield Finding(
            "gateways",
            severity,
            name,
            f"The gateway {name} is down: {reason}",
            f"smsotpctl gateway status {name}; then smsotpctl gateway test {name}",
        )


def _unit(severity: Severity, what: str, *commands: str, remedy: str = "") -> Finding:
    return Finding("unit", severity, UNIT, what, remedy, tuple(commands))
