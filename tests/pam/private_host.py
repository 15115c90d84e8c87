# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A corner of this machine with its own PAM services, users, system bus and log.

A private mount namespace: the machine's own files are covered there and unchanged outside. Needs
root, libpam-python, dbus-daemon, a C compiler and the headers of libpam and libsystemd.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.pam.built import (
    DRIVER,
    NATIVE,
    RACE_CHECKED,
    RACE_CHECKED_THREAD_DRIVER,
    SANITIZED,
    SANITIZED_DRIVER,
    SANITIZED_THREAD_DRIVER,
    THREAD_DRIVER,
    built,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[2]
SCRIPTED_DAEMON = ROOT / "tests" / "fakes" / "scripted_daemon.py"
# Debian's `daemon` account; the private passwd file calls it smsotp.
DAEMON_UID = 1
IMPOSTOR_UID = 65534
ALICE_UID = 4711

# The terminals that one suite judges: for pam_python; in C; in C, compiled so that a wrong access
# to memory, undefined behaviour or a leak ends the application.
PYTHON: Final = "python"
TERMINALS: Final = (PYTHON, NATIVE, SANITIZED)
# Those that a program which is not compiled so, too, can load.
IN_ANY_PROGRAM: Final = (PYTHON, NATIVE)

BUS_CONFIGURATION = """<busconfig>
  <type>system</type>
  <listen>unix:path={directory}/bus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{directory}/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

# Covers what the PAM applications of the tests read; $1 is the directory of the private host.
MOUNTS = """set -e
d=$1
mount --bind "$d/pam.d" /etc/pam.d
mount --bind /usr/lib/python3/dist-packages "$d/system-packages"
mount --bind "$d/dist-packages" /usr/lib/python3/dist-packages
for local in /usr/local/lib/python3.*/dist-packages; do
  test ! -d "$local" || mount -t tmpfs none "$local"
done
mkdir -p /run/dbus
mount --bind "$d/bus" /run/dbus
for file in passwd shadow group sudoers; do mount --bind "$d/$file" "/etc/$file"; done
mkdir "$d/dev" && mount -t tmpfs none "$d/dev" && mkdir "$d/dev/pts"
for node in null zero full random urandom tty; do
  : >"$d/dev/$node"; mount --bind "/dev/$node" "$d/dev/$node"
done
mount --bind /dev/pts "$d/dev/pts" && ln -s pts/ptmx "$d/dev/ptmx"
ln -s "$d/log" "$d/dev/log"
mount --move "$d/dev" /dev
echo ready
exec sleep infinity
"""


def missing_requirement() -> str | None:
    """Say what this machine lacks for a private host, or None."""
    if os.geteuid() != 0:
        return "needs root (mount namespace)"
    for program in ("unshare", "nsenter", "dbus-daemon", "cc", "pamtester", "sudo"):
        if shutil.which(program) is None:
            return f"needs {program}"
    if not any(Path("/").glob("lib/**/security/pam_python.so")):
        return "needs libpam-python"
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        return "may not unshare the mount namespace"
    for header in ("security/pam_modules.h", "systemd/sd-bus.h"):
        if not Path("/usr/include", header).exists():
            return f"needs {header}"
    return None


def wait_until(happened: Callable[[], bool], seconds: float = 10) -> None:
    """Poll until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.01)


