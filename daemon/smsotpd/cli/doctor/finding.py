# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor says: how bad, where, what happens, what to do."""

import difflib
from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad a finding is; the worst is the exit status for monitoring."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know.

    Attributes:
        check: which examination found it, for programs that read JSON.
        where: `file:line`, a unit, a gateway: what it is about.
        what: what happens, one sentence.
        remedy: what to do in words; empty where the commands say it all.
        commands: for root's shell, in this order; carried out literally, they heal it.
        diff: a change of one file in the unified form, to be applied with `patch -p1 -d /`.
    """

    check: str
    severity: Severity
    where: str
    what: str
    remedy: str = ""
    commands: tuple[str, ...] = ()
    diff: str = ""

    def encoded(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "check": self.check,
            "severity": self.severity.name.lower(),
            "where": self.where,
            "what": self.what,
            "remedy": self.remedy,
            "commands": list(self.commands),
            "diff": self.diff,
        }


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What will happen at the logins of one service.

    Attributes:
        asks: our module stands in its stack.
        sentence: for people.
        granted: for each case, as `wrong code, right password`, whether it lets in.
    """

    service: str
    title: str
    asks: bool
    sentence: str
    granted: dict[str, bool]

    def encoded(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "service": self.service,
            "title": self.title,
            "asks": self.asks,
            "sentence": self.sentence,
            "granted": self.granted,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All that the doctor found."""

    services: tuple[ServiceReport, ...]
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity:
        """Return the worst severity."""
        return max((finding.severity for finding in self.findings), default=Severity.NOTE)

    def encoded(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "status": int(self.worst),
            "services": [service.encoded() for service in self.services],
            "findings": [finding.encoded() for finding in self.findings],
        }


def unified(path: str, before: str, after: str) -> str:
    """Return the change of a file as a diff."""
    name = path.lstrip("/")
    lines = list(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
    )
    return "".join(lines)
