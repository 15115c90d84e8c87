# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The root tree of a Debian suite, built once by mmdebstrap and then only read.

The archive is the one this machine installs its own packages from, with the suite's name put in
the place of its own; signatures are checked with this machine's debian-archive-keyring.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / "build" / "testhost"
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DAY_SECONDS: Final = 24 * 60 * 60
POCKETS: Final = ("", "-updates", "-security")

SYSTEM: Final = ("systemd", "systemd-sysv", "dbus", "polkitd", "libpam-systemd", "passwd")
LOGINS: Final = ("openssh-server", "openssh-client", "sudo", "libpam-python", "pamtester")
LOOKING: Final = ("iproute2", "procps")
# What our package depends on, so that it installs where there is no network.
RUNTIME: Final = (
    "python3-argon2",
    "python3-click",
    "python3-dbus-next",
    "python3-jeepney",
    "python3-phonenumbers",
    "python3-pyotp",
    "python3-requests",
    "python3-rich",
    "python3-serial",
    "python3-systemd",
)
GREETER: Final = ("lightdm", "lightdm-gtk-greeter", "adwaita-icon-theme", "openbox", "dbus-x11")
SCREEN: Final = ("xvfb", "xdotool", "maim")
LOCKERS: Final = ("i3lock", "xsecurelock")
# Recommended by our package, and other programs that ask through PAM.
CLIENTS: Final = ("python3-pamela", "python3-pampy", "python3-segno", "vsftpd")
MODEMS: Final = ("modemmanager", "udev")

PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "bookworm": SYSTEM + LOGINS + LOOKING + RUNTIME + CLIENTS + MODEMS + GREETER + SCREEN + LOCKERS,
    "trixie": SYSTEM + LOGINS + LOOKING + RUNTIME + CLIENTS,
}

# Servers that a test starts itself; unlike a masked one, each still can be.
NOT_AT_BOOT: Final = ("ModemManager.service", "vsftpd.service")

# Nothing that starts by itself later and takes processor time away from a measured login.
MASKED: Final = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "ldconfig.service",
    "systemd-tmpfiles-clean.timer",
)


# Read once: a run goes on with the trees it began with, while somebody edits this file.
RECIPE: Final = Path(__file__).read_text()


class TreeError(Exception):
    """The tree cannot be built on this machine."""


def tree(suite: str) -> Path:
    """Return the root tree of a suite, building it if no earlier run left it."""
    finished = CACHE / f"{suite}-{_key(suite)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / f"{suite}.lock"):
        if not finished.exists():
            unfinished = finished.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            _build(suite, unfinished)
            _settle(unfinished, suite)
            unfinished.rename(finished)
        os.utime(finished)
        _forget(suite)
    return finished


def archive_sources(suite: str) -> list[str]:
    """Translate this machine's own Debian sources to a suite, as one-line apt sources.

    Raises:
        TreeError: no Debian archive is configured, or its lists were never fetched.
    """
    own = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    wanted = {own + pocket: suite + pocket for pocket in POCKETS}
    fields = "$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)"
    listed = _output("apt-get", "indextargets", "--format", fields, "Created-By: Packages")
    sources = {
        f"deb [signed-by={KEYRING}] {uri} {wanted[codename]} main"
        for origin, component, codename, uri in map(str.split, listed.splitlines())
        if (origin, component) == ("Debian", "main") and codename in wanted
    }
    if not any(f" {suite} " in source for source in sources):
        raise TreeError(
            f"apt knows no Debian archive for {own or 'this system'}: "
            "run 'apt-get update' on a Debian machine"
        )
    return sorted(sources)


def _build(suite: str, root: Path) -> None:
    """Run mmdebstrap; it keeps services from starting by a policy-rc.d of its own."""
    sources = "\n".join(archive_sources(suite))
    command = [
        # What it mounts in the tree ends with these namespaces, however it ends itself: nothing
        # of this host is in the tree when an unfinished one is removed.
        *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--mount-proc"),
        "--kill-child=KILL",
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        f"--include={','.join(PACKAGES[suite])}",
        "--dpkgopt=force-unsafe-io",
        *(f"--aptopt={setting}" for setting in _transport_settings()),
        suite,
        str(root),
        "-",
    ]
    built = subprocess.run(command, input=sources, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise TreeError(f"mmdebstrap could not build {suite}:\n{built.stderr[-4000:]}")


def _settle(root: Path, suite: str) -> None:
    """Make every boot of the tree short and every boot the same."""
    units = root / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    for unit in NOT_AT_BOOT:
        for wanted in units.glob(f"*.wants/{unit}"):
            wanted.unlink()
    # A desktop test starts its greeter itself; everything else boots without one.
    (units / "default.target").unlink(missing_ok=True)
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    # An existing machine id means that this is no first boot: no presets, no setup questions.
    identity = hashlib.sha256(suite.encode()).hexdigest()[:32]
    (root / "etc/machine-id").write_text(f"{identity}\n")
    # Caches that a boot rebuilds when /usr is newer than these.
    for mark in ("etc/.updated", "var/.updated"):
        (root / mark).touch()
    # An empty list of name servers fails at once; this machine's own would be waited for.
    (root / "etc/resolv.conf").write_text("")
    if suite != "bookworm":
        # OpenSSH 9.8 and later shut out an address after a few failures, and in the tests
        # every login comes from the same one.
        drop_in = root / "etc/ssh/sshd_config.d/no-penalties.conf"
        drop_in.write_text("PerSourcePenalties no\n")


def _forget(suite: str) -> None:
    """Remove the trees of older recipes that no run has used for a day."""
    for path in CACHE.glob(f"{suite}-*/"):
        if time.time() - path.stat().st_mtime > DAY_SECONDS:  # noqa: TID251  # as files keep it
            shutil.rmtree(path)


def _key(suite: str) -> str:
    return hashlib.sha256(f"{suite}\n{RECIPE}".encode()).hexdigest()[:12]


def _transport_settings() -> list[str]:
    """Return how this machine's apt reaches its archive: proxies and certificates."""
    dump = _output("apt-config", "dump", "--no-empty")
    return [line for line in dump.splitlines() if line.startswith("Acquire::http")]


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, so that two runs do not build the same tree at once."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
