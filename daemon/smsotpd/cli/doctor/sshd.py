# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine sshd: does it ask PAM, show our prompts, wait long enough, and who goes past us."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.doctor.sshd_match import special_connections
from smsotpd.cli.host import Finished, Host
from smsotpd.cli.pam.sshd import DROP_IN, MAKE_DIRECTORY, NO_DIRECTORY, sshd_settings

CHECK = "sshd"
MAIN = "/etc/ssh/sshd_config"
# A gateway may take 15 s, and people have to find their phone and type.
SHORTEST_GRACE_SECONDS = 60
METHODS = "publickey,keyboard-interactive:pam keyboard-interactive:pam"
_RELOAD = "sshd -t && systemctl try-reload-or-restart ssh"
_MISSING = 127
_INTERACTIVE = re.compile(r"keyboard-interactive(:pam)?")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What sshd must wait for, in seconds.

    Attributes:
        terminal: until our module says that the daemon does not answer (timeout= of the line).
        code: until a code expires.
    """

    terminal: int = 40
    code: int = 300


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a setting.

    Attributes:
        line: of sshd_config, which mends it; empty if there is no such line.
    """

    severity: Severity
    what: str
    line: str = ""
    remedy: str = ""


def sshd_findings(host: Host, deadlines: Deadlines) -> Iterator[Finding]:
    """Return what is wrong with sshd, whose stack asks for a code."""
    everybody = host.run("sshd", "-T")
    if everybody.code:
        yield _unreadable(everybody)
        return
    seen: set[str] = set()
    for finding in judge_settings(sshd_settings(everybody.output), MAIN, deadlines):
        seen.add(finding.what)
        yield finding
    for special in special_connections(host):
        done = host.run("sshd", "-T", "-C", special.options)
        if done.code:
            yield Finding(
                CHECK,
                Severity.WARNING,
                special.where,
                f"What sshd does with the connections of this Match line is not known: "
                f"{_complaint(done)}",
                f"see: sshd -T -C {special.options}",
            )
            continue
        settings = sshd_settings(done.output)
        for finding in judge_settings(settings, special.where, deadlines, in_block=True):
            # The same for special connections as for all is said once.
            if finding.what not in seen:
                seen.add(finding.what)
                yield finding


def _unreadable(done: Finished) -> Finding:
    """Say why sshd does not tell its settings; a directory that it lacks is none of its lines."""
    if done.code == _MISSING:
        return Finding(
            CHECK,
            Severity.NOTE,
            "/etc/pam.d/sshd",
            "sshd is not installed, so nobody meets its stack.",
            "smsotpctl service disable sshd, if it is gone for good",
        )
    if NO_DIRECTORY in done.errors:
        return Finding(
            CHECK,
            Severity.WARNING,
            MAIN,
            "sshd has not run since the machine was started, and tells no settings before.",
            commands=(MAKE_DIRECTORY,),
        )
    return Finding(
        CHECK,
        Severity.ERROR,
        MAIN,
        f"sshd's configuration cannot be read: {_complaint(done)}",
        "correct the line; sshd -t tells whether it is right",
    )


def _complaint(done: Finished) -> str:
    return (done.errors.strip().splitlines() or ["no reason given"])[-1]


def judge_settings(
    settings: Mapping[str, str], where: str, deadlines: Deadlines, *, in_block: bool = False
) -> Iterator[Finding]:
    """Return what is wrong with sshd's effective settings.

    Args:
        in_block: they are those of a Match block, which no drop-in for all overrules.
    """
    faults = (*_prompts(settings), *_methods(settings), *_times(settings, deadlines))
    for fault in faults:
        if fault.line and in_block:
            line = f"in this Match block, write: {fault.line}"
            remedy = f"{fault.remedy}; {line}" if fault.remedy else line
            yield Finding(CHECK, fault.severity, where, fault.what, remedy)
        else:
            commands = _drop_in(fault.line) if fault.line else ()
            yield Finding(CHECK, fault.severity, where, fault.what, fault.remedy, commands)


