# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read from the daemon's files what they say, as far as the doctor needs it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smsotpd.cli.host import Host

# What the shipped smsotpd.toml says is the default.
CODE_SECONDS: Final = 300
PIN_THREADS: Final = 2
PIN_MEMORY_KIB: Final = 47_104
MAIN: Final = "/etc/smsotp/smsotpd.toml"


@dataclass(frozen=True, slots=True)
class Leeway:
    """Whom a policy asks for less than every factor.

    Attributes:
        has_pin: the PIN is a factor, and so what is left of them.
        remember_hours: for how long a host counts from which every factor was proved.
        networks: trusted ones.
        groups: exempt ones.
        unenrolled: the policy's word for those who are not enrolled.
        required: groups whose members have none of this but the last.
    """

    has_pin: bool = True
    remember_hours: float = 0
    networks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    unenrolled: str = "deny"
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PinCost:
    """What hashing PINs takes.

    Attributes:
        threads: how many are hashed at once.
        where: the file that says the most about it.
    """

    threads: int
    memory_kib: int
    where: str


def asks_for_no_pin(host: Host, service: str) -> str:
    """Return the file that says that the code alone is asked for; empty if the PIN is, too."""
    where, factors = _decisive(host, service, "factors")
    return where if factors == ["code"] else ""


def code_seconds(host: Host, service: str) -> int:
    """Return how long a code lives."""
    _, seconds = _decisive(host, service, "code_seconds")
    return seconds if isinstance(seconds, int) else CODE_SECONDS


def leeway(host: Host, service: str) -> Leeway:
    """Return whom the policy of a service asks for less."""

    def value(key: str) -> object:
        return _decisive(host, service, key)[1]

    hours, unenrolled = value("remember_hours"), value("unenrolled")
    return Leeway(
        has_pin=not asks_for_no_pin(host, service),
        remember_hours=hours if isinstance(hours, int | float) else 0,
        networks=_words(value("trusted_networks")),
        groups=_words(value("exempt_groups")),
        unenrolled=unenrolled if isinstance(unenrolled, str) else "deny",
        required=_words(value("required_groups")),
    )


def pin_cost(host: Host) -> PinCost:
    """Return what hashing PINs takes."""
    found: dict[str, tuple[str, int]] = {}
    for where, document in _documents(host):
        table = document.get("pin", {})
        for key in ("threads", "memory_kib"):
            value = table.get(key) if isinstance(table, dict) else None
            if isinstance(value, int):
                found[key] = (where, value)
    _, memory = found.get("memory_kib", ("", PIN_MEMORY_KIB))
    _, threads = found.get("threads", ("", PIN_THREADS))
    where, _ = found.get("threads") or found.get("memory_kib") or (MAIN, 0)
    return PinCost(threads, memory, where)


def _decisive(host: Host, service: str, key: str) -> tuple[str, object]:
    """Return where a value is set, and the value; later files win, and the service's own policy."""
    found: dict[str, tuple[str, object]] = {}
    for where, document in _documents(host):
        policies = document.get("policy", {})
        for name in ("default", service):
            table = policies.get(name, {}) if isinstance(policies, dict) else {}
            if isinstance(table, dict) and key in table:
                found[name] = (where, table[key])
    return found.get(service) or found.get("default") or ("", None)


def _documents(host: Host) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the name and the content of each file, in the order in which they count.

    Those that cannot be read are the daemon's to complain about.
    """
    main = host.places.root / MAIN.lstrip("/")
    for path in (main, *sorted(host.places.policies.glob("*.toml"))):
        # A pipe in its place would keep us waiting.
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            document = tomllib.loads(path.read_text())
        except (OSError, ValueError, RecursionError):
            continue
        yield f"/{path.relative_to(host.places.root)}", document


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
