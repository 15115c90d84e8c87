# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One booted Debian: a throw-away copy of a root tree, its processes and its journal."""

import itertools
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.testhost import leftovers
from tests.testhost.processes import end, init_of
from tests.testhost.terminal import Terminal
from tests.testhost.tree import CACHE, tree
from tests.testhost.waiting import wait_until

BOOT: Final = Path(__file__).with_name("boot.sh")
RUNS: Final = CACHE / "machines"
INOTIFY: Final = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH_INOTIFY: Final = 1024
BOOT_SECONDS: Final = 60.0
# A unit that failed is for a test to find; the machine is up all the same.
UP: Final = ("running", "degraded")
CLEAN: Final = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TERM": "xterm",
}

_numbers = itertools.count(1)


class MachineError(AssertionError):
    """The machine did not boot, or a command in it failed."""


class Machine:
    """A booted Debian without a network, as a context manager.

    It ends with its `with` block, or with the process that made it, whichever comes first.
    Enter it in the main thread: the kernel ties it to the thread that started it.
    """

    def __init__(self, suite: str, *, host: str = "") -> None:
        """Name the machine.

        Args:
            suite: `bookworm` or `trixie`.
            host: its host name; the suite's name if empty.
        """
        self.suite = suite
        self.host = host or suite
        self.name = f"smsotp-{os.getpid()}-{next(_numbers)}"
        self._run_directory = RUNS / self.name
        self._console = RUNS / f"{self.name}.console"
        self._container: subprocess.Popen[bytes] | None = None
        self._init = 0

    def __enter__(self) -> Self:
        leftovers.clear(RUNS)
        _allow_many_machines()
        root = tree(self.suite)
        self._run_directory.mkdir(parents=True)
        namespaces = ("--mount", "--propagation=private", "--pid", "--fork", "--mount-proc")
        with self._console.open("wb") as console:
            self._container = subprocess.Popen(
                [
                    # The kernel kills `unshare` with this process, and with it all that it holds.
                    *("setpriv", "--pdeathsig=KILL"),
                    *("unshare", *namespaces, "--kill-child=KILL"),
                    *("sh", str(BOOT), str(root), str(self._run_directory), self.name, self.host),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(self._is_up, BOOT_SECONDS, f"{self.suite} has booted")
        except BaseException as error:
            error.add_note(f"console:\n{self._console.read_text(errors='replace')[-2000:]}")
            with suppress(leftovers.LeftoverError):
                self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._console.unlink()

    @property
    def init(self) -> int:
        """Return the pid, on this host, of the machine's process 1."""
        return self._init

    def stop(self) -> None:
        """Cut the power: nothing of a throw-away machine is worth an orderly shutdown."""
        if self._container is not None:
            end(self._container)
            self._container = None
        leftovers.remove(self._run_directory)

    def restart(self) -> None:
        """Restart the machine in good order; its files stay, what it keeps in /run does not."""
        before = self._init
        self.run(["systemctl", "--no-block", "reboot"])
        wait_until(lambda: self._is_up(other_than=before), BOOT_SECONDS, "it has booted again")

    def run(
        self,
        argv: Sequence[str],
        *,
        input: str | bytes = b"",  # noqa: A002  # the name that subprocess.run gives it
        user: str = "root",
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and return its status and what it printed.

        Args:
            argv: the program, looked up in the machine, and its arguments.
            input: what it reads on its standard input.
            user: who it runs as, without a PAM session.
            timeout: seconds until it is killed.
            check: whether a status other than 0 is a failure.
            env: variables added to a minimal environment.

        Raises:
            MachineError: the status is not 0 (with `check`).
            subprocess.TimeoutExpired: it took too long.
        """
        done = self._execute(argv, input=input, user=user, timeout=timeout, env=env)
        finished = subprocess.CompletedProcess(
            list(argv), done.returncode, _text(done.stdout), _text(done.stderr)
        )
        if check and finished.returncode != 0:
            raise MachineError(
                f"{self.host}: {argv} exited with {finished.returncode}\n"
                f"{finished.stdout}{finished.stderr}"
            )
        return finished

    def spawn(
        self,
        argv: Sequence[str],
        *,
        user: str = "root",
        timeout: float = 20.0,
        env: Mapping[str, str] | None = None,
    ) -> pexpect.spawn:
        """Start a command on a terminal of the machine's own, for pexpect to talk to."""
        # setsid makes the terminal the controlling one, so that Ctrl-C reaches the program.
        return Terminal(
            self._entered(["setsid", "--ctty", *argv], user, env),
            pts=Path(f"/proc/{self._init}/root/dev/pts"),
            env=CLEAN,
            timeout=timeout,
        )

    def add_user(self, name: str, password: str, *, sudo: bool = True) -> None:
        """Create an account with a home, a shell and, if asked, the right to use sudo."""
        groups = ["--groups", "sudo"] if sudo else []
        self.run(["useradd", "--create-home", "--shell", "/bin/bash", *groups, name])
        self.run(["chpasswd"], input=f"{name}:{password}\n")

    def write_text(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of root's, and the directories it needs."""
        self.write_bytes(path, text.encode(), mode)

    def write_bytes(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Write a file of root's, and the directories it needs."""
        self.run(["install", "-D", f"--mode={mode:o}", "/dev/stdin", path], input=content)

    def copy_in(self, source: Path, destination: str, mode: int = 0o644) -> None:
        """Copy a file of this host into the machine."""
        self.write_bytes(destination, source.read_bytes(), mode)

    def read_text(self, path: str) -> str:
        """Return what a file of the machine says."""
        return self.run(["cat", path]).stdout

    def read_bytes(self, path: str) -> bytes:
        """Return a file of the machine as it is: a screenshot, say."""
        done = self._execute(["cat", path], input=b"", user="root", timeout=60.0, env=None)
        if done.returncode != 0:
            raise MachineError(f"{self.host}: {_text(done.stderr)}")
        return done.stdout

    def octets_of(self, path: str) -> str:
        """Return a file that was listed, one octet a letter; nothing if it has gone since then."""
        try:
            return self.read_bytes(path).decode("latin-1")
        except MachineError:
            if self.run(["test", "-e", path], check=False).returncode == 0:
                raise
            return ""

    def journal_mark(self) -> str:
        """Return the journal's present end, to read on from later."""
        shown = self.run(["journalctl", "--lines=0", "--show-cursor", "--quiet"]).stdout
        return shown.partition("cursor: ")[2].strip()

    def journal(self, *, after: str = "", **fields: str) -> list[dict[str, object]]:
        """Return the journal's entries, oldest first.

        Args:
            after: a mark; entries up to it are left out.
            fields: values that an entry must have, such as `SMSOTP_USER="alice"`.
        """
        self.run(["journalctl", "--sync"])
        from_mark = [f"--after-cursor={after}"] if after else []
        # The fields are compared here: given them, journalctl 252 leaves out the first entry
        # after a cursor whose own entry does not have them.
        read = self.run(["journalctl", "--quiet", "--output=json", "--all", *from_mark])
        entries = [json.loads(line) for line in read.stdout.splitlines()]
        return [entry for entry in entries if fields.items() <= entry.items()]

    def _execute(
        self,
        argv: Sequence[str],
        *,
        input: str | bytes,  # noqa: A002  # the name that subprocess.run gives it
        user: str,
        timeout: float,
        env: Mapping[str, str] | None,
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self._entered(argv, user, env),
            input=input.encode() if isinstance(input, str) else input,
            capture_output=True,
            timeout=timeout,
            env=CLEAN,
            check=False,
        )

    def _entered(self, argv: Sequence[str], user: str, env: Mapping[str, str] | None) -> list[str]:
        """Return the command line that runs a command inside."""
        become = [f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env"]
        return [
            *("nsenter", f"--target={self._init}"),
            *("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--"),
            *(["setpriv", *become] if user != "root" else []),
            *(["env", *(f"{name}={value}" for name, value in env.items())] if env else []),
            *argv,
        ]

    def _is_up(self, other_than: int = 0) -> bool:
        """Find the container's systemd and ask it."""
        container = self._container
        if container is None or container.poll() is not None:
            raise MachineError(f"{self.suite}: the container ended while it booted")
        found = init_of(container.pid)
        if found in {0, other_than}:
            return False
        self._init = found
        asked = self.run(["systemctl", "is-system-running"], check=False)
        return asked.stdout.strip() in UP


def _text(output: bytes) -> str:
    return output.decode(errors="replace")


def _allow_many_machines() -> None:
    """Raise the kernel's number of inotify instances for each user, if it may be raised.

    Each machine's systemd takes seven of the 128 that Linux allows all processes of root together.
    Of those that stay up for many tests, three test processes have more than eighteen.
    """
    if int(INOTIFY.read_text()) < ENOUGH_INOTIFY:
        # Where it is not ours to change, the machine that gets none says so while it boots.
        with suppress(OSError):
            INOTIFY.write_text(str(ENOUGH_INOTIFY))