class ScriptedDaemon:
    """A running scripted daemon."""

    def __init__(self, process: subprocess.Popen[str], calls: Path) -> None:
        self.process = process
        self._calls = calls

    def calls(self) -> list[tuple[str, list[object]]]:
        """Return (member, body) of every call so far."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [(member, body) for member, body in map(json.loads, lines)]

    def members(self) -> list[str]:
        """Return the member of every call so far."""
        return [member for member, _ in self.calls()]


class PrivateHost:
    """The private corner; leave its `with` block to remove it."""

    # Plain, and compiled with the sanitizers of the terminal that they load.
    _drivers = (DRIVER, SANITIZED_DRIVER)
    _thread_drivers: Final = {
        NATIVE: THREAD_DRIVER,
        SANITIZED: SANITIZED_THREAD_DRIVER,
        RACE_CHECKED: RACE_CHECKED_THREAD_DRIVER,
    }

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="private-host-"))
        self.directory.chmod(0o755)
        # Which one the services that are written from now on load.
        self.terminal = PYTHON
        self._processes: list[subprocess.Popen[str]] = []
        self._log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._namespace = 0
        self._bus: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._prepare_files()
            self._log.bind(str(self.directory / "log"))
            self._log.settimeout(0)
            mounting = self._start(
                "unshare", "--mount", "--propagation", "private",
                "sh", "-c", MOUNTS, "sh", str(self.directory),
            )  # fmt: skip
            self._wait_for_line(mounting, "ready")
            self._namespace = mounting.pid
            self.start_bus()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            stop(process)
        self._log.close()
        shutil.rmtree(self.directory)

    def _prepare_files(self) -> None:
        directory = self.directory
        for name in ("pam.d", "bus", "services", "dist-packages", "modules", "system-packages"):
            (directory / name).mkdir()
        for name in ("passwd", "shadow", "group"):
            shutil.copy(f"/etc/{name}", directory / name)
        with (directory / "passwd").open("a") as passwd:
            passwd.write(f"smsotp:x:{DAEMON_UID}:{DAEMON_UID}::/:/usr/sbin/nologin\n")
            passwd.write(f"alice:x:{ALICE_UID}:{ALICE_UID}::/:/bin/sh\n")
        with (directory / "shadow").open("a") as shadow:
            shadow.write("alice:*:19000:0:99999:7:::\n")
        (directory / "sudoers").write_text(
            "Defaults secure_path=/usr/bin:/bin\nDefaults !lecture\nalice ALL=(ALL) ALL\n"
        )
        (directory / "sudoers").chmod(0o440)
        package = directory / "dist-packages" / "pam_smsotp"
        package.mkdir()
        for source in (ROOT / "pam_smsotp").glob("*.py"):
            shutil.copy(source, package)
        # As the package manager does at installation, with the interpreter pam_python embeds.
        subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", package], check=True)
        shutil.copy(ROOT / "packaging/usr/lib/pam-smsotp/pam_smsotp.py", directory / "modules")
        for name in (*self._drivers, *self._thread_drivers, *self._thread_drivers.values()):
            shutil.copy(built(name), directory / "modules" / name)
        self.write_service("other", "auth required pam_deny.so")

    def add_package(self, name: str) -> None:
        """Show one more of the system's Python packages to PAM modules."""
        source = Path("/usr/lib/python3/dist-packages", name)
        shutil.copytree(source, self.directory / "dist-packages" / name)

    def write_service(self, name: str, *lines: str) -> None:
        """Write a PAM service file."""
        (self.directory / "pam.d" / name).write_text("\n".join(lines) + "\n")

    def write_module(self, name: str, text: str) -> Path:
        """Write a pam_python module file and return its path."""
        path = self.directory / "modules" / name
        path.write_text(text)
        return path

    def terminal_line(
        self, arguments: str = "", phase: str = "auth", control: str = "required"
    ) -> str:
        """Return the PAM line of our terminal."""
        modules = self.directory / "modules"
        if self.terminal == PYTHON:
            return f"{phase} {control} pam_python.so {modules}/pam_smsotp.py {arguments}"
        return f"{phase} {control} {modules}/{self.terminal} {arguments}"

    @property
    def driver(self) -> Path:
        """Return the scripted PAM application that can load the terminal."""
        return self.directory / "modules" / self._drivers[self.terminal == SANITIZED]

    @property
    def thread_driver(self) -> Path:
        """Return the PAM application with threads that can load the terminal."""
        return self.directory / "modules" / self._thread_drivers[self.terminal]

    def use_terminal(self, arguments: str = "") -> str:
        """Make a PAM service that stacks our terminal in every phase, and return its name."""
        self.write_service(
            "smsotp-test",
            *(self.terminal_line(arguments, phase) for phase in ("auth", "account", "password")),
            self.terminal_line(arguments, "session"),
            # The phases that our terminal ignores need one module that speaks.
            "account required pam_permit.so",
            "session required pam_permit.so",
        )
        return "smsotp-test"

    def inside(self, *command: str | Path) -> list[str]:
        """Return the command line that runs a command in the private host."""
        return ["nsenter", "--mount", f"--target={self._namespace}", "--", *map(str, command)]

    def run(
        self, *command: str | Path, seconds: float = 30, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the private host to its end."""
        plain = {"PATH": "/usr/bin:/bin:/usr/sbin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            self.inside(*command),
            check=False, text=True, capture_output=True, timeout=seconds, errors="replace",
            stdin=subprocess.DEVNULL, env=plain | environment,
        )  # fmt: skip

    def drive(self, *words: str, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Run the scripted PAM application."""
        done = self.run(self.driver, *words, seconds=seconds)
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    def start_bus(self) -> None:
        """Start the private system bus."""
        configuration = self.directory / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(directory=self.directory))
        self._bus = self._start(
            *self.inside("dbus-daemon", "--nofork", "--print-address", "--nosyslog",
                         f"--config-file={configuration}")
        )  # fmt: skip
        self._wait_for_line(self._bus, "unix:")

    def _ask_bus(self, member: str, *arguments: str) -> str:
        address = f"--bus=unix:path={self.bus_socket}"
        driver = ("--dest=org.freedesktop.DBus", "/org/freedesktop/DBus")
        done = subprocess.run(
            ["dbus-send", address, "--print-reply=literal", *driver,
             f"org.freedesktop.DBus.{member}", *arguments],
            check=True, text=True, capture_output=True,
        )  # fmt: skip
        return done.stdout

    def reload_bus(self) -> None:
        """Let the bus read its service files again."""
        self._ask_bus("ReloadConfig")

    def stop_owner(self) -> None:
        """End the daemon that the bus itself has started."""
        if "true" in self._ask_bus("NameHasOwner", "string:org.smsotp1"):
            reply = self._ask_bus("GetConnectionUnixProcessID", "string:org.smsotp1")
            os.kill(int(reply.split()[-1]), signal.SIGKILL)

    def stop_bus(self) -> None:
        """End the private system bus, as a crash would."""
        if self._bus is not None:
            stop(self._bus)

    @property
    def bus_socket(self) -> Path:
        """Return where the private bus listens, as seen from outside."""
        return self.directory / "bus" / "system_bus_socket"

    def daemon_command(self, script: object, calls: Path) -> list[str]:
        """Return the command line of a scripted daemon."""
        address = f"unix:path={self.bus_socket}"
        return [sys.executable, str(SCRIPTED_DAEMON), address, json.dumps(script), str(calls)]

    @contextmanager
    def daemon(self, script: object, *, uid: int = DAEMON_UID) -> Iterator[ScriptedDaemon]:
        """Run a scripted daemon that owns the name."""
        calls = Path(tempfile.mkstemp(dir=self.directory, suffix=".calls")[1])
        os.chown(calls, uid, uid)
        process = subprocess.Popen(
            self.daemon_command(script, calls),
            stdout=subprocess.PIPE, text=True, user=uid, group=uid, extra_groups=[],
        )  # fmt: skip
        try:
            self._wait_for_line(process, "ready")
            yield ScriptedDaemon(process, calls)
        finally:
            stop(process)
            calls.unlink()

    def log_lines(self) -> list[str]:
        """Return what was logged since the last look."""
        lines = []
        while True:
            try:
                lines.append(self._log.recv(65536).decode())
            except BlockingIOError:
                return lines

    def _start(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        return process

    @staticmethod
    def _wait_for_line(process: subprocess.Popen[str], beginning: str) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith(beginning):
            raise RuntimeError(f"{process.args!r} said {line!r}")


def stop(process: subprocess.Popen[str]) -> None:
    """End a process of ours and collect it."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def facts(output: str, kinds: Sequence[str] = ("info", "error", "hidden", "visible")) -> list[str]:
    """Return the lines of the driver's output that are of these kinds."""
    return [line for line in output.splitlines() if line.split(" ", 1)[0] in kinds]
