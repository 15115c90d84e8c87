# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A command run by sudo on a terminal of its own, answered prompt by prompt."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.system.accounts import PIN, Account
from tests.testhost.waiting import wait_until

COMMAND: Final = ("sudo", "id")
ROOT: Final = "uid=0(root)"
# A second where nothing else runs, and far from the 40 s that a wait would take. In seconds.
SOON: Final = 5


@dataclass(frozen=True, slots=True)
class SudoResult:
    """How sudo ended: exit status, all it showed, and the seconds since the last key."""

    status: int
    text: str
    seconds: float

    @property
    def granted(self) -> bool:
        """Whether the command ran as root."""
        return self.status == 0 and ROOT in self.text


class SudoLogin:
    """A sudo on a terminal, as a context manager that hangs up at its end."""

    def __init__(
        self,
        account: Account,
        command: Sequence[str] = COMMAND,
        *,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start a command as the account's user."""
        self.account = account
        self._shown = ""
        self._last_key = time.monotonic()
        self._terminal = account.machine.spawn(command, user=account.name, env=env)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._terminal.close()

    def expect(self, *texts: str) -> str:
        """Wait for one of some texts and return it.

        Raises:
            AssertionError: it did not come; the message shows what came instead.
        """
        try:
            found: str = texts[self._terminal.expect_exact(list(texts))]
        except (pexpect.TIMEOUT, pexpect.EOF):
            before = self._terminal.before
            raise AssertionError(f"sudo did not show {texts!r} but {before!r}") from None
        self._shown += self._terminal.before + found
        return found

    def answer(self, text: str) -> None:
        """Type a line."""
        self._last_key = time.monotonic()
        self._terminal.sendline(text)

    def interrupt(self) -> None:
        """Press Ctrl-C while sudo waits for something.

        A signal between the moments when sudo shows its prompt and when it reads gets lost in
        sudo, which then reads on; nobody's fingers are that fast.
        """
        wait_until(self._is_waiting, 5, "sudo waits")
        self._last_key = time.monotonic()
        self._terminal.sendintr()

    def pass_pin(self) -> None:
        """Give the right PIN and wait for the question for a new code."""
        self.expect("PIN: ")
        self.answer(PIN)
        self.expect(f"Code sent to {self.account.masked}: ")

    def pass_both(self) -> None:
        """Give the right PIN and the right code."""
        self.pass_pin()
        self.answer(self.account.code())

    def result(self) -> SudoResult:
        """Wait until all is over and return how."""
        try:
            self._terminal.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            shown = self._terminal.before
            raise AssertionError(f"sudo did not end but shows {shown!r}") from None
        seconds = time.monotonic() - self._last_key
        text = self._shown + str(self._terminal.before)
        self._terminal.close()
        status = self._terminal.exitstatus
        return SudoResult(-self._terminal.signalstatus if status is None else status, text, seconds)

    def _is_waiting(self) -> bool:
        states = self.account.machine.run(["ps", "-C", "sudo", "-o", "stat="], check=False)
        return all(state.startswith("S") for state in states.stdout.split())
