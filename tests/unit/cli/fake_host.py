# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A machine in a temporary directory, with scripted programs."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from smsotpd.cli.host import Finished, Host, Places
from smsotpd.cli.pam.block import State, state
from tests.unit.cli.pam_vectors import ROOT

SUDO_V = "Value to override user's $PATH with: /usr/sbin:/usr/bin:/sbin:/bin\n"
SHIPPED = Path(__file__).parents[3] / "packaging"
# As polkit 122 and 126 print it.
PKACTION = """\
{}:
  description:       See the state of the one-time code daemon
  message:           Authentication is required
  vendor:            pam-smsotp
  vendor_url:        \n\
  icon:              \n\
  implicit any:      auth_admin_keep
  implicit inactive: auth_admin_keep
  implicit active:   auth_admin_keep
  annotation:        org.freedesktop.policykit.owner -> unix-user:smsotp

"""
SSHD_T = "usepam yes\nkbdinteractiveauthentication yes\npasswordauthentication no\n"


@dataclass(frozen=True)
class FakeHost(Host):
    """Answer for programs from a table, and remember what was run."""

    answers: dict[str, Finished] = field(default_factory=dict)
    ran: list[tuple[str, ...]] = field(default_factory=list)
    accounts: frozenset[str] = frozenset({"anna", "bob"})
    root: bool = True
    systemd: bool = True

    def run(self, *command: str) -> Finished:
        self.ran.append(command)
        for length in range(len(command), 0, -1):
            key = " ".join(command[:length])
            if key in self.answers:
                return self.answers[key]
        return Finished(0, "")

    def has_account(self, user: str) -> bool:
        return user in self.accounts

    @property
    def is_root(self) -> bool:
        return self.root

    @property
    def has_systemd(self) -> bool:
        return self.systemd

    def ran_program(self, *start: str) -> bool:
        return any(command[: len(start)] == start for command in self.ran)


def fake_host(directory: Path, release: str = "debian12") -> FakeHost:
    """Lay out a machine on which every service may be enabled."""
    pam = directory / "pam.d"
    pam.mkdir()
    for path in (ROOT / release).iterdir():
        (pam / path.name).write_bytes(path.read_bytes())
        (pam / path.name).chmod(0o644)
    entry = directory / "smsotp" / "pam_smsotp.py"
    entry.parent.mkdir()
    entry.write_text("")
    entry.chmod(0o644)
    modules = directory / "lib" / "security"
    modules.mkdir(parents=True)
    named = re.findall(r"pam_\w+\.so", "".join(path.read_text() for path in pam.iterdir()))
    for name in {"pam_python.so", *named}:
        (modules / name).write_bytes(b"")
    (directory / "etc").mkdir()
    places = Places(
        pam=pam,
        vendor_pam=directory / "vendor",
        backups=directory / "backups",
        policies=directory / "etc" / "smsotpd.d",
        entry=entry,
        libraries=(directory / "lib",),
        systemd=directory / "systemd",
        root=directory,
    )
    answers = {
        "sudo -V": Finished(0, SUDO_V),
        "cvtsudoers": Finished(0, "{}"),
        "sshd -T": Finished(0, SSHD_T),
        # No roll-back waits unless a test says so.
        "systemctl is-active": Finished(3, ""),
    }
    return FakeHost(places, answers)


def install_native(host: FakeHost) -> Path:
    """Install the native terminal, and return its library."""
    library = host.places.libraries[0] / "x86_64-linux-gnu" / "security" / "pam_smsotp.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"")
    library.chmod(0o644)
    return library


def add_polkit(host: FakeHost) -> None:
    """Install a polkit that knows the shipped actions, and answers the daemon."""
    file = host.places.root / "usr/share/polkit-1/actions/org.smsotp1.policy"
    file.parent.mkdir(parents=True)
    file.write_bytes((SHIPPED / file.relative_to(host.places.root)).read_bytes())
    actions = re.findall(r'<action id="(.*)">', file.read_text())
    host.answers["pkaction"] = Finished(0, "".join(map(PKACTION.format, actions)))
    object.__setattr__(host, "accounts", host.accounts | {"smsotp"})


def text_of(host: FakeHost, service: str) -> str:
    return (host.places.pam / service).read_text()


def state_of(host: FakeHost, service: str) -> State:
    return state(text_of(host, service))
