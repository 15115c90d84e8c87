# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find out from the daemon's files whether a service's policy asks for the code without a PIN."""

import tomllib
from pathlib import Path

from smsotpd.cli.host import Host


def asks_for_no_pin(host: Host, service: str) -> str:
    """Return the file that says so; empty if PIN and code are asked for.

    Files that cannot be read are the daemon's to complain about.
    """
    decisive: dict[str, tuple[Path, object]] = {}
    main = host.places.root / "etc/smsotp/smsotpd.toml"
    for path in (main, *sorted(host.places.policies.glob("*.toml"))):
        for name in ("default", service):
            factors = _factors(path, name)
            if factors is not None:
                decisive[name] = (path, factors)
    path, factors = decisive.get(service) or decisive.get("default") or (main, None)
    return f"/{path.relative_to(host.places.root)}" if factors == ["code"] else ""


def _factors(path: Path, policy: str) -> object:
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError):
        return None
    table = document.get("policy", {}).get(policy, {})
    return table.get("factors") if isinstance(table, dict) else None
