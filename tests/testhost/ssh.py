# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A login by ssh inside a machine, answered prompt by prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.testhost.machine import Machine

# What a login that was let in does: say who it is, in words that no prompt has.
WHO: Final = 'echo "let in as $(id -un)"'
# How a prompt ends that only says why the login is over: sshd shows texts with prompts alone.
LAST_WORDS: Final = r"\(Enter\) "
OPTIONS: Final = (
    "PreferredAuthentications=keyboard-interactive",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
)


@dataclass(frozen=True, slots=True)
class SshResult:
    """How an ssh client ended.

    `status` is its exit status (255: never let in; negative: killed by that signal), `text` all
    that stood on its terminal since the last prompt.
    """

    user: str
    status: int
    text: str

    @property
    def granted(self) -> bool:
        """Whether the user was let in, under its own name."""
        return self.status == 0 and f"let in as {self.user}" in self.text


def configure_sshd(machine: Machine, settings: Mapping[str, str]) -> None:
    """Give the machine's sshd some settings, taking back those of an earlier call.

    Debian's sshd asks for no more than one hidden password by itself: a PAM conversation needs
    `KbdInteractiveAuthentication yes`.
    """
    lines = [f"{name} {value}\n" for name, value in settings.items()]
    machine.write_text("/etc/ssh/sshd_config.d/00-test.conf", "".join(lines))
    # Tests follow each other faster than systemd lets a unit be restarted.
    machine.run(["systemctl", "reset-failed", "ssh"])
    # Unlike a reload, this returns when the server listens again.
    machine.run(["systemctl", "restart", "ssh"])


class SshLogin:
    """An ssh client on a terminal, as a context manager that hangs up at its end.

    with SshLogin(machine, "alice") as login:
        login.expect_prompt("PIN: ")
        login.answer("4711")
        assert login.result().granted
    """

    def __init__(
        self,
        machine: Machine,
        user: str,
        *,
        options: Sequence[str] = (),
        command: str = WHO,
        timeout: float = 20.0,
    ) -> None:
        """Connect.

        Args:
            machine: where both the client (as root) and the server run.
            user: the account to log in to.
            options: `Name=value` of ssh_config(5); they win over the usual ones.
            command: what to run once let in.
            timeout: seconds to wait for anything, unless told otherwise.
        """
        self.user = user
        chosen = [f"-o{option}" for option in (*options, *OPTIONS)]
        self.terminal = machine.spawn(
            ["ssh", *chosen, f"{user}@localhost", command], timeout=timeout
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.terminal.close()

    def expect_prompt(self, text: str, *, seconds: float = -1.0) -> str:
        """Wait for a text and return what stood before it.

        Raises:
            AssertionError: it did not come; the message shows what came instead.
        """
        try:
            self.terminal.expect_exact(text, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            shown = self.terminal.before
            raise AssertionError(f"ssh did not show {text!r} but {shown!r}") from None
        return str(self.terminal.before)

    def answer(self, text: str) -> None:
        """Type a line."""
        self.terminal.sendline(text)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.terminal.sendintr()

    def result(self, *, seconds: float = -1.0) -> SshResult:
        """Wait until the client ends and return how; a last word is read and left by Enter."""
        text = ""
        try:
            while self.terminal.expect([pexpect.EOF, LAST_WORDS], timeout=seconds):
                text += f"{self.terminal.before}{self.terminal.after}"
                self.answer("")
        except pexpect.TIMEOUT:
            shown = self.terminal.before
            raise AssertionError(f"ssh did not end but shows {shown!r}") from None
        text += str(self.terminal.before)
        self.terminal.close()
        status = self.terminal.exitstatus
        return SshResult(self.user, -self.terminal.signalstatus if status is None else status, text)
