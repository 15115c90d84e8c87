# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find out which terminal may run in a service's programs, if any may."""

import stat
from collections.abc import Iterator

from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host
from smsotpd.cli.pam.files import PamDirectory
from smsotpd.cli.pam.finding import Finding
from smsotpd.cli.pam.known import KNOWN, is_shared, reason_against, reason_against_python
from smsotpd.cli.pam.sshd import DROP_IN, missing_lines, sshd_settings
from smsotpd.cli.pam.stack import included_names
from smsotpd.cli.pam.sudoers import complaint_about_secure_path
from smsotpd.cli.pam.terminal import Terminal, installed_libraries


def choose_terminal(
    service: str,
    host: Host,
    directory: PamDirectory,
    wanted: Terminal | None,
    *,
    unknown_allowed: bool,
) -> tuple[Terminal, list[Finding]]:
    """Choose the terminal for a service and return what stands against it there.

    pam_python is the choice wherever it is known to be safe; elsewhere it is the native terminal,
    if that is installed and may run there.
    """
    if reason := reason_against(service):
        text = f"{service} must not run our module: {reason}"
        return wanted or Terminal.PYTHON, [Finding(text, "leave it as it is")]
    general = list(_general_findings(service, host, directory, unknown_allowed=unknown_allowed))
    against_python = list(_findings_against_python(service, host, directory))
    if wanted is Terminal.NATIVE:
        return wanted, general
    has_native = bool(installed_libraries(host, Terminal.NATIVE))
    if wanted is None and has_native and (against_python or service not in KNOWN):
        return Terminal.NATIVE, general
    return Terminal.PYTHON, [*general, *against_python]


def includers(service: str, directory: PamDirectory) -> list[str]:
    """Return the services that include this one, directly or not, sorted."""
    includes = {
        name: included_names(_text_or_nothing(directory, name)) for name in directory.names()
    }
    found: set[str] = set()
    frontier = {service}
    while frontier:
        frontier = {name for name, names in includes.items() if names & frontier} - found
        found |= frontier
    return sorted(found - {service})


def _general_findings(
    service: str, host: Host, directory: PamDirectory, *, unknown_allowed: bool
) -> Iterator[Finding]:
    """Find what stands against either terminal."""
    if service not in KNOWN and not is_shared(service) and not unknown_allowed:
        yield Finding(
            f"{service} is not among the services known to be safe ({', '.join(KNOWN)})",
            "if somebody answers its prompts, and its program is not set-user-ID, not written in "
            "Python, and starts with an environment that users cannot choose, add --force-unknown; "
            "of these, only the first counts with --terminal native",
        )
    # A file that others share is not run for itself: who includes it and never asks, never runs it.
    for other in () if is_shared(service) else includers(service, directory):
        reason = reason_against(other)
        if reason or (other not in KNOWN and not unknown_allowed):
            yield Finding(
                f"/etc/pam.d/{other} includes {service}, and {other} "
                + (f"must not run our module: {reason}" if reason else "is not known to be safe"),
                "enable only the services that you mean, one by one",
            )
    if service == "sshd":
        yield from _sshd_findings(host)


def _findings_against_python(
    service: str, host: Host, directory: PamDirectory
) -> Iterator[Finding]:
    """Find what makes pam_python unsafe here and does the native terminal no harm."""
    native = f"smsotpctl service enable {service} --terminal native"
    if not installed_libraries(host, Terminal.NATIVE):
        native = f"apt-get install {Terminal.NATIVE.package}; {native}"
    if reason := reason_against_python(service):
        yield Finding(f"{service} must not run pam_python: {reason}", native)
    for program in KNOWN[service].programs if service in KNOWN else ():
        path = host.places.root / program.lstrip("/")
        if path.exists() and path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
            yield Finding(
                f"{program} is set-user-ID and keeps the caller's environment",
                f"{native}; or: dpkg-statoverride --update --add root root 0755 {program}",
            )
    for other in includers(service, directory):
        reason = "" if reason_against(other) else reason_against_python(other)
        if reason:
            yield Finding(
                f"/etc/pam.d/{other} includes {service}, and {other} must not run pam_python: "
                + reason,
                native,
            )
    if service in {"sudo", "sudo-i"}:
        yield from _sudo_findings(host, native)


def _sudo_findings(host: Host, native: str) -> Iterator[Finding]:
    version = host.run("sudo", "-V")
    sudoers = host.run("cvtsudoers", "-f", "json", "/etc/sudoers")
    if version.code or sudoers.code:
        yield Finding("sudo's rules could not be read", f"see: visudo -c; or: {native}")
        return
    if complaint := complaint_about_secure_path(version.output, sudoers.output):
        yield Finding(
            f"sudo would let the caller's PATH reach our module: {complaint}",
            f"with visudo, have one line “Defaults secure_path=…” for everybody; or: {native}",
        )


def _sshd_findings(host: Host) -> Iterator[Finding]:
    done = host.run("sshd", "-T")
    if done.code:
        complaint = (done.errors.strip().splitlines() or ["no reason given"])[-1]
        yield Finding(f"sshd's configuration could not be read: {complaint}", "see: sshd -t")
        return
    if missing := missing_lines(sshd_settings(done.output)):
        yield Finding(
            f"sshd would never show our prompts: it lacks “{'” and “'.join(missing)}”",
            f"write “{'” and “'.join(missing)}” into {DROP_IN}, one a line, then: "
            "systemctl reload ssh",
        )


def _text_or_nothing(directory: PamDirectory, name: str) -> str:
    try:
        return directory.read_text(name)
    except CliError:
        return ""
