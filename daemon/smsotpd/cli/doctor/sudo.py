# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine sudo: whether callers could bring their own PATH, and who is not asked at all."""

import json
from collections.abc import Iterator

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.host import Host
from smsotpd.cli.pam.sudoers import complaint_about_secure_path

CHECK = "sudo"
_SECURE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DROP_IN = "/etc/sudoers.d/pam-smsotp"


def sudo_findings(host: Host) -> Iterator[Finding]:
    """Return what is wrong with sudo's rules, since its stack asks for a code."""
    version = host.run("sudo", "-V")
    sudoers = host.run("cvtsudoers", "-f", "json", "/etc/sudoers")
    if version.code or sudoers.code:
        yield Finding(CHECK, Severity.ERROR, "/etc/sudoers", "sudo's rules cannot be read.",
                      "correct them with visudo; visudo -c tells where")  # fmt: skip
        return
    if complaint := complaint_about_secure_path(version.output, sudoers.output):
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
    if names := sorted(_never_asked(sudoers.output)):
        yield Finding(
            CHECK,
            Severity.NOTE,
            "/etc/sudoers",
            f"sudo asks {', '.join(names)} for nothing at all: rules with NOPASSWD.",
            "take NOPASSWD out of the rules that shall ask for a code",
        )


def _never_asked(sudoers_json: str) -> set[str]:
    """Return the users and groups of rules that do not authenticate."""
    try:
        rules = json.loads(sudoers_json).get("User_Specs", [])
        return {
            str(next(iter(who.values())))
            for rule in rules
            for commands in rule.get("Cmnd_Specs", [])
            if any(option.get("authenticate") is False for option in commands.get("Options", []))
            for who in rule.get("User_List", [])
        }
    except (ValueError, TypeError, AttributeError):
        return set()
