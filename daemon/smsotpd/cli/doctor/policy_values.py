# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read from the daemon's files what a service's policy says, as far as the doctor needs it."""

import tomllib
from typing import Final

from smsotpd.cli.host import Host

# What the shipped smsotpd.toml says is the default.
CODE_SECONDS: Final = 300


def asks_for_no_pin(host: Host, service: str) -> str:
    """Return the file that says that the code alone is asked for; empty if the PIN is, too."""
    where, factors = _decisive(host, service, "factors")
    return where if factors == ["code"] else ""


def code_seconds(host: Host, service: str) -> int:
    """Return how long a code lives."""
    _, seconds = _decisive(host, service, "code_seconds")
    return seconds if isinstance(seconds, int) else CODE_SECONDS


def _decisive(host: Host, service: str, key: str) -> tuple[str, object]:
    """Return where a value is set, and the value; later files win, and the service's own policy.

    Files that cannot be read are the daemon's to complain about.
    """
    found: dict[str, tuple[str, object]] = {}
    main = host.places.root / "etc/smsotp/smsotpd.toml"
    for path in (main, *sorted(host.places.policies.glob("*.toml"))):
        try:
            policies = tomllib.loads(path.read_text()).get("policy", {})
        except (OSError, ValueError):
            continue
        for name in ("default", service):
            table = policies.get(name, {}) if isinstance(policies, dict) else {}
            if isinstance(table, dict) and key in table:
                found[name] = (f"/{path.relative_to(host.places.root)}", table[key])
    return found.get(service) or found.get("default") or ("", None)
