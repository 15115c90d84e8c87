# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""LightDM and its GTK greeter on a virtual screen, with a keyboard and a camera."""

from collections.abc import Mapping
from typing import Final

from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

DISPLAY: Final = ":0"
AUTHORITY: Final = f"/var/run/lightdm/root/{DISPLAY}"
SERVER: Final = "/usr/local/bin/virtual-screen"

# LightDM adds arguments that only a server with real hardware takes.
SERVER_SCRIPT: Final = """#!/bin/sh
display=:0 authority=/dev/null
while [ $# -gt 0 ]; do
    case $1 in
        :*) display=$1 ;;
        -auth) authority=$2; shift ;;
    esac
    shift
done
exec Xvfb "$display" -auth "$authority" -screen 0 1024x768x24 -nolisten tcp -noreset
"""

# In a container memory cannot be locked, and there is no graphical seat or virtual terminal.
LIGHTDM: Final = f"""[LightDM]
lock-memory=false
logind-check-graphical=false
minimum-vt=0

[Seat:*]
xserver-command={SERVER}
greeter-session=lightdm-gtk-greeter
greeter-hide-users=true
user-session=openbox
"""

PICTURE: Final = "/run/screenshot"
# The frame around a field that has the focus, in the theme's blue. A greeter takes no keys while
# PAM is at work, and tells so by its looks only.
FOCUS: Final = bytes.fromhex("e48435")  # a BMP has blue first


class Desktop:
    """A display manager that waits for a user name, and the session behind it."""

    def __init__(self, machine: Machine) -> None:
        """Start LightDM and wait until its greeter asks for a user."""
        self._machine = machine
        machine.write_text(SERVER, SERVER_SCRIPT, mode=0o755)
        machine.write_text("/etc/lightdm/lightdm.conf", LIGHTDM)
        # A blinking cursor would pass for the greeter's reaction to a key.
        machine.write_text("/etc/gtk-3.0/settings.ini", "[Settings]\ngtk-cursor-blink=false\n")
        self.log_out()

    def answer(self, text: str) -> None:
        """Type a text into the field that has the focus, and press Enter."""
        wait_until(self._takes_keys, 20, "a field of the greeter takes keys")
        self._on_screen(["xdotool", "type", "--delay", "10", text])
        typed = self.screenshot()
        self.press("Return")
        # Else the next answer could still find the focus of this one, and go nowhere.
        wait_until(lambda: self.screenshot() != typed, 20, "the greeter takes the answer")

    def wait_for_prompt(self) -> bytes:
        """Wait until the greeter asks for something, and return a PNG of it."""
        wait_until(self._takes_keys, 20, "a field of the greeter takes keys")
        return self.screenshot()

    def type(self, text: str) -> None:
        """Type a text and press Enter, whatever is on the screen: a locker shows no field."""
        self._on_screen(["xdotool", "type", "--delay", "10", text])
        self.press("Return")

    def press(self, key: str) -> None:
        """Press a key, named as X names it."""
        self._on_screen(["xdotool", "key", key])

    def screenshot(self) -> bytes:
        """Return the screen as a PNG."""
        return self._picture("png")

    def is_in_session(self, user: str) -> bool:
        """Say whether a user's own session is on the screen."""
        owned = self._machine.run(["pgrep", "--exact", "--uid", user, "openbox"], check=False)
        return owned.returncode == 0

    def log_out(self) -> None:
        """End any session and wait for the greeter."""
        self._machine.run(["systemctl", "restart", "lightdm"])
        wait_until(self._takes_keys, 30, "the greeter asks for a user")

    def environment(self) -> Mapping[str, str]:
        """Return what a program of root's needs to use the screen."""
        return {"DISPLAY": DISPLAY, "XAUTHORITY": AUTHORITY}

    def _takes_keys(self) -> bool:
        return FOCUS in self._picture("bmp")

    def _picture(self, form: str) -> bytes:
        """Return the screen in a format of maim's; nothing before there is a screen."""
        argv = ["maim", "--hidecursor", f"--format={form}", PICTURE]
        taken = self._machine.run(argv, env=self.environment(), check=False)
        return self._machine.read_bytes(PICTURE) if taken.returncode == 0 else b""

    def _on_screen(self, argv: list[str]) -> None:
        self._machine.run(argv, env=self.environment())
