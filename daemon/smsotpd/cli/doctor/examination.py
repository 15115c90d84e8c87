# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Make all examinations and put the worst first."""

from smsotpd.cli.doctor.clock import clock_findings
from smsotpd.cli.doctor.daemon import (
    Connect,
    bus_findings,
    configuration_findings,
    daemon_findings,
    unit_findings,
)
from smsotpd.cli.doctor.files import file_findings
from smsotpd.cli.doctor.finding import Finding, Report
from smsotpd.cli.doctor.memory import memory_findings
from smsotpd.cli.doctor.polkit import polkit_findings
from smsotpd.cli.doctor.sshd import sshd_findings
from smsotpd.cli.doctor.stacks import Stacks, service_reports, stack_findings
from smsotpd.cli.doctor.sudo import sudo_findings
from smsotpd.cli.host import Host
from smsotpd.cli.pam.terminal import Terminal


def examine(host: Host, connect: Connect, *, owner: int = 0) -> Report:
    """Examine a machine; nothing is changed.

    Args:
        owner: who owns what is root's; root, except in a test that is not.
    """
    stacks = Stacks(host)
    with_us = stacks.with_us
    findings: list[Finding] = [*stack_findings(stacks)]
    if "sshd" in with_us:
        findings += sshd_findings(host, stacks.deadlines("sshd"))
    if by_sudo := [name for name in ("sudo", "sudo-i") if name in with_us]:
        interpreted = any(stacks.terminal(name) is Terminal.PYTHON for name in by_sudo)
        findings += sudo_findings(host, asking=with_us, interpreted=interpreted)
    findings += unit_findings(host)
    findings += memory_findings(host)
    findings += configuration_findings(host)
    findings += bus_findings(host)
    findings += polkit_findings(host)
    findings += daemon_findings(connect, needed=bool(with_us))
    findings += file_findings(host, owner=owner)
    findings += clock_findings(host)
    unique = list(dict.fromkeys(findings))
    unique.sort(key=lambda finding: -finding.severity)
    return Report(tuple(service_reports(stacks)), tuple(unique))
