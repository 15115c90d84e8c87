# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Tell the daemon that a service asks for the code alone, since the password came first."""

import os
from pathlib import Path

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.host import Host
from smsotpd.cli.pam.files import sync_directory

_TEXT = """\
# Written by "smsotpctl service enable {service} --stack after"; "service disable" removes it.
# The PAM stack has asked for the password already, so no PIN is asked.
[policy."{service}"]
factors = ["code"]
"""


def policy_path(host: Host, service: str) -> Path:
    """Return the path of the drop-in for a service."""
    return host.places.policies / f"service-{service}.toml"


def write_policy(host: Host, service: str) -> None:
    """Write the drop-in and make the daemon read it.

    Raises:
        CliError: it could not be written, or the daemon did not take it; then it is gone again.
    """
    path = policy_path(host, service)
    temporary = path.with_suffix(".new")
    try:
        if not path.parent.exists():
            path.parent.mkdir()
            path.parent.chmod(0o755)
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(_TEXT.format(service=service))
            # The daemon is not root; the umask of whoever runs us must not shut it out.
            os.fchmod(new.fileno(), 0o644)
            new.flush()
            os.fsync(new.fileno())
        temporary.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise CliError(f"{error.filename}: {error.strerror}") from None
    if complaint := _complaint(host) or _reload(host):
        path.unlink(missing_ok=True)
        raise CliError(
            f"smsotpd did not take the policy of {service}: {complaint}",
            remedy="see: journalctl -u smsotpd",
        )


def remove_policy(host: Host, service: str) -> bool:
    """Remove the drop-in and make the daemon forget it; tell whether there was one.

    A daemon that does not run needs no reload and is no error. One that cannot reload, for a
    mistake elsewhere in its files, goes on asking for the code alone until that is mended.
    """
    path = policy_path(host, service)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_directory(path.parent)
    _reload(host)
    return True


def drop_leftover_policy(host: Host, service: str) -> None:
    """Remove the drop-in before a stack that relies on the PIN.

    Raises:
        RefusalError: the daemon would go on with the old policy, and ask for no PIN.
    """
    if not policy_path(host, service).exists():
        return
    if complaint := _complaint(host):
        raise RefusalError(
            f"smsotpd would not forget that {service} asks for no PIN: {complaint}",
            remedy="mend its configuration, then try again",
        )
    remove_policy(host, service)


def _complaint(host: Host) -> str:
    """Return what is wrong with the daemon's files: a reload would keep the old ones unsaid."""
    done = host.run("smsotpd", "--check")
    return "" if done.code == 0 else (done.errors.strip() or "its configuration is wrong")


def _reload(host: Host) -> str:
    if not host.has_systemd:
        return ""
    # A daemon that is not running reads its files when it starts.
    done = host.run("systemctl", "try-reload-or-restart", "smsotpd.service")
    return "" if done.code == 0 else (done.errors.strip() or "systemctl reload failed")
