# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine polkit: whether it knows our actions, and answers the daemon about other users."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.host import Host

CHECK: Final = "polkit"
_DAEMON_USER: Final = "smsotp"
_OWNER: Final = f"unix-user:{_DAEMON_USER}"
_OWNER_KEY: Final = "org.freedesktop.policykit.owner"
_FILE: Final = "usr/share/polkit-1/actions/org.smsotp1.policy"
_ASKED_ABOUT: Final = "org.smsotp1.status"
_ACTION: Final = re.compile(r'<action id="(org\.smsotp1\.[a-z.]+)">')
_RULES: Final = ("etc/polkit-1/rules.d", "usr/local/share/polkit-1/rules.d",
                 "run/polkit-1/rules.d")  # fmt: skip
_MISSING: Final = 127
_REINSTALL: Final = ("apt-get install --yes --reinstall pam-smsotp", "systemctl try-restart polkit")
_ROOT_ALONE: Final = "so only root may use smsotpctl, and “self enrol” lets nobody enrol"


def polkit_findings(host: Host) -> Iterator[Finding]:
    """Return what keeps polkit from answering the daemon, and what it would answer by itself."""
    file = host.places.root / _FILE
    if not file.is_file():
        yield _warning(
            f"/{_FILE}", f"The file of our actions is missing, {_ROOT_ALONE}.", _REINSTALL
        )
        return
    done = host.run("pkaction", "--verbose")
    if done.code == _MISSING:
        yield Finding(
            CHECK,
            Severity.NOTE,
            "pkaction",
            f"polkit is not installed, {_ROOT_ALONE}.",
            "apt-get install polkitd, if others shall",
        )
        return
    if done.code:
        yield _warning(
            "polkit.service",
            f"polkit does not answer, {_ROOT_ALONE}: {_last(done.errors)}",
            ("systemctl restart polkit",),
        )
        return
    known = _described(done.output)
    yield from _judged(file, known)
    if known and host.has_account(_DAEMON_USER):
        yield from _tried(host)
    yield from _rules(host)


def _described(output: str) -> dict[str, dict[str, str]]:
    """Parse what `pkaction --verbose` prints of our actions: a heading each, and indented pairs."""
    found: dict[str, dict[str, str]] = {}
    pairs: dict[str, str] = {}
    for line in output.splitlines():
        if line and not line[0].isspace():
            pairs = {}
            name = line.rstrip(":")
            if name.startswith("org.smsotp1."):
                found[name] = pairs
            continue
        key, _, value = line.strip().partition(":")
        if key == "annotation":
            key, _, value = value.partition("->")
        pairs[key.strip()] = value.strip()
    return found


def _judged(file: Path, known: dict[str, dict[str, str]]) -> Iterator[Finding]:
    wanted = _ACTION.findall(file.read_text(errors="replace"))
    if unknown := [name for name in wanted if name not in known]:
        yield _warning(
            f"/{_FILE}",
            f"polkit does not know {_listed(unknown)}, so only root may do what these stand for.",
            _REINSTALL,
        )
    if foreign := [name for name in known if _OWNER not in known[name].get(_OWNER_KEY, "").split()]:
        yield _warning(
            f"/{_FILE}",
            f"{_DAEMON_USER} does not own {_listed(foreign)}, so polkit does not answer the daemon "
            "about other users, and only root may do what these stand for.",
            _REINSTALL,
        )
    open_to_all = [
        name
        for name, pairs in known.items()
        if "yes" in {pairs.get(f"implicit {who}") for who in ("any", "inactive", "active")}
    ]
    if open_to_all:
        yield _warning(
            f"/{_FILE}", f"polkit allows {_listed(open_to_all)} to users unasked.", _REINSTALL
        )


def _tried(host: Host) -> Iterator[Finding]:
    """Ask polkit as the daemon does: about a process of another user, which is this one."""
    start = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    done = host.run(
        "setpriv", f"--reuid={_DAEMON_USER}", f"--regid={_DAEMON_USER}", "--clear-groups", "--",
        "pkcheck", "--action-id", _ASKED_ABOUT, "--process", f"{os.getpid()},{start},0",
    )  # fmt: skip
    if done.code:
        yield _warning(
            "polkit.service",
            f"polkit refuses to answer the daemon about other users, {_ROOT_ALONE}: "
            f"{_last(done.errors)}",
            ("systemctl restart polkit",),
        )


def _rules(host: Host) -> Iterator[Finding]:
    for directory in _RULES:
        for path in sorted((host.places.root / directory).glob("*.rules")):
            if "org.smsotp1" in path.read_text(errors="replace"):
                yield Finding(
                    CHECK,
                    Severity.NOTE,
                    f"/{path.relative_to(host.places.root)}",
                    "A rule of this machine changes who may use smsotpctl besides root.",
                    "see whether it is meant so; who may enrol users may log in as any of them",
                )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))


def _last(errors: str) -> str:
    return (errors.strip().splitlines() or ["no reason given"])[-1]


def _warning(where: str, what: str, commands: tuple[str, ...]) -> Finding:
    return Finding(CHECK, Severity.WARNING, where, what, commands=commands)
