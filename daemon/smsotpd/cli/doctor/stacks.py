# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine the PAM stacks: what each service does, and what is wrong with it."""

from collections.abc import Iterator

from smsotpd.cli.doctor.cases import Ours, is_ours, terminal_of
from smsotpd.cli.doctor.finding import Finding, ServiceReport, Severity, unified
from smsotpd.cli.doctor.healing import healed, rule_of_ours
from smsotpd.cli.doctor.judgement import Judgement, judge
from smsotpd.cli.doctor.policy_values import asks_for_no_pin, code_seconds, leeway
from smsotpd.cli.doctor.sshd import Deadlines
from smsotpd.cli.doctor.words import GAPS, NOT_ASKED, sentence
from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host
from smsotpd.cli.pam import rollback
from smsotpd.cli.pam.block import State, state
from smsotpd.cli.pam.change import pam_directory
from smsotpd.cli.pam.handlers import Chain, Handler, read_chain
from smsotpd.cli.pam.known import KNOWN, is_shared, reason_against, reason_against_python
from smsotpd.cli.pam.overview import is_current
from smsotpd.cli.pam.place import choose_terminal
from smsotpd.cli.pam.returns import NAMES
from smsotpd.cli.pam.terminal import Terminal

CHECK = "pam"


class Stacks:
    """The stacks of all services of a machine, read once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.directory = pam_directory(host)
        self._installed: dict[str, bool] = {}
        self.chains: dict[str, Chain] = {
            name: read_chain(name, self.read)
            for name in self.directory.names()
            if not name.startswith("common-")
        }

    @property
    def with_us(self) -> list[str]:
        """Return the services that ask for a code, sorted."""
        return sorted(
            name
            for name, chain in self.chains.items()
            # What libpam cannot read to its end may name us further down.
            if any(map(is_ours, chain.handlers))
            or (chain.is_unreadable and state(self.read(name)) is not State.OFF)
        )

    def read(self, name: str) -> str:
        """Return a file's text by its name as written; vendors' files count where there is none."""
        prefix = f"{self.host.places.pam}/"
        name = name.removeprefix(prefix).removeprefix("/etc/pam.d/")
        try:
            path = self.host.places.pam / name
            if path.is_file():
                return path.read_text("utf-8", "surrogateescape")
            return (self.host.places.vendor_pam / name).read_text("utf-8", "surrogateescape")
        except OSError as error:
            raise CliError(f"{name}: {error.strerror}") from None

    def is_installed(self, module: str) -> bool:
        """Tell whether a module of that name or path is there; each is looked up once."""
        if module not in self._installed:
            self._installed[module] = self._find(module)
        return self._installed[module]

    def _find(self, module: str) -> bool:
        if module.startswith("/"):
            return (self.host.places.root / module.lstrip("/")).exists()
        roots = self.host.places.libraries
        patterns = (f"security/{module}", f"*/security/{module}")
        return any(any(root.glob(pattern)) for root in roots for pattern in patterns)

    def terminal(self, service: str) -> Terminal:
        """Return which terminal a service runs; the interpreted one if that cannot be told."""
        rule = rule_of_ours(self.chains[service].handlers)
        return terminal_of(rule) if rule else Terminal.PYTHON

    def deadlines(self, service: str) -> Deadlines:
        """Return what the program of a service must wait for."""
        rule = rule_of_ours(self.chains[service].handlers)
        words = rule.arguments.split() if rule else []
        given = [word.removeprefix("timeout=") for word in words if word.startswith("timeout=")]
        code = code_seconds(self.host, service)
        if given and given[-1].isdecimal():
            return Deadlines(int(given[-1]), code)
        return Deadlines(code=code)

    def judgement(self, service: str) -> Judgement:
        """Judge a service that asks for a code."""
        return judge(self.chains[service], self.is_installed)


def service_reports(stacks: Stacks) -> list[ServiceReport]:
    """Say what will happen at each service that we know or that asks for a code."""
    with_us = stacks.with_us
    names = sorted(set(with_us) | (KNOWN.keys() & stacks.chains.keys()))
    reports = []
    for name in names:
        title = KNOWN[name].title if name in KNOWN else ""
        if name not in with_us:
            reports.append(ServiceReport(name, title, asks=False, sentence=NOT_ASKED, granted={}))
            continue
        judgement = stacks.judgement(name)
        granted = {
            f"{ours}, {'right' if password else 'wrong'} password": granted
            for (ours, password), granted in judgement.granted.items()
        }
        said = sentence(judgement, leeway(stacks.host, name))
        reports.append(ServiceReport(name, title, asks=True, sentence=said, granted=granted))
    return reports


def stack_findings(stacks: Stacks) -> Iterator[Finding]:
    """Return what is wrong with the stacks of the services that ask for a code."""
    for service in stacks.with_us:
        yield from _findings_of(service, stacks)
    yield from code_alone_findings(stacks)
    yield from _damaged(stacks)
    yield from _past_sudo(stacks)
    yield from _no_way_left(stacks)


def _findings_of(service: str, stacks: Stacks) -> Iterator[Finding]:
    chain, host = stacks.chains[service], stacks.host
    rule = rule_of_ours(chain.handlers)
    where = str(rule.place) if rule else f"/etc/pam.d/{service}"
    terminal = stacks.terminal(service)
    holder = rule.place.file.rpartition("/")[2] if rule else service
    # In a shared file, our line is meant for whoever asks; who never does, as cron, is not harmed.
    is_for_all = terminal is Terminal.NATIVE and is_shared(holder)
    for unsafe in (holder,) if is_for_all else (holder, service):
        against = reason_against_python if terminal is Terminal.PYTHON else reason_against
        if reason := against(unsafe):
            yield _unsafe(unsafe, where, reason, stacks)
            return
    _, problems = choose_terminal(service, host, stacks.directory, terminal, unknown_allowed=True)
    # sudo and sshd are examined on their own, and closer.
    for problem in problems:
        if service not in {"sudo", "sudo-i", "sshd"} and not is_for_all:
            yield Finding(CHECK, Severity.ERROR, where, f"{problem.text}.", problem.remedy)
    diff = ""
    judgement = stacks.judgement(service)
    mistakes = chain.mistakes
    if judgement.gaps or mistakes:
        text = stacks.read(service)
        new = healed(service, text, stacks.read, stacks.is_installed)
        diff = unified(f"/etc/pam.d/{service}", text, new) if new else ""
    for mistake in mistakes:
        yield Finding(
            CHECK,
            Severity.ERROR,
            str(mistake.place),
            f"libpam does not understand the line: {mistake.text}.",
            "" if diff else "correct the line; pam.d(5) has the grammar",
            diff=diff,
        )
    for handler in chain.handlers:
        if handler.module and not stacks.is_installed(handler.module):
            # Harmless where the control says so, as Debian's “-auth optional” lines do.
            if handler.actions[NAMES.index("module_unknown")] == "ignore":
                continue
            yield Finding(
                CHECK,
                Severity.ERROR,
                str(handler.place),
                f"{handler.module_name} is not installed, so its line always fails.",
                "" if is_ours(handler) else "install it, or remove the line",
                _installing(handler),
            )
            return
    for gap in judgement.gaps:
        severity, text = GAPS[gap]
        yield Finding(
            CHECK,
            severity,
            where,
            text.format(service=service),
            "" if diff else _by_hand(service, severity),
            diff=diff if severity is Severity.ERROR else "",
        )
    yield from _unconfirmed(service, host)
    if _has_our_block(service, stacks) and not is_current(
        service, stacks.read(service), stacks.directory
    ):
        yield Finding(
            CHECK,
            Severity.WARNING,
            f"/etc/pam.d/{service}",
            f"What {service} includes has changed since it was enabled, and its stack does not "
            "follow.",
            commands=_again(service, state(stacks.read(service)), terminal),
        )


def _unconfirmed(service: str, host: Host) -> Iterator[Finding]:
    if service in rollback.forgotten(host):
        yield Finding(
            CHECK,
            Severity.WARNING,
            f"/etc/pam.d/{service}",
            f"Nobody has confirmed {service}, and it will not undo itself before the next restart.",
            "undo it with smsotpctl service roll-back, or try a login and keep it",
            (f"smsotpctl service confirm {service}",),
        )
    elif rollback.is_armed(host, service):
        yield Finding(
            CHECK,
            Severity.NOTE,
            f"/etc/pam.d/{service}",
            f"{service} is about to undo itself, since nobody has confirmed it.",
            "try a login from a second terminal, then confirm",
            (f"smsotpctl service confirm {service}",),
        )


def _installing(handler: Handler) -> tuple[str, ...]:
    if not is_ours(handler):
        return ()
    return (f"apt-get install --yes {terminal_of(handler).package}",)


def _by_hand(service: str, severity: Severity) -> str:
    if severity is Severity.ERROR:
        return 'correct the stack as "Other stacks" in smsotpctl(8) shows'
    return f"see whether it is meant so: smsotpctl service list {service}"


def _unsafe(service: str, where: str, reason: str, stacks: Stacks) -> Finding:
    own = stacks.read(service)
    lines = own.split("\n")
    kept = [line for line in lines if "pam_smsotp" not in line.partition("#")[0]]
    diff = unified(f"/etc/pam.d/{service}", own, "\n".join(kept)) if kept != lines else ""
    return Finding(
        CHECK,
        Severity.ERROR,
        where,
        f"{service} must not run our module: {reason}.",
        "" if diff else f"{service} includes {where.partition(':')[0]}: remove our line there",
        diff=diff,
    )


def code_alone_findings(stacks: Stacks) -> Iterator[Finding]:
    """Return the services where policy and stack together ask for nothing but the code."""
    for service in stacks.with_us:
        judgement = stacks.judgement(service)
        where = asks_for_no_pin(stacks.host, service)
        if where and judgement.lets_in(Ours.RIGHT, right_password=False):
            yield Finding(
                CHECK,
                Severity.WARNING,
                where,
                f"{service} asks for the code alone: the policy asks for no PIN, and the stack for "
                "no password.",
                "right only where something else comes first, as an SSH key; otherwise have the "
                "password asked first",
                (
                    f"smsotpctl service disable {service}",
                    f"smsotpctl service enable {service} --stack after --confirm",
                )
                if _has_our_block(service, stacks)
                else (),
            )


def _has_our_block(service: str, stacks: Stacks) -> bool:
    return state(stacks.read(service)) in {State.INSTEAD, State.AFTER}


def _again(service: str, now: State, terminal: Terminal) -> tuple[str, ...]:
    return (
        f"smsotpctl service disable {service}",
        f"smsotpctl service enable {service} --stack {now} --terminal {terminal} --confirm",
    )


def _damaged(stacks: Stacks) -> Iterator[Finding]:
    for service in stacks.directory.names():
        text = stacks.read(service)
        if state(text) is not State.DAMAGED:
            continue
        backups = sorted(stacks.host.places.backups.glob(f"{service}.2*"))
        yield Finding(
            CHECK,
            Severity.WARNING,
            f"/etc/pam.d/{service}",
            f"The block of pam-smsotp in {service} was edited, so that it cannot be undone.",
            "" if backups else "restore the file from your own backup",
            (
                f"install --mode=644 {backups[-1]} /etc/pam.d/{service}",
                f"smsotpctl service enable {service} --confirm",
            )
            if backups
            else (),
        )


def _past_sudo(stacks: Stacks) -> Iterator[Finding]:
    """Find out whether Debian's sudo -i, a service of its own, goes past a sudo that asks."""
    if "sudo" not in stacks.with_us or "sudo-i" in stacks.with_us:
        return
    if "sudo-i" not in stacks.chains:
        return
    now, terminal = state(stacks.read("sudo")), stacks.terminal("sudo")
    kept = f" --stack {now}" if now is State.AFTER else ""
    yield Finding(
        CHECK,
        Severity.WARNING,
        "/etc/pam.d/sudo-i",
        "sudo asks for a code and sudo -i does not: whoever has the password becomes root by it.",
        commands=(f"smsotpctl service enable sudo-i{kept} --terminal {terminal} --confirm",),
    )


def _no_way_left(stacks: Stacks) -> Iterator[Finding]:
    """Find out whether all ways in close while the daemon is down."""
    ways = [name for name in ("sshd", "login", "lightdm", "gdm-password", "sddm")
            if name in stacks.chains]  # fmt: skip
    asking = [name for name in ways if name in stacks.with_us]
    if not asking or len(asking) < len(ways):
        return
    if any(stacks.judgement(name).lets_in(Ours.DOWN, right_password=True) for name in asking):
        return
    yield Finding(
        CHECK,
        Severity.WARNING,
        ", ".join(f"/etc/pam.d/{name}" for name in asking),
        "While the daemon is down nobody gets in by any program, the console included.",
        "leave one way in without the code, as the console",
        ("smsotpctl service disable login",) if "login" in asking else (),
    )