def _prompts(settings: Mapping[str, str]) -> Iterator[_Fault]:
    if settings.get("usepam") != "yes":
        yield _Fault(
            Severity.ERROR, "sshd does not use PAM, so it never asks for a code.", "UsePAM yes"
        )
    if settings.get("kbdinteractiveauthentication") != "yes":
        yield _Fault(
            Severity.ERROR,
            "sshd does not offer keyboard-interactive, so nobody can answer our prompts.",
            "KbdInteractiveAuthentication yes",
        )
    if settings.get("passwordauthentication") == "yes":
        yield _Fault(
            Severity.WARNING,
            "sshd also offers the “password” method, which can answer one prompt only and so "
            "always fails.",
            "PasswordAuthentication no",
        )


def _methods(settings: Mapping[str, str]) -> Iterator[_Fault]:
    methods = settings.get("authenticationmethods", "any")
    lists = [] if methods == "any" else [each.split(",") for each in methods.split()]
    past = [
        name
        for name in ("pubkey", "gssapi", "hostbased")
        if settings.get(f"{name}authentication") == "yes"
    ]
    if not lists and past:
        yield _Fault(
            Severity.WARNING,
            "Whoever has a key logs in by it alone: sshd asks PAM for no code then.",
            f"AuthenticationMethods {METHODS}",
            "to let keys in alone on purpose, write AuthenticationMethods “publickey "
            "keyboard-interactive:pam” instead",
        )
    asking = [each for each in lists if any(map(_INTERACTIVE.fullmatch, each))]
    if lists and not asking:
        yield _Fault(
            Severity.ERROR,
            "AuthenticationMethods names no keyboard-interactive, so sshd never asks for a code.",
            f"AuthenticationMethods {METHODS}",
        )
    elif len(asking) < len(lists):
        yield _Fault(
            Severity.NOTE,
            "AuthenticationMethods lets some in without a code, as it says: "
            + " ".join(",".join(each) for each in lists if each not in asking),
        )
    root = settings.get("permitrootlogin", "")
    if root in {"prohibit-password", "without-password"} and not lists:
        yield _Fault(
            Severity.NOTE,
            "root logs in by a key alone: PermitRootLogin prohibit-password shuts our prompts out.",
            remedy="PermitRootLogin no, if root need not log in by ssh",
        )


def _times(settings: Mapping[str, str], deadlines: Deadlines) -> Iterator[_Fault]:
    grace = _number(settings.get("logingracetime", "120"))
    if 0 < grace < SHORTEST_GRACE_SECONDS:
        yield _Fault(
            Severity.ERROR,
            f"sshd hangs up after {grace} s, before a code can have arrived and been typed.",
            "LoginGraceTime 120",
        )
    elif 0 < grace <= deadlines.terminal:
        yield _Fault(
            Severity.WARNING,
            f"sshd hangs up after {grace} s, before our module has given up on a silent daemon "
            f"({deadlines.terminal} s), so users do not read why.",
            remedy=f"shorten timeout= in the PAM line, or lengthen LoginGraceTime to "
            f"{deadlines.terminal + SHORTEST_GRACE_SECONDS}",
        )
    elif 0 < grace < deadlines.code:
        yield _Fault(
            Severity.NOTE,
            f"A login may take {grace} s and a code lives {deadlines.code} s: whoever is slower "
            "begins again, and the same code still counts.",
        )
    tries = _number(settings.get("maxauthtries", "6"))
    if 0 < tries < 3:  # noqa: PLR2004  # a key that is refused, a typing error, and the right code
        yield _Fault(
            Severity.WARNING,
            f"sshd hangs up after {tries} failures, of which each key that the client offers is "
            "one; a typing error ends the login.",
            "MaxAuthTries 6",
        )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _drop_in(line: str) -> tuple[str, ...]:
    """Return the commands that set one thing for all, in front of what other files say."""
    key = line.split(maxsplit=1)[0]
    return (
        f"touch {DROP_IN}",
        f"sed -i '/^{key} /Id' {DROP_IN}",
        f"echo '{line}' | cat - {DROP_IN} >{DROP_IN}.new",
        f"mv {DROP_IN}.new {DROP_IN}",
        _RELOAD,
    )
