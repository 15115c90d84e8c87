# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine sudo: whether callers could bring their own PATH, and who is not asked at all."""

import json
from collections.abc import Container, Iterator
from typing import Any

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.host import Host
from smsotpd.cli.pam.sudoers import complaint_about_secure_path

CHECK = "sudo"
_SECURE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DROP_IN = "/etc/sudoers.d/pam-smsotp"


def sudo_findings(
    host: Host, *, asking: Container[str] = ("sudo", "sudo-i"), interpreted: bool = True
) -> Iterator[Finding]:
    """Return what is wrong with sudo's rules, since its stack asks for a code.

    Args:
        asking: the services that ask for one.
        interpreted: by pam_python, which the caller's PATH must not reach.
    """
    version = host.run("sudo", "-V")
    sudoers = host.run("cvtsudoers", "-f", "json", "/etc/sudoers")
    if version.code or sudoers.code:
        yield Finding(CHECK, Severity.ERROR, "/etc/sudoers", "sudo's rules cannot be read.",
                      "correct them with visudo; visudo -c tells where")  # fmt: skip
        return
    if interpreted and (complaint := complaint_about_secure_path(version.output, sudoers.output)):
        not_set = "is not set" in complaint
        yield Finding(
            CHECK,
            Severity.ERROR,
            "/etc/sudoers",
            f"sudo would let the caller's PATH reach our module: {complaint}.",
            "" if not_set else "with visudo, have one line “Defaults secure_path=…” for everybody",
            (
                f"echo 'Defaults secure_path=\"{_SECURE_PATH}\"' >{_DROP_IN}",
                f"chmod 440 {_DROP_IN}",
                "visudo -c",
            )
            if not_set
            else (),
        )
    rules = _parsed(sudoers.output)
    options = list(_options(rules))
    if any(value is False for name, value in options if name == "authenticate"):
        yield Finding(
            CHECK,
            Severity.WARNING,
            "/etc/sudoers",
            "sudo asks some or all users for nothing at all, by a “Defaults” with !authenticate.",
            "take it out with visudo; NOPASSWD is for single rules",
        )
    for key in ("pam_service", "pam_login_service"):
        for service in sorted({str(value) for name, value in options if name == key}):
            if service not in asking:
                yield Finding(
                    CHECK,
                    Severity.WARNING,
                    "/etc/sudoers",
                    f"sudo asks PAM by the name of {service}, whose stack asks for no code, where "
                    f"a “Defaults” sets {key}.",
                    f"take {key} out with visudo, or: smsotpctl service enable {service}",
                )
    if names := sorted(_never_asked(rules)):
        yield Finding(
            CHECK,
            Severity.NOTE,
            "/etc/sudoers",
            f"sudo asks {', '.join(names)} for nothing at all: rules with NOPASSWD.",
            "take NOPASSWD out of the rules that shall ask for a code",
        )


def _parsed(sudoers_json: str) -> dict[str, list[dict[str, Any]]]:
    try:
        found = json.loads(sudoers_json)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _options(rules: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, object]]:
    """Yield name and value of each Defaults, for whomever it is."""
    for entry in rules.get("Defaults", []):
        for option in entry.get("Options", []):
            yield from option.items()


def _never_asked(rules: dict[str, list[dict[str, Any]]]) -> set[str]:
    """Return the users and groups of rules that do not authenticate."""
    return {
        str(next(iter(who.values())))
        for rule in rules.get("User_Specs", [])
        for commands in rule.get("Cmnd_Specs", [])
        if any(option.get("authenticate") is False for option in commands.get("Options", []))
        for who in rule.get("User_List", [])
    }
