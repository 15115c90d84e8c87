# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A view that is drawn again and again until somebody has seen enough."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console, RenderableType
from rich.live import Live

_QUIT = b"qQ\x03\x04"  # q, Ctrl-C, Ctrl-D


def is_screen() -> bool:
    """Tell whether what we print goes to a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in {"", "dumb"}


def watch_on_screen(draw: Callable[[], RenderableType], seconds: float) -> None:
    """Draw on a screen of its own every so many seconds, until q or Ctrl-C; then restore it all."""
    console = Console(highlight=False, emoji=False, markup=False)
    live = Live(draw(), console=console, auto_refresh=False, screen=True)
    with suppress(KeyboardInterrupt), _keys() as pressed, live:
        while not pressed(seconds):
            live.update(draw(), refresh=True)


def watch_as_text(show: Callable[[], None], seconds: float) -> None:
    """Print again every so many seconds, until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while True:
            show()
            sys.stdout.flush()
            time.sleep(seconds)


@contextmanager
def _keys() -> Iterator[Callable[[float], bool]]:
    """Yield what waits for a key and tells whether it was one that quits."""
    if not sys.stdin.isatty():

        def sleep(seconds: float) -> bool:
            time.sleep(seconds)
            return False

        yield sleep
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def pressed(seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([terminal], [], [], left)[0]:
                keys = os.read(terminal, 64)
                # Nothing to read is a terminal that is gone.
                if not keys or any(key in _QUIT for key in keys):
                    return True
        return False

    try:
        tty.setcbreak(terminal)
        yield pressed
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
