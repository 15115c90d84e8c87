# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine sshd: does it ask PAM, show our prompts, wait long enough, and who goes past us."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.host import Host
from smsotpd.cli.pam.sshd import DROP_IN, sshd_settings

CHECK = "sshd"
# A gateway may take 15 s, and people have to find their phone and type.
SHORTEST_GRACE_SECONDS = 60
METHODS = "publickey,keyboard-interactive:pam keyboard-interactive:pam"
_RELOAD = "sshd -t && systemctl reload ssh"
_INTERACTIVE = re.compile(r"keyboard-interactive(:pam)?")


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of connection, as Match blocks tell them apart.

    Attributes:
        where: the line that makes it different; the program for all others.
        options: of `sshd -T`.
    """

    where: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What sshd must wait for, in seconds.

    Attributes:
        terminal: until our module says that the daemon does not answer (timeout= of the line).
        code: until a code expires.
    """

    terminal: int = 40
    code: int = 300


def sshd_findings(host: Host, deadlines: Deadlines) -> Iterator[Finding]:
    """Return what is wrong with sshd, whose stack asks for a code."""
    seen: set[str] = set()
    for variant in variants(host):
        done = host.run("sshd", "-T", *variant.options)
        if done.code:
            complaint = (done.errors.strip().splitlines() or ["no reason given"])[-1]
            yield Finding(
                CHECK,
                Severity.ERROR,
                variant.where,
                f"sshd's configuration cannot be read: {complaint}",
                "correct the line; sshd -t tells whether it is right",
            )
            return
        for finding in judge_settings(sshd_settings(done.output), variant.where, deadlines):
            # The same for special connections as for all is said once.
            if finding.what not in seen:
                seen.add(finding.what)
                yield finding


def variants(host: Host) -> list[Variant]:
    """Return the kinds of connections to look at: all others first, then one for each Match."""
    found = [Variant("/etc/ssh/sshd_config")]
    etc = host.places.root / "etc" / "ssh"
    files = [etc / "sshd_config", *sorted((etc / "sshd_config.d").glob("*.conf"))]
    for path in files:
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            words = line.partition("#")[0].split()
            if words and words[0].lower() == "match" and words[1:2] != ["all"]:
                options = _connection(words[1:])
                where = f"/{path.relative_to(host.places.root)}:{number}"
                found.append(Variant(where, ("-C", options)))
    return found


def _connection(words: list[str]) -> str:
    """Return a connection that a Match line is about, in the form of `sshd -C`."""
    values = {"user": "root", "host": "localhost", "addr": "192.0.2.1"}
    names = {"user": "user", "host": "host", "address": "addr", "localaddress": "laddr",
             "localport": "lport", "rdomain": "rdomain"}  # fmt: skip
    for criterion, pattern in zip(words[::2], words[1::2], strict=False):
        first = next((each for each in pattern.split(",") if not each.startswith("!")), "*")
        name = names.get(criterion.lower())
        if name is not None:
            values[name] = first.partition("/")[0].replace("*", "x").replace("?", "x")
    return ",".join(f"{name}={value}" for name, value in values.items())


def judge_settings(
    settings: Mapping[str, str], where: str, deadlines: Deadlines
) -> Iterator[Finding]:
    """Return what is wrong with sshd's effective settings."""
    if settings.get("usepam") != "yes":
        yield _error(where, "sshd does not use PAM, so it never asks for a code.", "UsePAM yes")
    if settings.get("kbdinteractiveauthentication") != "yes":
        yield _error(
            where,
            "sshd does not offer keyboard-interactive, so nobody can answer our prompts.",
            "KbdInteractiveAuthentication yes",
        )
    if settings.get("passwordauthentication") == "yes":
        yield Finding(
            CHECK,
            Severity.WARNING,
            where,
            "sshd also offers the “password” method, which can answer one prompt only and so "
            "always fails.",
            commands=_drop_in("PasswordAuthentication no"),
        )
    yield from _methods(settings, where)
    yield from _times(settings, where, deadlines)


def _methods(settings: Mapping[str, str], where: str) -> Iterator[Finding]:
    methods = settings.get("authenticationmethods", "any")
    lists = [] if methods == "any" else [each.split(",") for each in methods.split()]
    past = [
        name
        for name in ("pubkey", "gssapi", "hostbased")
        if settings.get(f"{name}authentication") == "yes"
    ]
    if not lists and past:
        yield Finding(
            CHECK,
            Severity.WARNING,
            where,
            "Whoever has a key logs in by it alone: sshd asks PAM for no code then.",
            "to ask for the code after the key, carry out the commands; to let keys in alone on "
            "purpose, write AuthenticationMethods “publickey keyboard-interactive:pam”",
            _drop_in(f"AuthenticationMethods {METHODS}"),
        )
    asking = [each for each in lists if any(map(_INTERACTIVE.fullmatch, each))]
    if lists and not asking:
        yield Finding(
            CHECK,
            Severity.ERROR,
            where,
            "AuthenticationMethods names no keyboard-interactive, so sshd never asks for a code.",
            commands=_drop_in(f"AuthenticationMethods {METHODS}"),
        )
    elif len(asking) < len(lists):
        yield Finding(
            CHECK,
            Severity.NOTE,
            where,
            "AuthenticationMethods lets some in without a code, as it says: "
            + " ".join(",".join(each) for each in lists if each not in asking),
        )
    root = settings.get("permitrootlogin", "")
    if root in {"prohibit-password", "without-password"} and not lists:
        yield Finding(
            CHECK,
            Severity.NOTE,
            where,
            "root logs in by a key alone: PermitRootLogin prohibit-password shuts our prompts out.",
            "PermitRootLogin no, if root need not log in by ssh",
        )


def _times(settings: Mapping[str, str], where: str, deadlines: Deadlines) -> Iterator[Finding]:
    grace = _number(settings.get("logingracetime", "120"))
    if 0 < grace < SHORTEST_GRACE_SECONDS:
        yield Finding(
            CHECK,
            Severity.ERROR,
            where,
            f"sshd hangs up after {grace} s, before a code can have arrived and been typed.",
            commands=_drop_in("LoginGraceTime 120"),
        )
    elif 0 < grace <= deadlines.terminal:
        yield Finding(
            CHECK,
            Severity.WARNING,
            where,
            f"sshd hangs up after {grace} s, before our module has given up on a silent daemon "
            f"({deadlines.terminal} s), so users do not read why.",
            f"shorten timeout= in the PAM line, or lengthen LoginGraceTime to "
            f"{deadlines.terminal + SHORTEST_GRACE_SECONDS}",
        )
    elif 0 < grace < deadlines.code:
        yield Finding(
            CHECK,
            Severity.NOTE,
            where,
            f"A login may take {grace} s and a code lives {deadlines.code} s: whoever is slower "
            "begins again, and the same code still counts.",
        )
    tries = _number(settings.get("maxauthtries", "6"))
    if 0 < tries < 3:  # noqa: PLR2004  # a key that is refused, a typing error, and the right code
        yield Finding(
            CHECK,
            Severity.WARNING,
            where,
            f"sshd hangs up after {tries} failures, of which each key that the client offers is "
            "one; a typing error ends the login.",
            commands=_drop_in("MaxAuthTries 6"),
        )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _error(where: str, what: str, line: str) -> Finding:
    return Finding(CHECK, Severity.ERROR, where, what, commands=_drop_in(line))


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
