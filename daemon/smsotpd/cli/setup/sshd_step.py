# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Work out the settings that sshd lacks, and write them as a drop-in of ours."""

from collections.abc import Mapping
from enum import StrEnum

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.host import Host
from smsotpd.cli.pam.files import write_file
from smsotpd.cli.pam.sshd import DROP_IN, MAKE_DIRECTORY, NO_DIRECTORY, sshd_settings
from smsotpd.cli.setup.undoing import drop_in_path, reload_sshd

_HEAD = (
    "# Written by “smsotpctl setup”; sshd takes the first value that it reads of each setting.\n"
)
_MISSING = 127
_INCLUDE = "include /etc/ssh/sshd_config.d/*.conf"


class Keys(StrEnum):
    """What an SSH key shall be worth."""

    KEEP = "keep"
    CODE = "code"
    ALONE = "alone"


_METHODS = {
    Keys.CODE: "publickey,keyboard-interactive:pam keyboard-interactive:pam",
    Keys.ALONE: "publickey keyboard-interactive:pam",
}


def read_settings(host: Host) -> dict[str, str]:
    """Return sshd's effective settings.

    Raises:
        CliError: sshd cannot read its configuration.
    """
    done = host.run("sshd", "-T")
    if done.code == _MISSING:
        raise CliError(
            "sshd is not installed, so it cannot be set up",
            remedy="apt-get install openssh-server; or name another program: --service login",
        )
    if NO_DIRECTORY in done.errors:
        raise CliError(
            "sshd has not run since the machine was started, and does not tell its settings before",
            remedy=f"{MAKE_DIRECTORY}; then: smsotpctl setup",
        )
    if done.code:
        complaint = (done.errors.strip().splitlines() or ["no reason given"])[-1]
        raise CliError(f"sshd's configuration cannot be read: {complaint}", remedy="see: sshd -t")
    return sshd_settings(done.output)


def lines_wanted(settings: Mapping[str, str], keys: Keys) -> list[str]:
    """Return the lines that make sshd show our prompts; none if it does already."""
    wanted = {
        "UsePAM": "yes",
        "KbdInteractiveAuthentication": "yes",
        "PasswordAuthentication": "no",
    }
    lines = [
        f"{key} {value}" for key, value in wanted.items() if settings.get(key.lower()) != value
    ]
    methods = settings.get("authenticationmethods", "any")
    if keys is not Keys.KEEP and methods != _METHODS[keys]:
        lines.append(f"AuthenticationMethods {_METHODS[keys]}")
    elif methods != "any" and "keyboard-interactive" not in methods:
        raise RefusalError(
            f"sshd's AuthenticationMethods “{methods}” leave no room for a code",
            remedy="add --keys code, or --keys alone",
        )
    grace = settings.get("logingracetime", "120")
    if grace.isdecimal() and 0 < int(grace) < 60:  # noqa: PLR2004  # as the doctor has it
        lines.append("LoginGraceTime 120")
    return lines


def locks_root_out(settings: Mapping[str, str], keys: Keys) -> bool:
    """Tell whether root, who may come by key only, could not come at all any more."""
    by_key_only = settings.get("permitrootlogin") in {"prohibit-password", "without-password"}
    return keys is Keys.CODE and by_key_only


def write_drop_in(host: Host, lines: list[str], keys: Keys) -> None:
    """Write the lines in front of our drop-in and have sshd take them.

    Raises:
        CliError: sshd does not take them, or another file comes first and says otherwise.
    """
    path = drop_in_path(host)
    if not path.parent.is_dir():
        raise CliError(
            f"{path.parent} does not exist, so sshd's settings must be changed by hand",
            remedy="put into sshd_config: " + "; ".join(lines),
        )
    names = {line.split()[0].lower() for line in lines}
    before = path.read_text("utf-8", "surrogateescape").splitlines() if path.is_file() else []
    kept = [line for line in before if (line.split() or [""])[0].lower() not in names]
    head = "" if _HEAD.strip() in before else _HEAD
    text = head + "".join(f"{line}\n" for line in (*lines, *kept))
    write_file(path, text.encode("utf-8", "surrogateescape"), 0o644)
    reload_sshd(host)
    if missing := lines_wanted(read_settings(host), keys):
        raise CliError(
            f"sshd goes on without “{'” and “'.join(missing)}”: another file comes first",
            remedy=f"see whether sshd_config says “{_INCLUDE}” at its top, and which file in "
            f"sshd_config.d stands before {DROP_IN}",
        )
