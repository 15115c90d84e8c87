# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Enable and disable services on this machine: files, policies and roll-backs in a safe order."""

from dataclasses import dataclass
from pathlib import Path

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Host
from smsotpd.cli.pam import block, rollback
from smsotpd.cli.pam.block import Stack, State
from smsotpd.cli.pam.files import PamDirectory, ServiceFile
from smsotpd.cli.pam.known import KNOWN, is_shared
from smsotpd.cli.pam.policy import (
    drop_leftover_policy,
    policy_path,
    remove_policy,
    write_policy,
)
from smsotpd.cli.pam.terminal import Terminal, terminals_in


@dataclass(frozen=True, slots=True)
class Plan:
    """What enabling a service would do; nothing is done yet."""

    service: str
    stack: Stack
    terminal: Terminal
    file: ServiceFile
    text: str


def pam_directory(host: Host) -> PamDirectory:
    """Return the directory of this machine's service files."""
    return PamDirectory(host.places.pam, host.places.backups)


def read_service(host: Host, service: str) -> ServiceFile:
    """Read the file of a service that shall be enabled.

    Raises:
        CliError: there is none, or only one that belongs to a package.
    """
    directory = pam_directory(host)
    try:
        return directory.read(service)
    except CliError as error:
        vendor = host.places.vendor_pam / service
        if error.exit_code is Exit.NOT_FOUND and vendor.is_file():
            raise RefusalError(
                f"{service} is set up by {vendor}, which belongs to its package",
                remedy=f"cp {vendor} {directory.path}/, then try again",
            ) from None
        raise


def plan_enable(host: Host, service: str, stack: Stack, terminal: Terminal) -> Plan:
    """Work out the new text of a service file.

    Raises:
        CliError: the file is missing, not understood, or has our module already.
    """
    if is_shared(service):
        raise RefusalError(
            f"{service} is pam-auth-update's, which would undo or keep what is changed in it",
            remedy="enable the services that you mean, one by one; or write one line by hand, as "
            "“Other stacks” in smsotpctl(8) shows",
        )
    file = read_service(host, service)
    known = KNOWN.get(service)
    if known and known.one_field and stack is Stack.AFTER:
        raise RefusalError(
            f"{service} has one password field only, so a code cannot follow the password",
            remedy="use --stack instead: first the PIN, then PIN and code in one",
        )
    arguments = known.arguments if known else ""
    read = pam_directory(host).read_text
    text = block.enable(service, file.text, stack, arguments, read, terminal=terminal)
    return Plan(service, stack, terminal, file, text)


def carry_out(host: Host, plan: Plan, *, rollback_seconds: int) -> Path:
    """Enable a service as planned; return where the old file was copied to.

    The roll-back is armed before anything changes. The policy comes before the stack that needs
    it, and a policy left from `after` goes before a stack that relies on the PIN.

    Args:
        rollback_seconds: until the change undoes itself; 0 for never.

    Raises:
        CliError: something failed; then all is as it was.
    """
    directory = pam_directory(host)
    if rollback_seconds:
        rollback.arm(host, plan.service, rollback_seconds)
    try:
        with directory.locked():
            if plan.stack is Stack.AFTER:
                write_policy(host, plan.service)
            else:
                drop_leftover_policy(host, plan.service)
            backup = directory.back_up(plan.file)
            directory.replace(plan.file, plan.text)
    except BaseException:
        if plan.stack is Stack.AFTER:
            remove_policy(host, plan.service)
        rollback.disarm(host, plan.service)
        raise
    return backup


def disable(host: Host, service: str) -> bool:
    """Restore a service file; tell whether there was anything to restore.

    Raises:
        CliError: the block was edited, or our module stands in a line that we did not write.
    """
    directory = pam_directory(host)
    changed, gone = False, None
    with directory.locked():
        try:
            file = directory.read(service)
            text = block.disable(service, file.text)
            changed = text != file.text
            if changed:
                directory.back_up(file)
                directory.replace(file, text)
        except CliError as error:
            if error.exit_code is not Exit.NOT_FOUND:
                raise
            gone = error
    # Not while the stack still counts on it, but also where the stack is gone with its package.
    had_policy = remove_policy(host, service)
    if gone and not had_policy:
        raise gone
    # The roll-back's own service may be what runs us; stopping it would stop us.
    rollback.disarm_timer_only(host, service)
    return changed or had_policy


def confirm(host: Host, service: str) -> None:
    """Keep a service enabled for good.

    Raises:
        CliError: it is not enabled (any more).
    """
    directory = pam_directory(host)
    rollback.disarm(host, service)
    with directory.locked():
        state = block.state(directory.read(service).text)
    if state not in {State.INSTEAD, State.AFTER}:
        raise CliError(
            f"{service} is not enabled; it may have been rolled back already",
            remedy=f"smsotpctl service enable {service}",
        )


def services_with_our_block(host: Host, terminal: Terminal | None = None) -> list[str]:
    """Return the services whose files mention us in any way that we must undo, sorted.

    Args:
        terminal: only services that run this one; None for all.
    """
    directory = pam_directory(host)
    found = []
    for service in directory.names():
        try:
            text = directory.read_text(service)
        except RefusalError:  # a link: what it points to is looked at by its own name
            continue
        if terminal is not None and terminal not in terminals_in(text):
            continue
        if block.state(text) is not State.OFF:
            found.append(service)
    if terminal is not None:
        return found
    leftover = host.places.policies.glob("service-*.toml") if host.places.policies.is_dir() else ()
    for path in leftover:
        service = path.stem.removeprefix("service-")
        if service not in found and policy_path(host, service) == path:
            found.append(service)
    return sorted(found)
