# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual screen of a user's own that a screen locker, running as that user, has locked."""

import itertools
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from tests.system.accounts import Account
from tests.testhost.waiting import wait_until

PICTURE: Final = "/run/locked-screen.png"

_displays = itertools.count(10)


class LockedScreen:
    """A locker on a screen, as a context manager that ends both."""

    def __init__(
        self, account: Account, locker: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> None:
        """Say whose screen it is.

        Args:
            account: who locks the screen.
            locker: the program, which must stay in the foreground.
            env: variables of the locker's.
        """
        self._account = account
        self._machine = account.machine
        self._locker = locker
        self._env = {**(env or {}), "HOME": f"/home/{account.name}"}
        self._display = f":{next(_displays)}"

    @property
    def unit(self) -> str:
        """Return the unit that the locker runs as."""
        return f"locker-{self._account.name}.service"

    def __enter__(self) -> Self:
        server = ["Xvfb", self._display, "-screen", "0", "800x600x24", "-nolisten", "tcp"]
        self._start(f"screen-{self._account.name}", [*server, "-noreset"])
        wait_until(self.picture, 10, "there is a screen")
        self._start(self.unit, self._locker)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        units = [self.unit, f"screen-{self._account.name}.service"]
        self._machine.run(["systemctl", "stop", *units], check=False)
        self._machine.run(["systemctl", "reset-failed", *units], check=False)

    def type(self, text: str) -> None:
        """Type a text and press Enter."""
        self._on_screen(["xdotool", "type", "--delay", "10", text])
        self.press("Return")

    def press(self, key: str) -> None:
        """Press a key, named as X names it."""
        self._on_screen(["xdotool", "key", key])

    def picture(self) -> bytes:
        """Return the screen as a PNG; nothing before there is a screen."""
        argv = ["maim", "--hidecursor", PICTURE]
        taken = self._machine.run(argv, env={"DISPLAY": self._display}, check=False)
        return self._machine.read_bytes(PICTURE) if taken.returncode == 0 else b""

    def is_locked(self) -> bool:
        """Say whether the locker still runs.

        Raises:
            AssertionError: it ended in another way than by unlocking.
        """
        properties = ["--property=ActiveState", "--property=Result", "--value"]
        state = self._machine.run(["systemctl", "show", *properties, self.unit]).stdout.split()
        assert "success" in state, f"the locker failed: {state}"
        return "active" in state

    def is_unlocked(self) -> bool:
        """Say whether the locker has ended by unlocking."""
        return not self.is_locked()

    def _start(self, unit: str, command: Sequence[str]) -> None:
        variables = {**self._env, "DISPLAY": self._display}
        options = [f"--setenv={name}={value}" for name, value in variables.items()]
        user = f"--uid={self._account.name}"
        self._machine.run(["systemd-run", "--quiet", f"--unit={unit}", user, *options, *command])

    def _on_screen(self, argv: list[str]) -> None:
        self._machine.run(argv, env={"DISPLAY": self._display})
