# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine the clock: whether something keeps it right, and whether it has jumped."""

from collections.abc import Iterator

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.host import Host

CHECK = "clock"


def clock_findings(host: Host) -> Iterator[Finding]:
    """Return what is wrong with the clock.

    Codes by message do not depend on it; those of authenticator apps do, and so do the journal and
    certificates of gateways.
    """
    done = host.run("timedatectl", "show", "--property=NTPSynchronized,NTP,CanNTP")
    pairs = (line.partition("=") for line in done.output.splitlines())
    found = {name: value for name, _, value in pairs}
    if found.get("NTPSynchronized") == "no":
        can = found.get("CanNTP") == "yes"
        yield Finding(
            CHECK,
            Severity.WARNING,
            "timedatectl",
            "Nothing keeps the clock right: codes of authenticator apps fail once it is 30 s off.",
            "" if can else "install a time service, as systemd-timesyncd or chrony",
            ("timedatectl set-ntp true",) if can and found.get("NTP") == "no" else (),
        )
    jumped = host.run(
        "journalctl", "--boot", "--quiet", "--lines=1", "--output=cat", "--unit=systemd-journald",
        "--grep=Time jumped backwards",
    )  # fmt: skip
    if jumped.code == 0 and jumped.output.strip():
        yield Finding(
            CHECK,
            Severity.WARNING,
            "journalctl --unit systemd-journald",
            "The clock has jumped backwards since the machine was started; codes that were out "
            "then have expired.",
            "see what sets the clock",
        )
